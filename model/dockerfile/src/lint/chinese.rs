//! What findings say, in Chinese.
//!
//! A finding is worded where it is made, in English. `chinese.txt` has a line for each wording, English, a tab, 简体中文, with `{}` for what
//! is of the text that was looked at, in the same order in both. Who doesn't call [`in_chinese`] doesn't carry it.

static TEXT: &str = include_str!("chinese.txt");

/// A finding's message in Chinese; nothing for a wording that isn't known.
///
/// ```
/// let said = strata_dockerfile::lint::in_chinese("No earlier stage is called build");
/// assert_eq!(said.as_deref(), Some("前面没有名为 build 的阶段"));
/// ```
pub fn in_chinese(message: &str) -> Option<String> {
    TEXT.lines().filter_map(|line| line.split_once('\t')).find_map(|(english, chinese)| {
        let mut values = values(english, message)?.into_iter();
        let mut pieces = chinese.split("{}");
        let mut said = pieces.next()?.to_owned();
        for piece in pieces {
            said.push_str(values.next()?);
            said.push_str(piece);
        }
        Some(said)
    })
}

/// What stands where a wording has `{}`, if the message is of that wording.
fn values<'a>(wording: &str, message: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = wording.split("{}");
    let mut rest = message.strip_prefix(pieces.next()?)?;
    let mut values = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        // The last piece ends the message, those before it come where they come first.
        let at = match pieces.peek() {
            None => rest.strip_suffix(piece)?.len(),
            Some(_) => rest.find(piece)?,
        };
        values.push(&rest[..at]);
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wordings_have_the_same_places() {
        for line in TEXT.lines() {
            let (english, chinese) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
            assert_eq!(english.matches("{}").count(), chinese.matches("{}").count(), "{line}");
            assert!(!chinese.is_ascii(), "{line}");
            assert!(in_chinese(&english.replace("{}", "x")).is_some(), "{line}");
        }
    }

    #[test]
    fn what_is_of_the_text_is_kept() {
        for (message, said) in [
            (
                "Say which version of debian is meant, as in debian:TAG",
                "请写明 debian 的版本，例如 debian:TAG",
            ),
            ("ENV KEY can be read in the image by everybody who has it", "ENV KEY 能被拿到镜像的任何人读到"),
            (
                "-a and -o are not well defined: use two tests with && or ||",
                "-a 和 -o 的定义不明确：用 && 或 || 连接两个测试",
            ),
        ] {
            assert_eq!(in_chinese(message).as_deref(), Some(said));
        }
        assert_eq!(in_chinese("nothing that is said"), None);
    }
}
