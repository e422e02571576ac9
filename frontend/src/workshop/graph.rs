//! The stage graph as a drawing: boxes in columns, what comes first at the left, and curves between them.
//!
//! A stage stands one column right of the rightmost stage that it needs; images from outside stand before all. Within a
//! column boxes are in the order of the file. Numbers are the units of an SVG's `viewBox`.

use strata_dockerfile::{Base, Dockerfile, Stages};

/// Width of a box.
pub const WIDTH: f64 = 168.0;
/// Height of a box.
pub const HEIGHT: f64 = 44.0;
const GAP_X: f64 = 56.0;
const GAP_Y: f64 = 16.0;
const MARGIN: f64 = 8.0;
/// Between edges that go below all boxes.
const LANE: f64 = 12.0;

/// A stage, or an image from outside, as the drawing needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name as the file has it, or the image's.
    pub name: String,
    /// The stage's place in the file, from 0; `None` for an image from outside.
    pub stage: Option<usize>,
    /// First line of the stage.
    pub line: usize,
    /// How many steps it has.
    pub steps: usize,
    /// Whether the target needs it.
    pub needed: bool,
    /// Whether it is the target.
    pub target: bool,
}

/// What a stage takes from another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// It begins with it (`FROM`).
    Base,
    /// It takes files from it (`COPY --from`, `RUN --mount=from=`).
    Files,
}

/// An arrow between two nodes, by their places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// Where something is taken from.
    pub from: usize,
    /// Who takes it.
    pub to: usize,
    /// What.
    pub link: Link,
}

/// Where things are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// The size of everything.
    pub size: (f64, f64),
    /// The top left corner of each node's box.
    pub boxes: Vec<(f64, f64)>,
    /// The path of each edge, as an SVG's `d`.
    pub paths: Vec<String>,
}

/// The graph of a file whose build stops at the stage numbered `target`.
pub fn graph(file: &Dockerfile, stages: &Stages, target: usize) -> (Vec<Node>, Vec<Edge>) {
    let needed = stages.needed(target);
    let mut nodes: Vec<Node> = stages
        .stages
        .iter()
        .enumerate()
        .map(|(at, stage)| Node {
            name: stage.name.clone().unwrap_or_default(),
            stage: Some(at),
            line: file.instructions.get(stage.instructions.start).map_or(1, |from| from.lines.0 as usize),
            steps: stage.instructions.len(),
            needed: needed.get(at).copied().unwrap_or(false),
            target: at == target,
        })
        .collect();
    let mut edges: Vec<Edge> = Vec::new();
    let mut link = |nodes: &mut Vec<Node>, to: usize, base: &Base, link: Link, needed: bool| {
        let from = match base {
            Base::Stage(stage) => *stage,
            Base::Image(name) => {
                let known = nodes.iter().position(|node| node.stage.is_none() && node.name == *name);
                let at = known.unwrap_or_else(|| {
                    let line = nodes[to].line;
                    nodes.push(Node {
                        name: name.clone(),
                        stage: None,
                        line,
                        steps: 0,
                        needed: false,
                        target: false,
                    });
                    nodes.len() - 1
                });
                nodes[at].needed |= needed;
                at
            }
            Base::Scratch | Base::Unknown(_) => return,
        };
        let edge = Edge { from, to, link };
        if !edges.contains(&edge) {
            edges.push(edge);
        }
    };
    for (at, stage) in stages.stages.iter().enumerate() {
        let needed = needed.get(at).copied().unwrap_or(false);
        link(&mut nodes, at, &stage.base, Link::Base, needed);
        for used in &stage.uses {
            link(&mut nodes, at, &used.from, Link::Files, needed);
        }
    }
    (nodes, edges)
}

/// Draws a graph. Edges from a node to itself or to one that stands before it in a circle can't come from a Dockerfile that
/// builds; they are drawn too, and don't move anything.
pub fn draw(nodes: &[Node], edges: &[Edge]) -> Drawing {
    let columns = columns(nodes.len(), edges);
    let mut rows = vec![0usize; nodes.len()];
    let mut filled: Vec<usize> = vec![0; columns.iter().max().map_or(0, |last| last + 1)];
    for (at, column) in columns.iter().enumerate() {
        rows[at] = filled[*column];
        filled[*column] += 1;
    }
    let tallest = filled.iter().copied().max().unwrap_or(0);
    let height = |count: usize| count as f64 * (HEIGHT + GAP_Y) - GAP_Y;
    let boxes: Vec<(f64, f64)> = (0..nodes.len())
        .map(|at| {
            // A short column stands in the middle of a tall one.
            let lead = (height(tallest) - height(filled[columns[at]])) / 2.0;
            let x = MARGIN + columns[at] as f64 * (WIDTH + GAP_X);
            (x, MARGIN + lead + rows[at] as f64 * (HEIGHT + GAP_Y))
        })
        .collect();
    let floor = MARGIN + height(tallest);
    let mut below = 0;
    let paths = edges
        .iter()
        .map(|edge| {
            let ((x0, y0), (x1, y1)) = (boxes[edge.from], boxes[edge.to]);
            let (x0, y0, y1) = (x0 + WIDTH, y0 + HEIGHT / 2.0, y1 + HEIGHT / 2.0);
            if is_hidden((x0, y0), (x1, y1), &boxes) {
                below += 1;
                let (bend, lane) = (GAP_X / 2.0, floor + LANE * f64::from(below));
                let (down, up) = (x0 + GAP_X, x1 - GAP_X);
                return format!(
                    "M{x0:.0} {y0:.0}C{:.0} {y0:.0} {:.0} {lane:.0} {down:.0} {lane:.0}H{up:.0}C{:.0} {lane:.0} {:.0} {y1:.0} {x1:.0} {y1:.0}",
                    x0 + bend,
                    x0 + bend,
                    x1 - bend,
                    x1 - bend
                );
            }
            let bend = ((x1 - x0) / 2.0).max(24.0);
            format!("M{x0:.0} {y0:.0}C{:.0} {y0:.0} {:.0} {y1:.0} {x1:.0} {y1:.0}", x0 + bend, x1 - bend)
        })
        .collect();
    let size = if nodes.is_empty() {
        (0.0, 0.0)
    } else {
        let width = filled.len() as f64 * (WIDTH + GAP_X) - GAP_X;
        (2.0 * MARGIN + width, MARGIN + floor + LANE * f64::from(below))
    };
    Drawing { size, boxes, paths }
}

