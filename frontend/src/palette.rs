//! How the command palette ranks what it finds.

/// How well `query` finds `text`: `None` not at all, else higher is better.
///
/// Every word of the query must be in the text, in any order; the beginning of a word counts more than its middle. A
/// query that is no part of the text may still be its initials in order (`dl` finds `demo:latest`), for less.
pub fn rank(query: &str, text: &str) -> Option<u32> {
    let text = text.to_lowercase();
    let mut sum = 0;
    for word in query.to_lowercase().split_whitespace() {
        sum += one(word, &text)?;
    }
    Some(sum)
}

fn one(word: &str, text: &str) -> Option<u32> {
    if let Some(at) = text.find(word) {
        let starts = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        return Some(match (at, starts) {
            (0, _) => 100,
            (_, true) => 80,
            _ => 50,
        });
    }
    let mut rest = text.chars();
    word.chars().all(|wanted| rest.any(|c| c == wanted)).then_some(10)
}

/// The items that `query` finds, best first, equal ones as they came.
pub fn find<'a, T>(query: &str, items: &'a [T], text: impl Fn(&T) -> &str) -> Vec<&'a T> {
    let mut found: Vec<(u32, &T)> =
        items.iter().filter_map(|item| Some((rank(query, text(item))?, item))).collect();
    found.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    found.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_come_first() {
        let items = ["old-demo", "demo:latest", "Demolish", "unrelated", "d-e-m-o"];
        assert_eq!(find("demo", &items, |i| i), [&items[1], &items[2], &items[0], &items[4]]);
        assert_eq!(find("", &items, |i| i).len(), 5);
        assert_eq!(find("latest demo", &items, |i| i), [&items[1]]);
    }
}
