//! Two versions of a text as one list of lines: kept, removed, added.
//!
//! Myers' greedy algorithm (E. Myers, "An O(ND) difference algorithm and its variations", 1986), after what both
//! versions begin and end with was set aside.

/// Differences beyond this many are not looked for: the middle is then removed and added whole.
const MOST: usize = 1500;
/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is in both versions.
    Kept,
    /// Only the older one has it.
    Removed,
    /// Only the newer one has it.
    Added,
}

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line<'a> {
    /// What became of it.
    pub fate: Fate,
    /// Its number in the older version, from 1; where it would stand if it isn't there.
    pub old: usize,
    /// Its number in the newer version, likewise.
    pub new: usize,
    /// The line, without its end.
    pub text: &'a [u8],
}

/// Lines that stand together: a change and some lines around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk<'a> {
    /// The lines.
    pub lines: Vec<Line<'a>>,
}

/// How two versions differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff<'a> {
    /// The changed places, in order; none if the versions are equal line by line.
    pub hunks: Vec<Hunk<'a>>,
    /// Lines that only the newer version has.
    pub added: usize,
    /// Lines that only the older version has.
    pub removed: usize,
}

/// Compares two texts line by line.
pub fn compare<'a>(old: &'a [u8], new: &'a [u8]) -> Diff<'a> {
    let (a, b) = (lines(old), lines(new));
    let all = merge(&a, &b);
    let count = |fate| all.iter().filter(|line| line.fate == fate).count();
    Diff { added: count(Fate::Added), removed: count(Fate::Removed), hunks: hunks(all) }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
}

