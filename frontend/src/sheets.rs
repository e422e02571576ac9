//! The stack as it is drawn: sheets, empty rows and the line where the base image ends, top first.

use strata_api::explorer::{HistoryRow, ImageDetail, LayerCard};

use crate::instruction::Instruction;

/// A row of the stack.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A layer.
    Sheet(Box<Sheet>),
    /// A history row that made no layer.
    Hairline {
        /// What it says.
        instruction: Instruction,
    },
    /// Below are the layers of another local image.
    Base {
        /// That image's name.
        name: String,
    },
}

/// A layer in the stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// What is known of it.
    pub card: LayerCard,
    /// The line that made it.
    pub instruction: Instruction,
    /// RFC 3339 time of the line.
    pub created: Option<String>,
    /// A note beside the line.
    pub comment: String,
    /// Whether it belongs to the base image.
    pub base: bool,
}

/// The rows of an image's stack, top first.
pub fn rows(detail: &ImageDetail) -> Vec<Row> {
    let below = detail.base.as_ref().map_or(0, |base| base.layers);
    let mut rows = Vec::with_capacity(detail.rows.len() + 1);
    let mut layers = 0;
    for (at, row) in detail.rows.iter().enumerate() {
        match &row.layer {
            Some(card) => {
                layers += 1;
                rows.push(Row::Sheet(Box::new(sheet(row, card, card.position < below))));
            }
            None => rows.push(Row::Hairline { instruction: Instruction::read(&row.created_by) }),
        }
        if below > 0 && layers == below && is_boundary(&detail.rows[at + 1..]) {
            let name = detail.base.as_ref().map_or_else(String::new, |base| base.name.clone());
            rows.push(Row::Base { name });
            layers = usize::MAX / 2;
        }
    }
    rows.reverse();
    rows
}

/// Empty rows right above the base's last layer are the base's own as long as they only set what it starts with:
/// the line is drawn before the next layer, or before the first row that an image on top would write first.
fn is_boundary(above: &[HistoryRow]) -> bool {
    match above.first() {
        None => true,
        Some(next) if next.layer.is_some() => true,
        Some(next) => !matches!(Instruction::read(&next.created_by).keyword.as_str(), "CMD" | "ENTRYPOINT"),
    }
}

fn sheet(row: &HistoryRow, card: &LayerCard, base: bool) -> Sheet {
    Sheet {
        card: card.clone(),
        instruction: Instruction::read(&row.created_by),
        created: row.created.clone(),
        comment: row.comment.clone(),
        base,
    }
}

/// The instruction of every layer, by position; layers that no row names have an empty one.
pub fn instructions(detail: &ImageDetail) -> Vec<Instruction> {
    let mut all = vec![Instruction::default(); detail.card.layers.len()];
    for row in &detail.rows {
        if let Some(slot) = row.layer.as_ref().and_then(|layer| all.get_mut(layer.position)) {
            *slot = Instruction::read(&row.created_by);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use strata_api::explorer::{Base, ImageCard};
    use strata_oci::{DiffId, Digest, ImageId, Platform};

    use super::*;

    fn detail(lines: &[(&str, bool)], base: Option<usize>) -> ImageDetail {
        let mut position = 0;
        let rows = lines.iter().map(|(line, makes)| {
            let layer = makes.then(|| {
                position += 1;
                LayerCard {
                    position: position - 1,
                    diff_id: DiffId(Digest::of(line.as_bytes())),
                    digest: None,
                    media_type: String::new(),
                    stored: 0,
                    unpacked: 0,
                    entries: 0,
                    shared_with: Vec::new(),
                }
            });
            HistoryRow { created: None, created_by: (*line).into(), comment: String::new(), layer }
        });
        let rows: Vec<_> = rows.collect();
        let layers = rows.iter().filter_map(|row| Some(row.layer.as_ref()?.diff_id.clone())).collect();
        ImageDetail {
            card: ImageCard {
                id: ImageId(Digest::of(b"")),
                names: Vec::new(),
                created: None,
                platform: Platform::new("linux", "amd64", None),
                unpacked: 0,
                stored: 0,
                layers,
            },
            repo_digests: Vec::new(),
            rows,
            base: base.map(|layers| Base { name: "base".into(), layers }),
            config: Default::default(),
        }
    }

    fn drawn(lines: &[(&str, bool)], base: Option<usize>) -> Vec<String> {
        let show = |row: Row| match row {
            Row::Sheet(sheet) => format!("{}{}", sheet.card.position, if sheet.base { "b" } else { "" }),
            Row::Hairline { instruction } => instruction.keyword,
            Row::Base { name } => format!("-{name}-"),
        };
        rows(&detail(lines, base)).into_iter().map(show).collect()
    }

    #[test]
    fn the_top_comes_first() {
        assert_eq!(drawn(&[("ADD a /", true), ("CMD sh", false), ("RUN b", true)], None), ["1", "CMD", "0"]);
    }

    #[test]
    fn the_line_is_above_the_bases_own_rows() {
        let lines = [("ADD a /", true), ("CMD sh", false), ("LABEL a=b", false), ("RUN b", true)];
        assert_eq!(drawn(&lines, Some(1)), ["1", "LABEL", "-base-", "CMD", "0b"]);
        assert_eq!(drawn(&[("ADD a /", true), ("RUN b", true)], Some(1)), ["1", "-base-", "0b"]);
        assert_eq!(drawn(&[("ADD a /", true), ("CMD c", false)], Some(1)), ["-base-", "CMD", "0b"]);
    }

    #[test]
    fn every_layer_has_an_instruction() {
        let all = instructions(&detail(&[("ADD a /", true), ("CMD sh", false), ("RUN b", true)], None));
        assert_eq!(all.iter().map(|i| i.keyword.as_str()).collect::<Vec<_>>(), ["ADD", "RUN"]);
    }
}
