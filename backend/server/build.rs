//! Makes sure that there is a page to embed: where it was not built, a notice that says how.

use std::{fs, path::Path};

const NOTICE: &str = "<!doctype html><meta charset=utf-8><title>Strata</title>\
    <p>The page was not built into this server. <code>cargo xtask serve</code> builds and serves it.\n";

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist");
    let index = dist.join("index.html");
    if !index.exists() {
        let written = fs::create_dir_all(&dist).and_then(|()| fs::write(&index, NOTICE));
        if let Err(error) = written {
            println!("cargo::error=cannot write {}: {error}", index.display());
        }
    }
    println!("cargo::rerun-if-changed={}", dist.display());
}
