//! An image's history after an operation. Pure.

use strata_api::workshop::{SurgeryRow, SurgeryRowFate};
use strata_oci::HistoryEntry;

/// Rows with the layers they made, as `ImageConfig::rows` pairs them.
pub(super) type Rows = Vec<(HistoryEntry, Option<usize>)>;

/// The history of an outcome, and the same for the page, with what is gone.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rewritten {
    pub(super) history: Vec<HistoryEntry>,
    pub(super) rows: Vec<SurgeryRow>,
}

impl Rewritten {
    fn put(
        &mut self,
        entry: HistoryEntry,
        fate: SurgeryRowFate,
        layer_before: Option<usize>,
        layer_after: Option<usize>,
    ) {
        let created_by = entry.created_by.clone().unwrap_or_default();
        self.rows.push(SurgeryRow { created_by, fate, layer_before, layer_after });
        if fate != SurgeryRowFate::Removed {
            self.history.push(HistoryEntry { empty_layer: layer_after.is_none(), ..entry });
        }
    }
}

/// The layers `from` to `to` become one; none at all if nothing is left of them (`empty`).
pub(super) fn squashed(rows: Rows, from: usize, to: usize, empty: bool) -> Rewritten {
    let mut rewritten = Rewritten::default();
    let gone = to - from + usize::from(empty);
    for (entry, layer) in rows {
        let Some(layer) = layer else {
            rewritten.put(entry, SurgeryRowFate::Kept, None, None);
            continue;
        };
        match layer {
            below if below < from => rewritten.put(entry, SurgeryRowFate::Kept, Some(below), Some(below)),
            above if above > to => {
                rewritten.put(entry, SurgeryRowFate::Kept, Some(above), Some(above - gone))
            }
            within => {
                rewritten.put(entry, SurgeryRowFate::Emptied, Some(within), None);
                if within == to {
                    let count = to - from + 1;
                    let merged = HistoryEntry {
                        created_by: Some(format!("/bin/sh -c #(nop) SQUASH {count} layers")),
                        comment: Some(format!("merge of layers {} to {}", from + 1, to + 1)),
                        ..HistoryEntry::default()
                    };
                    rewritten.put(merged, SurgeryRowFate::Squashed, None, (!empty).then_some(from));
                }
            }
        }
    }
    rewritten
}

/// A layer is left out.
pub(super) fn dropped(rows: Rows, left_out: usize) -> Rewritten {
    let mut rewritten = Rewritten::default();
    for (entry, layer) in rows {
        let (fate, after) = match layer {
            Some(layer) if layer == left_out => (SurgeryRowFate::Removed, None),
            Some(layer) => (SurgeryRowFate::Kept, Some(layer - usize::from(layer > left_out))),
            None => (SurgeryRowFate::Kept, None),
        };
        rewritten.put(entry, fate, layer, after);
    }
    rewritten
}

/// The first `base_rows` rows, which made `base` layers, make way for those of another base with `new_layers`.
pub(super) fn rebased(rows: Rows, base: usize, base_rows: usize, new: Rows, new_layers: usize) -> Rewritten {
    let mut rewritten = Rewritten::default();
    for (entry, layer) in new {
        rewritten.put(entry, SurgeryRowFate::New, None, layer);
    }
    for (at, (entry, layer)) in rows.into_iter().enumerate() {
        match layer {
            Some(layer) if layer < base => rewritten.put(entry, SurgeryRowFate::Removed, Some(layer), None),
            Some(layer) => {
                rewritten.put(entry, SurgeryRowFate::Kept, Some(layer), Some(layer - base + new_layers));
            }
            None if at < base_rows => rewritten.put(entry, SurgeryRowFate::Removed, None, None),
            None => rewritten.put(entry, SurgeryRowFate::Kept, None, None),
        }
    }
    rewritten
}

/// How many rows at the start are the base's: all that its own history has, if this one begins with them; else those up
/// to its last layer.
pub(super) fn base_rows(rows: &Rows, base: usize, of_base: Option<&[HistoryEntry]>) -> usize {
    let same = |theirs: &[HistoryEntry]| {
        theirs.len() <= rows.len() && theirs.iter().zip(rows).all(|(theirs, (ours, _))| theirs == ours)
    };
    match of_base.filter(|theirs| same(theirs)) {
        Some(theirs) => theirs.len(),
        None => {
            rows.iter().rposition(|(_, layer)| layer.is_some_and(|layer| layer < base)).map_or(0, |at| at + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[(&str, Option<usize>)]) -> Rows {
        let row = |(by, layer): &(&str, Option<usize>)| {
            let empty_layer = layer.is_none();
            (HistoryEntry { created_by: Some((*by).into()), empty_layer, ..HistoryEntry::default() }, *layer)
        };
        text.iter().map(row).collect()
    }

    fn told(rewritten: &Rewritten) -> Vec<String> {
        let layers = rewritten.history.iter().filter(|row| !row.empty_layer).count();
        let of_rows = rewritten.rows.iter().filter(|row| row.layer_after.is_some()).count();
        assert_eq!(layers, of_rows, "as many rows with a layer as layers");
        let number = |layer: Option<usize>| layer.map_or("-".into(), |layer| layer.to_string());
        let tell = |row: &SurgeryRow| {
            let by = row.created_by.trim_start_matches("/bin/sh -c #(nop) ");
            format!("{by} {:?} {}>{}", row.fate, number(row.layer_before), number(row.layer_after))
        };
        rewritten.rows.iter().map(tell).collect()
    }

    const IMAGE: [(&str, Option<usize>); 5] =
        [("base", Some(0)), ("CMD", None), ("one", Some(1)), ("ENV", None), ("two", Some(2))];

    #[test]
    fn a_squash_keeps_its_rows_empty() {
        let found = squashed(rows(&IMAGE), 1, 2, false);
        assert_eq!(
            told(&found),
            [
                "base Kept 0>0",
                "CMD Kept ->-",
                "one Emptied 1>-",
                "ENV Kept ->-",
                "two Emptied 2>-",
                "SQUASH 2 layers Squashed ->1"
            ]
        );
        let found = squashed(rows(&IMAGE), 0, 1, true);
        assert_eq!(told(&found)[3], "SQUASH 2 layers Squashed ->-");
        assert_eq!(told(&found)[5], "two Kept 2>0");
    }

    #[test]
    fn a_dropped_layer_takes_its_row_with_it() {
        let found = dropped(rows(&IMAGE), 1);
        assert_eq!(
            told(&found),
            ["base Kept 0>0", "CMD Kept ->-", "one Removed 1>-", "ENV Kept ->-", "two Kept 2>1"]
        );
        assert_eq!(found.history.len(), 4);
    }

    #[test]
    fn a_rebased_image_has_the_new_bases_rows_first() {
        let old = rows(&IMAGE);
        let of_base: Vec<HistoryEntry> = old[..2].iter().map(|(row, _)| row.clone()).collect();
        assert_eq!(base_rows(&old, 1, Some(&of_base)), 2);
        assert_eq!(base_rows(&old, 1, None), 1);
        assert_eq!(base_rows(&old, 1, Some(&[HistoryEntry::default()])), 1);
        let found = rebased(old, 1, 2, rows(&[("new", Some(0)), ("more", Some(1))]), 2);
        assert_eq!(
            told(&found),
            [
                "new New ->0",
                "more New ->1",
                "base Removed 0>-",
                "CMD Removed ->-",
                "one Kept 1>2",
                "ENV Kept ->-",
                "two Kept 2>3"
            ]
        );
    }
}
