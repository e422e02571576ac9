//! How large the page may be.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    place,
    shell::{command, output},
};

/// What the first visit loads, by the shell that it gets: bytes of WebAssembly and of JavaScript, after brotli.
const FIRST: [(&str, [(&str, u64); 2]); 2] = [
    ("index.html", [("wasm", 500_000), ("js", 100_000)]),
    ("whole.html", [("wasm", 950_000), ("js", 100_000)]),
];

/// What the page loads only when it is needed: the beginning of the file's name, and bytes after brotli.
const LAZY: [(&str, u64); 2] = [("terminal-", 110_000), ("editor-", 110_000)];

/// Holds the built page to its size.
pub fn sizes() -> Result<()> {
    let files = files()?;
    for (shell, limits) in FIRST {
        let path = place::dist().join(shell);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for (extension, limit) in limits {
            let named = files.iter().filter(|(name, path)| {
                path.extension().is_some_and(|other| other == extension)
                    && lazy(name).is_none()
                    && text.contains(&format!("/{name}"))
            });
            hold(&format!("{extension} of {shell}"), named.map(|(_, path)| path), limit)?;
        }
    }
    for (prefix, limit) in LAZY {
        let named = files.iter().filter(|(name, path)| {
            lazy(name) == Some(prefix) && path.extension().is_some_and(|extension| extension == "js")
        });
        hold(&format!("{prefix}*.js"), named.map(|(_, path)| path), limit)?;
    }
    Ok(())
}

fn hold<'a>(what: &str, files: impl Iterator<Item = &'a PathBuf>, limit: u64) -> Result<()> {
    let mut total = 0;
    for file in files {
        total += brotli_size(file)?;
    }
    println!("{what}: {total} bytes after brotli (at most {limit})");
    ensure!(total > 0, "the page has no {what}");
    ensure!(total <= limit, "the page's {what} is {total} bytes after brotli: at most {limit}");
    Ok(())
}

/// The beginning of the file's name, if it is one that waits until it is needed.
fn lazy(name: &str) -> Option<&'static str> {
    LAZY.iter().map(|(prefix, _)| *prefix).find(|prefix| name.starts_with(prefix))
}

/// The page's files with their names.
fn files() -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place::dist())? {
        let entry = entry?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(found)
}

/// Size of the compressed twin that the page was built with, else what node's brotli makes of it.
fn brotli_size(file: &Path) -> Result<u64> {
    let twin = PathBuf::from(format!("{}.br", file.display()));
    if let Ok(twin) = twin.metadata() {
        return Ok(twin.len());
    }
    const SCRIPT: &str =
        "console.log(require('zlib').brotliCompressSync(require('fs').readFileSync(process.argv[1])).length)";
    let size = output(command("node").args(["-e", SCRIPT]).arg(file));
    size.and_then(|text| text.parse().ok())
        .ok_or_else(|| anyhow::anyhow!("node can't compress {}", file.display()))
}
