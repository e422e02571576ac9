//! Dockerfiles: what they say, what is wrong with them, what building them will take from the cache.
//!
//! Everything here is pure: text in, values out; the page and the server run the same code. The language is the one of
//! dockerd 20.10's classic builder with what BuildKit added (heredocs, `--mount`, more substitutions); what the builder
//! refuses is refused in its words.
//!
//! ```
//! use strata_dockerfile::{Command, Dockerfile};
//! let file = Dockerfile::parse("FROM busybox AS base\nRUN echo \\\n  hi\n");
//! assert!(file.diagnostics.is_empty());
//! assert!(matches!(&file.instructions[0].command, Command::From(from) if from.image.text == "busybox"));
//! assert_eq!(file.instructions[1].code(), "RUN echo   hi");
//!
//! let file = Dockerfile::parse("FORM busybox\n");
//! let refusal = file.refusal("Dockerfile");
//! assert_eq!(refusal.as_deref(), Some("dockerfile parse error line 1: unknown instruction: FORM"));
//! ```

pub mod context;
mod diagnostic;
mod document;
pub mod evaluate;
pub mod expand;
pub mod forecast;
pub mod format;
pub mod ignore;
mod instruction;
pub mod key;
pub mod lint;
mod span;
mod stages;
mod syntax;

pub use diagnostic::{Diagnostic, Edit, Fix, PARSE, Severity, apply};
pub use document::{Dockerfile, LARGEST, MOST};
pub use instruction::*;
pub use span::{Lines, Span};
pub use stages::{Base, NoTarget, Stage, Stages, Use, declare};
pub use syntax::{Directive, Directives, Heredoc, Logical};
