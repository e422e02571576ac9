//! Many Dockerfiles, each built by both.

use std::{
    collections::BTreeMap,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
    sync::Mutex,
};

use strata_tests::{Docker, Scratch, run};

use crate::{
    compare::{differences, facts, normal},
    scene::{build, scene, settle, write},
};

const CORPUS: &str = include_str!("corpus.txt");

/// How many are built at once.
const WORKERS: usize = 3;

#[derive(Debug, Default)]
struct Case {
    name: String,
    options: Vec<String>,
    after: Option<String>,
    archives: bool,
    directories: Vec<String>,
    links: Vec<(String, String)>,
    /// Permissions and text; a directory's permissions without a text.
    files: BTreeMap<String, (u32, Option<String>)>,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut open: Option<String> = None;
    for line in CORPUS.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            open = None;
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        let Some(directive) = line.strip_prefix(">>> ") else {
            let path = open.as_ref().unwrap_or_else(|| panic!("{}: {line:?} belongs to no file", case.name));
            let text = case.files.get_mut(path).and_then(|(_, text)| text.as_mut()).expect("it was opened");
            *text += line;
            text.push('\n');
            continue;
        };
        let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        open = None;
        match word {
            "options" => case.options = rest.split_whitespace().map(str::to_owned).collect(),
            "after" => case.after = Some(rest.to_owned()),
            "archives" => case.archives = true,
            "directory" => case.directories.push(rest.to_owned()),
            "link" => {
                let (path, target) = rest.split_once(' ').expect("path and target");
                case.links.push((path.to_owned(), target.to_owned()));
            }
            "file" | "mode" => {
                let (mode, path) = rest.split_once(' ').expect("mode and path");
                let mode = u32::from_str_radix(mode, 8).expect("an octal number");
                let text = (word == "file").then(String::new);
                open = text.is_some().then(|| path.to_owned());
                case.files.insert(path.to_owned(), (mode, text));
            }
            "Dockerfile" => {
                open = Some("Dockerfile".into());
                case.files.insert("Dockerfile".into(), (0o644, Some(String::new())));
            }
            other => panic!("{}: {other}?", case.name),
        }
    }
    cases
}

impl Case {
    fn context(&self) -> Scratch {
        let scratch = Scratch::new(&format!("case-{}", self.name));
        let root = scratch.path();
        for (path, (mode, text)) in &self.files {
            if let Some(text) = text {
                write(root, path, *mode, text);
            }
        }
        for path in &self.directories {
            std::fs::create_dir_all(root.join(path)).expect("the scratch directory is writable");
        }
        for (path, target) in &self.links {
            symlink(target, root.join(path)).expect("the scratch directory is writable");
        }
        for (path, (mode, _)) in self.files.iter().filter(|(_, (_, text))| text.is_none()) {
            let mode = PermissionsExt::from_mode(*mode);
            std::fs::set_permissions(root.join(path), mode).expect("it was just made");
        }
        if self.archives {
            archives(root);
        }
        settle(root);
        scratch
    }

    /// What differs between the two engines.
    fn differences(&self, clients: &[Docker; 2]) -> Vec<String> {
        let context = self.context();
        let tag = format!("c-{}", self.name);
        let mut args = vec!["-t", &tag];
        args.extend(self.options.iter().map(String::as_str));
        let [(dockerd, theirs), (strata, ours)] = std::thread::scope(|scope| {
            let one = |client: &Docker| {
                let built = build(client, context.path(), &args);
                let quiet = args.contains(&"-q");
                let facts = (built.code == 0 && !quiet).then(|| facts(client, &tag));
                (built, facts)
            };
            let other = scope.spawn(move || one(&clients[0]));
            let ours = one(&clients[1]);
            [other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), ours]
        });
        let mut found = Vec::new();
        if dockerd.code != strata.code {
            found.push(format!("exit code: dockerd {}, Strata {}", dockerd.code, strata.code));
        }
        for (what, a, b) in
            [("output", &dockerd.stdout, &strata.stdout), ("messages", &dockerd.stderr, &strata.stderr)]
        {
            let (a, b) = (normal(a), normal(b));
            if a != b {
                found.push(format!("{what}\n--- dockerd\n{a}\n--- Strata\n{b}"));
            }
        }
        if let (Some(theirs), Some(ours)) = (theirs, ours) {
            found.extend(differences(&theirs, &ours));
        }
        found
    }
}

/// The same files in a tar of each compression, with another owner, a hard link and a symlink.
fn archives(root: &Path) {
    let scratch = Scratch::new("archive");
    let tree = scratch.dir("tree");
    write(&tree, "f", 0o640, "f\n");
    write(&tree, "in/g", 0o644, "g\n");
    symlink("f", tree.join("s")).expect("the scratch directory is writable");
    std::fs::hard_link(tree.join("f"), tree.join("h")).expect("the scratch directory is writable");
    let tar = root.join("t.tar");
    run(Command::new("tar")
        .args(["--owner=11", "--group=12", "--numeric-owner", "-cf"])
        .arg(&tar)
        .arg("-C")
        .arg(&tree)
        .arg("."))
    .ok();
    for program in ["gzip", "bzip2", "xz"] {
        run(Command::new(program).arg("-k").arg(&tar)).ok();
    }
}

#[test]
fn builds_are_the_same_as_dockerds() {
    let Some(scene) = scene() else { return };
    let only = std::env::var("STRATA_CASE").ok();
    let mut cases = cases();
    if let Some(only) = only {
        cases.retain(|case| case.name == only);
    }
    let (second, first): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(|case| case.after.is_some());
    let failures = Mutex::new(Vec::new());
    for phase in [first, second] {
        let queue = Mutex::new(phase.into_iter());
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    let clients = scene.clients();
                    while let Some(case) = { queue.lock().expect("nobody panics with it").next() } {
                        let found = case.differences(&clients);
                        if !found.is_empty() {
                            let text = format!("===== {}\n{}", case.name, found.join("\n"));
                            failures.lock().expect("nobody panics with it").push(text);
                        }
                    }
                });
            }
        });
    }
    let failures = failures.into_inner().expect("nobody panics with it");
    assert!(failures.is_empty(), "{} builds differ:\n{}", failures.len(), failures.join("\n\n"));
}
