use super::*;

fn listing() -> Listing {
    let file = |path: &str, content: &str| Entry {
        path: path.to_owned(),
        kind: Kind::File,
        mode: 0o644,
        owner: (0, 0),
        size: content.len() as u64,
        content: content.to_owned(),
    };
    let other = |path: &str, kind, content: &str| Entry { kind, size: 0, ..file(path, content) };
    let entries = vec![
        file("a.txt", "a"),
        file("b.txt", "b"),
        file("src/main.rs", "m"),
        file("src/lib/x.rs", "x"),
        file("src-old/y", "y"),
        other("src", Kind::Directory, ""),
        other("src/lib", Kind::Directory, ""),
        other("empty", Kind::Directory, ""),
        other("link", Kind::Link, "src/lib"),
        other("out", Kind::Link, "../../../a.txt"),
        other("loop", Kind::Link, "loop"),
        file("secret.key", "s"),
    ];
    Listing::new(entries, &Ignore::parse("*.key"))
}

fn names(sources: &[&str]) -> Result<Vec<String>, String> {
    names_with(sources, &[], false)
}

fn names_with(sources: &[&str], exclude: &[&str], parents: bool) -> Result<Vec<String>, String> {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let copied = Copied { sources: texts(sources), exclude: texts(exclude), parents, ..Copied::default() };
    let listing = listing();
    let picked = listing.pick(&copied).map_err(|error| error.to_string())?;
    assert_eq!(listing.content(&copied).map(|content| content.count), Ok(picked.len()));
    Ok(picked.into_iter().map(|picked| format!("{}:{}", picked.source, picked.name)).collect())
}

#[test]
fn sources_are_picked_as_docker_does() {
    for (sources, expected) in [
        (&["a.txt"][..], &["0:a.txt"][..]),
        (&["/a.txt", "./b.txt"], &["0:a.txt", "1:b.txt"]),
        (&["src"], &["0:lib", "0:lib/x.rs", "0:main.rs"]),
        (&["src/"], &["0:lib", "0:lib/x.rs", "0:main.rs"]),
        (&["*.txt"], &["0:a.txt", "0:b.txt"]),
        (&["src*"], &["0:lib", "0:lib/x.rs", "0:main.rs", "0:y"]),
        (&["src/*.rs"], &["0:main.rs"]),
        (&["src/[l-n]*"], &["0:x.rs", "0:main.rs"]),
        (&["src-old"], &["0:y"]),
        (&["link"], &["0:x.rs"]),
        (&["link/x.rs"], &["0:x.rs"]),
        (&["out"], &["0:a.txt"]),
        (&["loop"], &["0:loop"]),
        (&["../a.txt"], &["0:a.txt"]),
        (&["empty"], &[]),
        (&["src/../b.txt"], &["0:b.txt"]),
    ] {
        let expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names(sources), Ok(expected), "{sources:?}");
    }
    assert_eq!(names(&["."]).map(|names| names.len()), Ok(12));
}

#[test]
fn what_is_not_there_is_refused() {
    let missing = |path: &str| {
        format!(
            "file not found in build context or excluded by .dockerignore: stat {path}: file does not exist"
        )
    };
    assert_eq!(names(&["nope"]), Err(missing("nope")));
    assert_eq!(names(&["secret.key"]), Err(missing("secret.key")));
    assert_eq!(names(&["x*"]), Err("no source files were specified".into()));
    assert!(names(&["https://example.com/x"]).is_err());
}

#[test]
fn excluded_files_and_whole_paths() {
    let found = names_with(&["src"], &["lib"], false).expect("found");
    assert_eq!(found, ["0:main.rs"]);
    let found = names_with(&["src"], &["**/*.rs"], true).expect("found");
    assert_eq!(found, ["0:src/lib"]);
}

#[test]
fn what_counts_is_content_mode_and_name() {
    let copied = Copied { sources: vec!["src".into()], ..Copied::default() };
    let digest = |listing: &Listing| listing.content(&copied).expect("there").digest;
    let base = listing();
    let changed = |change: fn(&mut Entry)| {
        let mut entries = base.entries().to_vec();
        entries.iter_mut().filter(|entry| entry.path == "src/main.rs").for_each(change);
        digest(&Listing::new(entries, &Ignore::default()))
    };
    assert_eq!(digest(&base), changed(|_| {}));
    assert_ne!(digest(&base), changed(|entry| entry.content = "n".into()));
    assert_ne!(digest(&base), changed(|entry| entry.mode = 0o755));
    assert_ne!(digest(&base), changed(|entry| entry.path = "src/main2.rs".into()));
    assert_ne!(digest(&base), changed(|entry| entry.owner = (1, 0)));
}
