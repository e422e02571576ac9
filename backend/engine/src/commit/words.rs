//! The words of an instruction: quotes, escapes and variables as a Dockerfile has them.

/// Splits text into words; quotes join, a backslash escapes, `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`
/// are replaced outside of single quotes.
pub(super) fn words(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(at) = rest.next() {
        match at {
            ' ' | '\t' if quote.is_none() => words.extend(word.take()),
            '\'' | '"' if quote.is_none() => {
                quote = Some(at);
                word.get_or_insert_default();
            }
            at if quote == Some(at) => quote = None,
            '\\' if quote != Some('\'') => {
                let escaped = match rest.peek() {
                    // In double quotes it escapes only what has a meaning there.
                    Some(next) if quote.is_none() || matches!(next, '"' | '$' | '\\') => rest.next(),
                    _ => None,
                };
                word.get_or_insert_default().push(escaped.unwrap_or('\\'));
            }
            '$' if quote != Some('\'') => {
                let value = variable(&mut rest, lookup)?;
                word.get_or_insert_default().push_str(&value);
            }
            at => word.get_or_insert_default().push(at),
        }
    }
    match quote {
        Some(quote) => Err(format!("{text:?}: the quote {quote} is not closed")),
        None => {
            words.extend(word);
            Ok(words)
        }
    }
}

/// What stands for the variable whose `$` was just read.
fn variable(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut name = String::new();
    if rest.next_if_eq(&'{').is_none() {
        while let Some(next) = rest.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
            name.push(next);
        }
        return Ok(if name.is_empty() { "$".into() } else { lookup(&name).unwrap_or_default() });
    }
    let mut inside = String::new();
    loop {
        match rest.next() {
            Some('}') => break,
            Some(next) => inside.push(next),
            None => return Err(format!("${{{inside}: the brace is not closed")),
        }
    }
    let (name, modifier) = match inside.find(':') {
        Some(colon) => (&inside[..colon], Some(&inside[colon + 1..])),
        None => (&inside[..], None),
    };
    let value = lookup(name).filter(|value| modifier.is_none() || !value.is_empty());
    match modifier.map(|modifier| modifier.split_at_checked(1).unwrap_or((modifier, ""))) {
        None => Ok(value.unwrap_or_default()),
        Some(("-", word)) => Ok(value.unwrap_or_else(|| word.to_owned())),
        Some(("+", word)) => Ok(value.map(|_| word.to_owned()).unwrap_or_default()),
        Some(_) => Err(format!("${{{inside}}}: expected ${{NAME}}, ${{NAME:-word}} or ${{NAME:+word}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_escapes_and_variables() {
        let lookup = |name: &str| match name {
            "PATH" => Some("/bin".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let cases: [(&str, &[&str]); 9] = [
            ("a  b\tc", &["a", "b", "c"]),
            (r#"A="b c" D='e f'"#, &["A=b c", "D=e f"]),
            (r"a\ b", &["a b"]),
            (r#""a\"b\c""#, &[r#"a"b\c"#]),
            ("P=$PATH:/x", &["P=/bin:/x"]),
            ("'$PATH'", &["$PATH"]),
            ("${NONE:-d} ${EMPTY:-e} ${PATH:+f}", &["d", "e", "f"]),
            ("''", &[""]),
            ("$", &["$"]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text, &lookup).expect(text), expected, "{text}");
        }
        for wrong in ["'a", "\"a", "${a", "${a:?b}"] {
            words(wrong, &lookup).expect_err(wrong);
        }
    }
}
