//! The three ways in which instructions split their text into words, each word with where it is.

/// A word: from and to, in the logical text.
pub(crate) type Place = (usize, usize);

/// What separates words of most instructions: blanks of the line, not Unicode's.
fn blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// Keyword and the rest (trimmed), of a logical line.
pub(crate) fn keyword(text: &str) -> (Place, Place) {
    let start = text.len() - text.trim_start().len();
    let end = start + text[start..].trim_end().len();
    let trimmed = &text[start..end];
    let word = trimmed.find(blank).unwrap_or(trimmed.len());
    let rest = trimmed[word..].trim_start_matches(blank);
    ((start, start + word), (end - rest.len(), end))
}

/// Words between blanks, from `at` to `end`, without quoting.
pub(crate) fn plain(text: &str, (at, end): Place) -> Vec<Place> {
    let mut words = Vec::new();
    let mut start = None;
    for (offset, c) in text[at..end].char_indices() {
        match (blank(c), start) {
            (false, None) => start = Some(at + offset),
            (true, Some(from)) => {
                words.push((from, at + offset));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| (from, end)));
    words
}

/// Words of ENV, LABEL and ARG: blanks in quotes or behind the escape character don't split; all of that stays in.
pub(crate) fn quoted(text: &str, (at, end): Place, escape: char) -> Vec<Place> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut chars = text[at..end].char_indices();
    while let Some((offset, c)) = chars.next() {
        if start.is_none() {
            if c.is_whitespace() {
                continue;
            }
            start = Some(at + offset);
        }
        match quote {
            None if c.is_whitespace() => {
                words.extend(start.take().map(|from| (from, at + offset)));
            }
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if c == open => quote = None,
            // Nothing can be escaped in single quotes.
            None | Some('"') if c == escape => drop(chars.next()),
            _ => {}
        }
    }
    words.extend(start.map(|from| (from, end)));
    words
}

/// A flag as written: where, and its text without quotes and escapes.
pub(crate) type RawFlag = (Place, String);

/// The `--flags` at the start of an instruction's text, and where the rest begins.
pub(crate) fn flags(text: &str, (at, end): Place, escape: char) -> (Vec<RawFlag>, Place) {
    let mut flags = Vec::new();
    let mut chars = text[at..end].char_indices().map(|(offset, c)| (at + offset, c)).peekable();
    loop {
        while chars.next_if(|(_, c)| space(*c)).is_some() {}
        let Some((start, _)) = chars.peek().copied() else { return (flags, (end, end)) };
        if !text[start..end].starts_with("--") {
            return (flags, (start, end));
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some((_, c)) = chars.next_if(|(_, c)| quote.is_some() || !space(*c)) {
            match quote {
                Some(open) if c == open => quote = None,
                None if c == '\'' || c == '"' => quote = Some(c),
                _ if c == escape => word.extend(chars.next().map(|(_, c)| c)),
                _ => word.push(c),
            }
        }
        let stop = chars.peek().map_or(end, |(offset, _)| *offset);
        if word == "--" {
            let rest = &text[stop..end];
            return (flags, (end - rest.trim_start().len(), end));
        }
        flags.push(((start, stop), word));
    }
}

/// dockerd looks at bytes here.
fn space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, places: Vec<Place>) -> Vec<&str> {
        places.into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn keyword_and_rest() {
        for (text, first, second) in [
            ("", "", ""),
            (" RUN ", "RUN", ""),
            ("RUN \t a b ", "RUN", "a b"),
            ("RUN\u{a0}x", "RUN\u{a0}x", ""),
        ] {
            let (word, rest) = keyword(text);
            assert_eq!((&text[word.0..word.1], &text[rest.0..rest.1]), (first, second));
        }
    }

    #[test]
    fn words() {
        let text = "a  'b c' d";
        assert_eq!(cut(text, plain(text, (0, text.len()))), ["a", "'b", "c'", "d"]);
        let text = r#"a=1 b="x y" c=x\ y d='\' e=""#;
        assert_eq!(
            cut(text, quoted(text, (0, text.len()), '\\')),
            ["a=1", "b=\"x y\"", "c=x\\ y", "d='\\'", "e=\""]
        );
    }

    #[test]
    fn flags_end_at_the_first_other_word() {
        let text = "--a=1  --b='x y' -- --c";
        let (found, rest) = flags(text, (0, text.len()), '\\');
        assert_eq!(found.iter().map(|(_, word)| &word[..]).collect::<Vec<_>>(), ["--a=1", "--b=x y"]);
        assert_eq!(&text[found[1].0.0..found[1].0.1], "--b='x y'");
        assert_eq!(&text[rest.0..rest.1], "--c");
        let (found, rest) = flags("x --a", (0, 5), '\\');
        assert_eq!((found.len(), rest), (0, (0, 5)));
    }
}
