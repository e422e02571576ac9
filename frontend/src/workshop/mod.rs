//! The workshop without a browser: what a Dockerfile's words and lines are, what a context sends, how a build goes, what
//! changed between builds, where a stage stands in the graph.

pub mod ansi;
pub mod building;
pub mod changes;
pub mod complete;
pub mod context;
pub mod foresight;
pub mod graph;
pub mod hover;
pub mod lines;
pub mod manual;
pub mod paint;
pub mod problems;
pub mod share;
pub mod step_tree;
pub mod surgery;
pub mod tar;
