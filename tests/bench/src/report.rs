//! What was measured, as a table and as JSON.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::stage;

/// All measures of a run.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    who: String,
    measure: &'static str,
    value: f64,
    unit: &'static str,
    limit: Option<f64>,
}

impl Report {
    /// Adds a measure and prints it.
    pub fn add(&mut self, what: &str, who: &str, measure: &'static str, value: f64, unit: &'static str) {
        self.push(Row { what: what.into(), who: who.into(), measure, value, unit, limit: None });
    }

    /// Adds a measure that should be at most `limit`.
    pub fn add_limited(
        &mut self,
        what: &str,
        who: &str,
        measure: &'static str,
        value: f64,
        unit: &'static str,
        limit: f64,
    ) {
        self.push(Row { what: what.into(), who: who.into(), measure, value, unit, limit: Some(limit) });
    }

    fn push(&mut self, row: Row) {
        println!("{}", row.line());
        self.rows.push(row);
    }

    /// Prints all of it once more and writes `target/bench.json`.
    pub fn finish(&self) -> Result<()> {
        println!("\n{:<34} {:<16} {:<12} {:>12}", "what", "who", "measure", "median");
        for row in &self.rows {
            println!("{}", row.line());
        }
        let path = stage::target().join("bench.json");
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        fs::create_dir_all(stage::target())?;
        fs::write(&path, serde_json::to_vec_pretty(&rows)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("\nwritten to {}", path.display());
        Ok(())
    }
}

impl Row {
    fn line(&self) -> String {
        let limit = match self.limit {
            Some(limit) if self.value > limit => format!("  over {limit}"),
            Some(limit) => format!("  within {limit}"),
            None => String::new(),
        };
        let digits = if self.unit == "s" || self.unit.is_empty() { 3 } else { 1 };
        format!(
            "{:<34} {:<16} {:<12} {:>12.digits$} {}{limit}",
            self.what, self.who, self.measure, self.value, self.unit
        )
    }

    fn json(&self) -> Value {
        json!({ "what": self.what, "who": self.who, "measure": self.measure, "value": self.value, "unit": self.unit, "limit": self.limit })
    }
}
