//! Whole files: those of `files/`, constructed with what real ones have in them, and all of the directory that
//! `STRATA_CORPUS` names. Each is taken, has its ranges right, keeps its meaning when formatted, and every fix applies.
#![cfg(not(target_family = "wasm"))]

mod random;
mod shape;

use std::{env, fs, path::Path};

use shape::check;

fn files(directory: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.push((name, String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned()));
    }
    files.sort();
    files
}

#[test]
fn our_own_files() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/files");
    let files = files(&directory);
    assert!(files.len() > 5);
    for (name, text) in files {
        assert_eq!(check(&text), None, "{name}");
    }
}

#[test]
fn files_of_others() {
    let Some(directory) = env::var_os("STRATA_CORPUS") else { return };
    let files = files(Path::new(&directory));
    let mut refused = 0;
    for (name, text) in &files {
        if let Some(message) = check(text) {
            eprintln!("{name}: {message}");
            refused += 1;
        }
    }
    eprintln!("{} files, {refused} refused", files.len());
    assert_eq!(refused, 0);
}
