//! The workspace as `cargo metadata` describes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::shell::cargo;

/// Crates of the workspace and what they depend on.
pub struct Graph {
    /// By name.
    pub members: BTreeMap<String, Member>,
    /// Every package's dependencies in a build, by package id; development dependencies left out.
    edges: BTreeMap<String, Vec<String>>,
    names: BTreeMap<String, String>,
}

/// A crate of the workspace.
pub struct Member {
    /// Its directory.
    pub dir: PathBuf,
    /// The workspace's crates that it is built with.
    pub uses: BTreeSet<String>,
    /// The workspace's crates that only its tests use.
    pub tests_use: BTreeSet<String>,
    /// Root files of its libraries.
    pub libraries: Vec<PathBuf>,
    id: String,
}

impl Graph {
    /// Asks cargo, for all targets; the network is not needed once the lock file's crates are there.
    pub fn read() -> Result<Self> {
        let output = cargo().args(["metadata", "--format-version", "1", "--locked"]).output()?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
        let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata's output")?;
        let packages = list(&metadata["packages"]);
        let names =
            packages.iter().map(|package| (text_of(&package["id"]), text_of(&package["name"]))).collect();
        let ours: BTreeSet<String> = list(&metadata["workspace_members"]).iter().map(text_of).collect();
        let our_names: BTreeSet<String> = packages
            .iter()
            .filter(|p| ours.contains(&text_of(&p["id"])))
            .map(|p| text_of(&p["name"]))
            .collect();
        let members = packages.iter().filter(|package| ours.contains(&text_of(&package["id"])));
        let members =
            members.map(|package| (text_of(&package["name"]), Member::read(package, &our_names))).collect();
        let edges = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| (text_of(&node["id"]), built_with(node)))
            .collect();
        Ok(Self { members, edges, names })
    }

    /// The names of all packages that `member` is built with, directly or not.
    pub fn everything_below(&self, member: &Member) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut left = vec![&member.id];
        while let Some(id) = left.pop() {
            for next in self.edges.get(id).into_iter().flatten() {
                if found.insert(next) {
                    left.push(next);
                }
            }
        }
        found.into_iter().filter_map(|id| self.names.get(id)).map(String::as_str).collect()
    }
}

impl Member {
    fn read(package: &Value, ours: &BTreeSet<String>) -> Self {
        let manifest = PathBuf::from(text_of(&package["manifest_path"]));
        let (mut uses, mut tests_use) = (BTreeSet::new(), BTreeSet::new());
        for dependency in list(&package["dependencies"]) {
            let name = text_of(&dependency["name"]);
            if ours.contains(&name) {
                if dependency["kind"] == "dev" {
                    tests_use.insert(name)
                } else {
                    uses.insert(name)
                };
            }
        }
        let is_library = |target: &&Value| list(&target["kind"]).iter().any(|kind| kind == "lib");
        let libraries = list(&package["targets"]).iter().filter(is_library);
        Self {
            dir: manifest.parent().expect("a manifest lies in a directory").into(),
            uses,
            tests_use,
            libraries: libraries.map(|target| PathBuf::from(text_of(&target["src_path"]))).collect(),
            id: text_of(&package["id"]),
        }
    }
}

/// What a node of the resolved graph is built with: normal dependencies, not those of tests and build scripts.
fn built_with(node: &Value) -> Vec<String> {
    let is_normal = |dep: &&Value| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
    list(&node["deps"]).iter().filter(is_normal).map(|dep| text_of(&dep["pkg"])).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