/// Whether a curve between these points would go behind a box that stands between them.
fn is_hidden((x0, y0): (f64, f64), (x1, y1): (f64, f64), boxes: &[(f64, f64)]) -> bool {
    boxes.iter().any(|(x, y)| {
        let (middle, share) = (y + HEIGHT / 2.0, (x + WIDTH / 2.0 - x0) / (x1 - x0));
        let there = x0 < *x && x + WIDTH < x1;
        there && (y0 + (y1 - y0) * share - middle).abs() < HEIGHT / 2.0 + 4.0
    })
}

/// The column of each node: one more than the longest way to it.
fn columns(count: usize, edges: &[Edge]) -> Vec<usize> {
    let mut columns = vec![0; count];
    // No way without a circle is longer than there are nodes.
    for _ in 0..count {
        let mut moved = false;
        for edge in edges.iter().filter(|edge| edge.from != edge.to) {
            let least = columns[edge.from] + 1;
            if columns[edge.to] < least && least < count {
                columns[edge.to] = least;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: usize) -> Vec<Node> {
        (0..count)
            .map(|at| Node {
                name: at.to_string(),
                stage: Some(at),
                line: 1,
                steps: 1,
                needed: true,
                target: false,
            })
            .collect()
    }

    fn edge(from: usize, to: usize) -> Edge {
        Edge { from, to, link: Link::Base }
    }

    #[test]
    fn what_is_needed_stands_left() {
        // base image → two stages → one that takes from both, and one on its own.
        let edges = [edge(0, 1), edge(0, 2), edge(1, 3), edge(2, 3), edge(1, 2)];
        assert_eq!(columns(5, &edges), [0, 1, 2, 3, 0]);
        let drawing = draw(&nodes(5), &edges);
        for edge in edges {
            assert!(drawing.boxes[edge.from].0 + WIDTH < drawing.boxes[edge.to].0);
        }
        for (at, one) in drawing.boxes.iter().enumerate() {
            assert!(one.0 + WIDTH <= drawing.size.0 && one.1 + HEIGHT <= drawing.size.1);
            for other in &drawing.boxes[at + 1..] {
                assert!((one.0 - other.0).abs() >= WIDTH || (one.1 - other.1).abs() >= HEIGHT);
            }
        }
        assert_eq!(draw(&[], &[]), Drawing::default());
    }

    #[test]
    fn stages_and_images_are_nodes() {
        let text = "FROM a AS one\nRUN x\nFROM a AS two\nCOPY --from=one x y\nCOPY --from=one z y\nFROM scratch\nCOPY --from=b x y\n";
        let file = Dockerfile::parse(text);
        let stages = Stages::of(&file, &Default::default());
        let (nodes, edges) = graph(&file, &stages, 1);
        let seen: Vec<(&str, bool)> = nodes.iter().map(|node| (node.name.as_str(), node.needed)).collect();
        assert_eq!(seen, [("one", true), ("two", true), ("", false), ("a", true), ("b", false)]);
        let edges: Vec<(usize, usize, Link)> =
            edges.iter().map(|edge| (edge.from, edge.to, edge.link)).collect();
        assert_eq!(edges, [(3, 0, Link::Base), (3, 1, Link::Base), (0, 1, Link::Files), (4, 2, Link::Files)]);
        assert_eq!(nodes[1].line, 3);
    }

    #[test]
    fn no_edge_goes_behind_a_box() {
        // One base of both stages: the longer edge would lie behind the first stage.
        let (nodes, edges) = (nodes(3), [edge(0, 1), edge(1, 2), edge(0, 2)]);
        let drawing = draw(&nodes, &edges);
        let lane = MARGIN + HEIGHT + LANE;
        assert!(!drawing.paths[0].contains('H') && !drawing.paths[1].contains('H'));
        assert!(drawing.paths[2].contains(&format!(" {lane:.0}H")), "{}", drawing.paths[2]);
        assert!(drawing.size.1 > lane);
    }

    #[test]
    fn a_circle_is_drawn_and_ends() {
        let drawing = draw(&nodes(2), &[edge(0, 1), edge(1, 0), edge(1, 1)]);
        assert_eq!((drawing.boxes.len(), drawing.paths.len()), (2, 3));
    }
}
