//! What a step changed, as a tree: directories that lead to changes, folded or open.

use std::collections::BTreeSet;

/// What a step did to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Did {
    /// `A`, `M` or `D`.
    pub sign: char,
    /// The path, without a slash at either end.
    pub path: Vec<u8>,
    /// Bytes of what is there now, or was.
    pub bytes: u64,
}

/// A line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How many directories are above it.
    pub depth: usize,
    /// The whole path.
    pub path: Vec<u8>,
    /// Where in the path its own name begins.
    pub name_at: usize,
    /// What was done to it; nothing for a directory that only leads to changes.
    pub did: Option<(char, u64)>,
    /// How many changes are below it; 0 for what can't be folded.
    pub below: usize,
    /// Whether those are shown.
    pub open: bool,
}

impl Line {
    /// Its own name.
    pub fn name(&self) -> &[u8] {
        &self.path[self.name_at..]
    }
}

/// Puts changes into the order of a tree: what is in a directory follows it at once.
pub fn sort(all: &mut [Did]) {
    all.sort_by(|a, b| a.path.split(|b| *b == b'/').cmp(b.path.split(|b| *b == b'/')));
}

/// The lines of sorted changes, of which what is below `folded` directories is left out.
pub fn lines(all: &[Did], folded: &BTreeSet<Vec<u8>>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // The lines of the directories that lead to where we are.
    let mut above: Vec<usize> = Vec::new();
    for did in all {
        while above.last().is_some_and(|last| !is_below(&did.path, &lines[*last].path)) {
            above.pop();
        }
        above.iter().for_each(|line| lines[*line].below += 1);
        let mut from = above.last().map_or(0, |last| lines[*last].path.len() + 1);
        let mut hidden = above.iter().any(|line| !lines[*line].open);
        while !hidden && let Some(slash) = did.path[from..].iter().position(|byte| *byte == b'/') {
            let path = did.path[..from + slash].to_vec();
            let open = !folded.contains(&path);
            above.push(lines.len());
            lines.push(Line { depth: above.len() - 1, path, name_at: from, did: None, below: 1, open });
            from += slash + 1;
            hidden = !open;
        }
        if !hidden {
            let open = !folded.contains(&did.path);
            let (depth, path) = (above.len(), did.path.clone());
            above.push(lines.len());
            lines.push(Line { depth, path, name_at: from, did: Some((did.sign, did.bytes)), below: 0, open });
        }
    }
    lines
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.len() > directory.len() && path.starts_with(directory) && path[directory.len()] == b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn did(list: &[(&str, char)]) -> Vec<Did> {
        let mut all: Vec<Did> = list
            .iter()
            .map(|(path, sign)| Did { sign: *sign, path: path.as_bytes().to_vec(), bytes: 1 })
            .collect();
        sort(&mut all);
        all
    }

    fn print(all: &[Did], folded: &[&str]) -> Vec<String> {
        let folded = folded.iter().map(|path| path.as_bytes().to_vec()).collect();
        let print = |line: &Line| {
            let sign = line.did.map_or(' ', |(sign, _)| sign);
            let below = if line.below > 0 { format!(" {}", line.below) } else { String::new() };
            format!("{}{sign} {}{below}", "  ".repeat(line.depth), String::from_utf8_lossy(line.name()))
        };
        lines(all, &folded).iter().map(print).collect()
    }

    #[test]
    fn directories_that_lead_to_changes_stand_between() {
        let all = did(&[
            ("etc/a.conf", 'M'),
            ("usr/lib/x/y", 'A'),
            ("etc", 'M'),
            ("usr/lib/z", 'D'),
            ("etc-old", 'A'),
        ]);
        let whole = [
            "M etc 1",
            "  M a.conf",
            "A etc-old",
            "  usr 2",
            "    lib 2",
            "      x 1",
            "      A y",
            "    D z",
        ];
        let whole: Vec<String> = whole.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(print(&all, &[]), whole);
        assert_eq!(print(&all, &["usr/lib"]), [&whole[..5]].concat());
        assert_eq!(print(&all, &["etc", "usr"]), ["M etc 1", "A etc-old", "  usr 2"]);
    }

    #[test]
    fn each_change_is_counted_once_at_each_level_whatever_is_folded() {
        let all = did(&[("a/b/c", 'A'), ("a/b/d", 'A'), ("a/e", 'A')]);
        assert_eq!(print(&all, &["a"]), ["  a 3"]);
        assert_eq!(print(&all, &["a/b"]), ["  a 3", "    b 2", "  A e"]);
        assert!(print(&[], &[]).is_empty());
    }
}