fn merge<'a>(a: &[&'a [u8]], b: &[&'a [u8]]) -> Vec<Line<'a>> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let fates = fates(&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let kept = |count| std::iter::repeat_n(Fate::Kept, count);
    let (mut i, mut j) = (0, 0);
    kept(head)
        .chain(fates)
        .chain(kept(tail))
        .map(|fate| {
            let (old, new) = (i + 1, j + 1);
            let text = if fate == Fate::Added { b[j] } else { a[i] };
            i += usize::from(fate != Fate::Added);
            j += usize::from(fate != Fate::Removed);
            Line { fate, old, new, text }
        })
        .collect()
}

/// The shortest script that turns `a` into `b`.
fn fates(a: &[&[u8]], b: &[&[u8]]) -> Vec<Fate> {
    let coarse = || {
        let removed = std::iter::repeat_n(Fate::Removed, a.len());
        removed.chain(std::iter::repeat_n(Fate::Added, b.len())).collect()
    };
    if a.is_empty() || b.is_empty() {
        return coarse();
    }
    let most = (a.len() + b.len()).min(MOST);
    // ends[k]: the furthest x on diagonal k = x - y; `seen` keeps it as it was before each round.
    let offset = most + 1;
    let mut ends = vec![0usize; 2 * offset + 1];
    let mut seen = Vec::new();
    for d in 0..=most {
        seen.push(ends[offset - d..=offset + d].to_vec());
        for k in (-(d as isize)..=d as isize).step_by(2) {
            let at = offset.wrapping_add_signed(k);
            let down = k == -(d as isize) || k != d as isize && ends[at - 1] < ends[at + 1];
            let mut x = if down { ends[at + 1] } else { ends[at - 1] + 1 };
            let mut y = x.wrapping_add_signed(-k);
            while x < a.len() && y < b.len() && a[x] == b[y] {
                x += 1;
                y += 1;
            }
            ends[at] = x;
            if x >= a.len() && y >= b.len() {
                return trace(&seen, a.len(), b.len());
            }
        }
    }
    coarse()
}

/// Walks back from the end to the beginning.
fn trace(seen: &[Vec<usize>], mut x: usize, mut y: usize) -> Vec<Fate> {
    let mut script = Vec::with_capacity(x + y);
    for (d, before) in seen.iter().enumerate().rev() {
        let k = x as isize - y as isize;
        // `before` has diagonals -d..=d, of which the outermost were not reached yet.
        let end = |k: isize| before[(k + d as isize) as usize];
        let down = k == -(d as isize) || k != d as isize && end(k - 1) < end(k + 1);
        let (from_x, from_k) = match (d, down) {
            (0, _) => (0, 0),
            (_, true) => (end(k + 1), k + 1),
            (_, false) => (end(k - 1), k - 1),
        };
        let from_y = (from_x as isize - from_k) as usize;
        let start = if d == 0 { 0 } else { from_x + usize::from(!down) };
        script.extend(std::iter::repeat_n(Fate::Kept, x - start));
        if d > 0 {
            script.push(if down { Fate::Added } else { Fate::Removed });
        }
        (x, y) = (from_x, from_y);
    }
    script.reverse();
    script
}

fn hunks(all: Vec<Line<'_>>) -> Vec<Hunk<'_>> {
    let mut near = vec![false; all.len()];
    for at in (0..all.len()).filter(|at| all[*at].fate != Fate::Kept) {
        let end = (at + CONTEXT + 1).min(all.len());
        near[at.saturating_sub(CONTEXT)..end].fill(true);
    }
    let mut hunks: Vec<Hunk<'_>> = Vec::new();
    let mut open = false;
    for (line, near) in all.into_iter().zip(near) {
        if near && !open {
            hunks.push(Hunk { lines: Vec::new() });
        }
        open = near;
        if let (true, Some(hunk)) = (near, hunks.last_mut()) {
            hunk.lines.push(line);
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        let diff = compare(old.as_bytes(), new.as_bytes());
        let line = |line: &Line<'_>| {
            let sign = match line.fate {
                Fate::Kept => ' ',
                Fate::Removed => '-',
                Fate::Added => '+',
            };
            format!("{sign}{}", String::from_utf8_lossy(line.text))
        };
        let hunk = |hunk: &Hunk<'_>| hunk.lines.iter().map(line).collect::<Vec<_>>().join("|");
        diff.hunks.iter().map(hunk).collect::<Vec<_>>().join("@")
    }

    #[test]
    fn shows_what_changed_and_what_is_around() {
        let cases = [
            ("a\nb\n", "a\nb\n", ""),
            ("", "a\nb\n", "+a|+b"),
            ("a\nb\n", "", "-a|-b"),
            ("a\nb\nc\n", "a\nx\nc\n", " a|-b|+x| c"),
            ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n7\n", " 4| 5| 6|+7"),
            ("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n", "-a|+A| 1| 2| 3@ 5| 6| 7|-b|+B"),
            ("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", "-a|-b| c|+b| a| b|-b| a|+c"),
        ];
        for (old, new, script) in cases {
            assert_eq!(shown(old, new), script, "{old:?} → {new:?}");
        }
    }

    #[test]
    fn numbers_are_those_of_each_version() {
        let diff = compare(b"a\nb\nc\n", b"b\nc\nd\n");
        let numbers: Vec<_> = diff.hunks[0].lines.iter().map(|l| (l.fate, l.old, l.new)).collect();
        assert_eq!(
            numbers,
            [(Fate::Removed, 1, 1), (Fate::Kept, 2, 1), (Fate::Kept, 3, 2), (Fate::Added, 4, 3)]
        );
        assert_eq!((diff.added, diff.removed), (1, 1));
    }

    /// Applies a script, and counts against a quadratic table.
    #[test]
    fn scripts_turn_one_into_the_other_and_are_shortest() {
        let mut seed = 7u32;
        let mut next = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % most
        };
        for _ in 0..400 {
            let mut text = || {
                let length = next(12);
                (0..length).map(|_| [b"a", b"b", b"c"][next(3) as usize].as_slice()).collect::<Vec<_>>()
            };
            let (a, b) = (text(), text());
            let lines = merge(&a, &b);
            let side =
                |without| lines.iter().filter(|l| l.fate != without).map(|l| l.text).collect::<Vec<_>>();
            assert_eq!(side(Fate::Added), a);
            assert_eq!(side(Fate::Removed), b);
            let mut common = vec![vec![0; b.len() + 1]; a.len() + 1];
            for (i, x) in a.iter().enumerate() {
                for (j, y) in b.iter().enumerate() {
                    common[i + 1][j + 1] =
                        if x == y { common[i][j] + 1 } else { common[i][j + 1].max(common[i + 1][j]) };
                }
            }
            let kept = lines.iter().filter(|l| l.fate == Fate::Kept).count();
            assert_eq!(kept, common[a.len()][b.len()], "{a:?} {b:?}");
        }
    }

    #[test]
    fn what_differs_too_much_is_replaced_whole() {
        let text = |from: usize| (from..from + 2000).map(|n| format!("{n}\n")).collect::<String>();
        let (old, new) = (text(0), text(5000));
        let diff = compare(old.as_bytes(), new.as_bytes());
        assert_eq!((diff.added, diff.removed, diff.hunks.len()), (2000, 2000, 1));
    }
}
