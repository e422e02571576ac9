//! Every docker command of the documents that the product is to make true, typed to a shell as it stands there.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use strata_tests::{
    Docker, Dockerd, Run, Scratch, Strata,
    duel::{Duel, settled, sorted},
    internet::Internet,
    run, skip_without,
    strata::Options,
    terminal::typed,
};

use crate::{
    containers::{essence, sweep},
    registries::without_digests,
    scene::{unnamed, without_own},
};

const TABLE: &str = include_str!("documents.txt");

/// A line of the table.
enum Line<'a> {
    Document(&'a str),
    /// A directory of the desk from here on.
    Enter(&'a str),
    File(&'a str, String),
    /// The one that the registries let in from here on.
    Only(&'a str),
    Command(Command<'a>),
}

struct Command<'a> {
    /// Of the document; `+` for what it only tells of.
    place: &'a str,
    line: &'a str,
    refused: bool,
    own_words: bool,
    terminal: bool,
    dialogue: Vec<(String, String)>,
    texts: Vec<&'a str>,
}

fn table() -> Vec<Line<'static>> {
    let mut table = Vec::new();
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (first, rest) = line.split_once([' ', '|']).unwrap_or((line, ""));
        match (first, table.last_mut()) {
            ("=", _) => table.push(Line::Document(rest)),
            ("cd", _) => table.push(Line::Enter(rest)),
            ("file", _) => table.push(Line::File(rest, String::new())),
            ("only", _) => table.push(Line::Only(rest)),
            ("", Some(Line::File(_, text))) => *text += &format!("{}\n", &line[1..]),
            (":", Some(Line::Command(command))) => command.texts.push(rest),
            (">", Some(Line::Command(command))) => {
                let (prompt, words) = rest.split_once(" => ").expect("a prompt => words");
                let keys = match words {
                    "^D" => "\x04".to_owned(),
                    "^P^Q" => "\x10\x11".to_owned(),
                    words => format!("{words}\r"),
                };
                command.dialogue.push((prompt.to_owned(), keys));
            }
            _ => {
                let marks = first.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+');
                assert!(marks.len() < first.len(), "not a line of the table: {line}");
                table.push(Line::Command(Command {
                    place: first,
                    line: rest.trim_start(),
                    refused: marks.contains('!'),
                    own_words: marks.contains('~'),
                    terminal: marks.contains('$'),
                    dialogue: Vec::new(),
                    texts: Vec::new(),
                }));
            }
        }
    }
    table
}

/// An engine with its internet, and a desk to work at.
struct Place<'a> {
    internet: &'a Internet,
    client: &'a Docker,
    desk: &'a Scratch,
}

impl Place<'_> {
    fn run(&self, command: &Command<'_>, directory: &Path) -> Run {
        let directory = self.desk.join(directory);
        fs::create_dir_all(&directory).expect("the desk is writable");
        if command.terminal {
            let mut script = self.client.terminal(&self.internet.netns, command.line);
            typed(script.current_dir(directory), &command.dialogue)
        } else {
            run(self.client.shell(&self.internet.netns, command.line).current_dir(directory))
        }
    }
}

#[test]
fn every_command_of_the_documents_gives_what_dockerd_gives() {
    if skip_without(&["dockerd", "docker", "runc", "ip", "iptables", "git", "script"]) {
        return;
    }
    let internets = [Internet::start(), Internet::start()];
    let dockerd = Dockerd::start_trusting(&internets[0].netns, &internets[0].certificates());
    let certificates = internets[1].certificates().display().to_string();
    let strata = Strata::with(Options {
        netns: Some(internets[1].netns.clone()),
        env: vec![("SSL_CERT_FILE".to_owned(), certificates)],
        ..Options::default()
    });
    let turn = Mutex::new(());
    for (version, program) in Docker::installed() {
        let turn = turn.lock().expect("one after the other");
        let duel = Duel::between(&program, [&dockerd.socket(), &strata.socket()], turn);
        all(&duel, &version, &internets);
    }
}

