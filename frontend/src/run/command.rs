//! A command line as words, and back.

/// Splits as a shell does, with quotes and backslashes but without expanding anything; an error is the quote that
/// isn't closed.
pub fn split(text: &str) -> Result<Vec<String>, char> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or('\'')? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or('"')? {
                        '"' => break,
                        '\\' => match chars.next().ok_or('"')? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            '\n' => {}
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A word as a shell takes it.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_a_shell() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("  sh  ", &["sh"]),
            ("sh -c 'a  b'", &["sh", "-c", "a  b"]),
            (r#"echo "a \"b\" \n $x""#, &["echo", r#"a "b" \n $x"#]),
            (r"a\ b c", &["a b", "c"]),
            ("a''b \"\" ''", &["ab", "", ""]),
            ("it\\'s", &["it's"]),
            ("a\tb\nc", &["a", "b", "c"]),
        ];
        for (text, words) in cases {
            assert_eq!(
                split(text).as_deref(),
                Ok(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>().as_slice())
            );
        }
        assert_eq!((split("a 'b"), split("\"a\\")), (Err('\''), Err('"')));
    }

    #[test]
    fn quoted_words_come_back() {
        for word in ["", "a b", "it's", "$HOME", "plain-1.0/x", "\\", "\"", "中文"] {
            assert_eq!(split(&quote(word)), Ok(vec![word.to_owned()]));
        }
    }
}
