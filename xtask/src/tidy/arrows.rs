//! Which crate may use which.

use super::Graph;

/// Every crate of the workspace with those that it may be built with. Lower rooms first; arrows go up only.
const ARROWS: [(&str, &[&str]); 22] = [
    ("strata-oci", &[]),
    ("strata-layer", &["strata-oci"]),
    ("strata-dockerfile", &["strata-oci"]),
    ("strata-api", &["strata-oci", "strata-layer", "strata-dockerfile"]),
    ("strata-registry", &["strata-oci"]),
    ("strata-blobs", &["strata-oci"]),
    ("strata-catalog", &["strata-oci"]),
    ("strata-layers", &["strata-oci", "strata-layer", "strata-blobs"]),
    ("strata-snapshots", &["strata-oci", "strata-layer", "strata-layers"]),
    ("strata-network", &[]),
    ("strata-runtime", &[]),
    (
        "strata-containers",
        &[
            "strata-oci",
            "strata-layer",
            "strata-api",
            "strata-catalog",
            "strata-layers",
            "strata-snapshots",
            "strata-network",
            "strata-runtime",
        ],
    ),
    (
        "strata-builder",
        &[
            "strata-oci",
            "strata-layer",
            "strata-dockerfile",
            "strata-api",
            "strata-blobs",
            "strata-catalog",
            "strata-layers",
            "strata-snapshots",
            "strata-containers",
        ],
    ),
    (
        "strata-engine",
        &[
            "strata-oci",
            "strata-layer",
            "strata-dockerfile",
            "strata-api",
            "strata-registry",
            "strata-blobs",
            "strata-catalog",
            "strata-layers",
            "strata-snapshots",
            "strata-network",
            "strata-runtime",
            "strata-containers",
            "strata-builder",
        ],
    ),
    // The server sees the engine, not its stages.
    ("strata-server", &["strata-oci", "strata-layer", "strata-api", "strata-engine"]),
    // The page sees what is pure, and talks HTTP.
    ("strata-page", &["strata-oci", "strata-layer", "strata-dockerfile", "strata-api"]),
    ("strata-forge", &["strata-oci"]),
    ("strata-faulty-registry", &["strata-oci", "strata-forge"]),
    // Acceptance looks at Strata from outside.
    (
        "strata-tests",
        &[
            "strata-oci",
            "strata-layer",
            "strata-dockerfile",
            "strata-api",
            "strata-forge",
            "strata-faulty-registry",
        ],
    ),
    (
        "strata-bench",
        &["strata-oci", "strata-layer", "strata-forge", "strata-faulty-registry", "strata-tests"],
    ),
    ("strata-bench-wasm", &["strata-oci", "strata-layer", "strata-dockerfile"]),
    ("xtask", &["strata-oci", "strata-layer", "strata-forge"]),
];

/// What any crate's tests may use besides.
const TEST_TOOLS: [&str; 2] = ["strata-forge", "strata-faulty-registry"];

/// Crates that compile to wasm and are tested there.
pub const PURE: [&str; 4] = ["strata-oci", "strata-layer", "strata-dockerfile", "strata-api"];

/// What a pure crate must not be built with: runtimes, system calls, sockets, clocks.
const IMPURE: [&str; 10] =
    ["async-std", "axum", "chrono", "hyper", "mio", "nix", "reqwest", "rusqlite", "rustix", "tokio"];

/// The broken rules, one line each.
pub fn check(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, member) in &graph.members {
        let Some((_, may_use)) = ARROWS.iter().find(|(known, _)| known == name) else {
            broken.push(format!("{name} is not in the table of xtask/src/tidy/arrows.rs"));
            continue;
        };
        let forbidden = member.uses.iter().filter(|used| !may_use.contains(&used.as_str()));
        broken
            .extend(forbidden.map(|used| format!("{name} uses {used}, against the direction of the arrows")));
        let in_tests =
            |used: &&String| !may_use.contains(&used.as_str()) && !TEST_TOOLS.contains(&used.as_str());
        let forbidden = member.tests_use.iter().filter(in_tests);
        broken.extend(
            forbidden.map(|used| format!("{name}'s tests use {used}, against the direction of the arrows")),
        );
        if PURE.contains(&name.as_str()) {
            let below = graph.everything_below(member);
            let impure = IMPURE.iter().filter(|banned| below.contains(*banned));
            broken.extend(impure.map(|banned| format!("{name} is pure, but is built with {banned}")));
        }
    }
    broken
}