fn all(duel: &Duel<'_>, version: &str, internets: &[Internet; 2]) {
    let clients = duel.clients();
    let desks = [Scratch::new("desk"), Scratch::new("desk")];
    let places = [
        Place { internet: &internets[0], client: clients.0, desk: &desks[0] },
        Place { internet: &internets[1], client: clients.1, desk: &desks[1] },
    ];
    let (mut document, mut directory) = ("", PathBuf::new());
    for line in table() {
        match line {
            Line::Document(name) => {
                empty(duel);
                internets.iter().for_each(Internet::open);
                (document, directory) = (name, PathBuf::from(name));
            }
            Line::Enter(name) => directory = PathBuf::from(document).join(name),
            Line::Only(user) => internets.iter().for_each(|internet| internet.only(user)),
            Line::File(path, text) => {
                desks.iter().for_each(|desk| write(&desk.join(document).join(path), &text))
            }
            Line::Command(command) => {
                let what = format!("docker {version}, {document}:{} {}", command.place, command.line);
                one(duel, &places, &command, &directory, &what);
            }
        }
    }
    empty(duel);
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it is in the desk")).expect("the desk is writable");
    fs::write(path, text).expect("the desk is writable");
}

fn empty(duel: &Duel<'_>) {
    drop(sweep(duel));
    duel.empty();
}

/// Runs a command at both places and notes what differs from dockerd or from the table.
fn one(duel: &Duel<'_>, places: &[Place<'_>; 2], command: &Command<'_>, directory: &Path, what: &str) {
    let at = |place: usize| places[place].run(command, directory);
    let [theirs, ours] = if command.line.contains("/tmp/") {
        // It is the same one.
        [at(0), at(1)]
    } else {
        thread::scope(|scope| {
            let theirs = scope.spawn(|| at(0));
            let ours = at(1);
            [theirs.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), ours]
        })
    };
    if command.own_words || command.terminal {
        if theirs.code != ours.code {
            duel.note(format!("{what}\n--- {theirs}\n--- {ours}\n"));
        }
    } else if command.line.contains("image") || command.line.contains(" -e ") {
        // Names of one image are listed in the order of a Go map; the client sends variables in one too.
        duel.compare(what, [&theirs, &ours], |text| sorted(&comparable(text)));
    } else if command.line.contains("docker push") {
        duel.compare(what, [&theirs, &ours], |text| sorted(&comparable(&without_digests(text))));
    } else {
        duel.compare(what, [&theirs, &ours], comparable);
    }
    let said = essence(&format!("{}{}", ours.stdout, ours.stderr));
    let missing: Vec<&&str> = command.texts.iter().filter(|text| !said.contains(**text)).collect();
    if !missing.is_empty() {
        duel.note(format!("{what}\nwithout {missing:?}: {ours}\n"));
    }
    if !command.own_words && command.refused != (ours.code != 0) {
        duel.note(format!("{what}\nis {}refused: {ours}\n", if command.refused { "not " } else { "" }));
    }
}

/// Without ids, digests of what was just made, ages and made-up names.
fn comparable(text: &str) -> String {
    let text = unnamed(&essence(&settled(&without_own(text))));
    text.lines().map(|line| ageless(line) + "\n").collect()
}

/// `Up 3 seconds`, `About a minute ago`, `brave_curie` and digests are different each time.
fn ageless(line: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in line.split(' ') {
        if matches!(word, "second" | "seconds" | "minute" | "minutes") {
            let number = |word: &&str| {
                matches!(*word, "a" | "than" | "Less" | "About") || word.bytes().all(|b| b.is_ascii_digit())
            };
            while words.last().is_some_and(number) {
                words.pop();
            }
            words.push("<age>");
        } else if let Some((before, _)) = word.split_once("sha256:") {
            words.extend([before, "<digest>"]);
        } else if word.split('_').count() == 2 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            words.push("<name>");
        } else {
            words.push(word);
        }
    }
    words.join(" ")
}
