//! What is between instructions: empty lines, comments, the end of the file.

use crate::{Command, Dockerfile, Edit, Span};

/// Takes away blanks at the end of the line that a place is in.
pub(super) fn line_end(text: &str, at: usize, edits: &mut Vec<Edit>) {
    let end = text[at..].find('\n').map_or(text.len(), |line| at + line);
    let start = text[..end].rfind('\n').map_or(0, |line| line + 1);
    let kept = text[start..end].trim_end_matches([' ', '\t', '\r']).len();
    if start + kept < end {
        edits.push(Edit::new(Span::new(start + kept, end), ""));
    }
}

/// An instruction or a comment, with its lines: from the start of the first to behind the end of the last.
struct Item {
    span: Span,
    /// Whether a stage begins with it that isn't the first.
    stage: bool,
    comment: bool,
}

/// Shapes what is around instructions and comments.
pub(super) fn between(file: &Dockerfile, text: &str, edits: &mut Vec<Edit>) {
    let items = items(file);
    let mut before = if text.starts_with('\u{feff}') { 3 } else { 0 };
    for (at, item) in items.iter().enumerate() {
        let start = item.span.start as usize;
        if start < before {
            continue;
        }
        let gap = Span::new(before, start);
        let lines = gap.of(text).matches('\n').count();
        let first = at == 0;
        let wanted = match () {
            // An empty line before a comment keeps it from being a directive.
            () if first => usize::from(lines > 0 && item.comment),
            () if lines > 1 || opens_stage(&items, at) => 2,
            () => 1,
        };
        // A byte-order mark counts only at the very start.
        let mark = first && text[start..].starts_with('\u{feff}');
        if gap.of(text).trim().is_empty() && !mark {
            edits.push(Edit::new(gap, "\n".repeat(wanted)));
        }
        let kept = item.span.of(text).trim_end_matches([' ', '\t', '\r']);
        before = start + kept.len();
        // Behind an escape a carriage return and blanks keep it from continuing the line.
        if !item.comment && kept.ends_with(file.directives.escape()) {
            before = text[before..].find('\n').map_or(text.len(), |line| before + line);
        }
    }
    let rest = Span::new(before.min(text.len()), text.len());
    // A heredoc without its end has everything up to the end.
    let open = file.instructions.last().is_some_and(|last| matches!(last.command, Command::Invalid));
    if rest.of(text).trim().is_empty() && !items.is_empty() && !open {
        edits.push(Edit::new(rest, "\n"));
    }
}

/// Whether a stage begins here, or comments that belong to one.
fn opens_stage(items: &[Item], at: usize) -> bool {
    let comments = items[at..].iter().take_while(|item| item.comment).count();
    let before_is_comment = at.checked_sub(1).is_some_and(|before| items[before].comment);
    items.get(at + comments).is_some_and(|item| item.stage) && !before_is_comment
}

fn items(file: &Dockerfile) -> Vec<Item> {
    let mut seen = false;
    let instructions = file.instructions.iter().map(|instruction| {
        let is_from = matches!(instruction.command, Command::From(_));
        let stage = is_from && seen;
        seen |= is_from;
        let end = instruction.heredocs.last().map_or(instruction.span.end, |last| last.terminator.end);
        Item { span: Span { start: instruction.span.start, end }, stage, comment: false }
    });
    let comments = file.comments.iter().map(|span| Item { span: *span, stage: false, comment: true });
    let mut items: Vec<Item> = instructions.chain(comments).collect();
    items.sort_by_key(|item| item.span);
    items
}
