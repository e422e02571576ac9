//! What is forecast is what a build then does, and the first cause is the one that was injected.
#![cfg(not(target_family = "wasm"))]

mod builder;

use std::collections::BTreeMap;

use builder::{World, image};
use strata_dockerfile::{
    context::{Entry, Kind, Listing},
    forecast::{BaseImage, Cause, Change, Request, State},
    ignore::Ignore,
};
use strata_oci::ContainerConfig;

const FILE: &str = "ARG version=1
FROM base AS build
ENV MODE=fast
ARG level
RUN make all
COPY src /src
RUN compile one
RUN compile two
FROM base
LABEL level=none
COPY *.txt conf/ /etc/app/
COPY --from=build /out /out
ARG level
ENV LEVEL=$level
RUN install
EXPOSE 80
CMD [\"app\"]
";

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

fn files() -> Vec<Entry> {
    let paths = ["a.txt", "b.txt", "conf/x", "conf/deep/y", "src/main.c", "src/lib/util.c", "README.md"];
    let file = |path: &str| Entry {
        path: path.to_owned(),
        kind: Kind::File,
        mode: 0o644,
        owner: (0, 0),
        size: 1,
        content: format!("first {path}"),
    };
    paths.map(file).to_vec()
}

fn base(name: &str) -> BaseImage {
    let env = Some(vec!["PATH=/bin".to_owned()]);
    BaseImage::Here { image: image(name), config: Box::new(ContainerConfig { env, ..Default::default() }) }
}

fn world() -> (World, Request) {
    let mut world = World::default();
    world.bases.insert("base".into(), base("base 1"));
    let level = BTreeMap::from([("level".to_owned(), Some("0".to_owned()))]);
    let request = Request {
        arguments: level,
        workshop: Some("w".into()),
        platform: "linux/amd64".into(),
        ..Default::default()
    };
    (world, request)
}

/// Compares what was forecast with what was done; gives the first step that runs, and why.
fn check(world: &mut World, text: &str, request: &Request, files: &[Entry]) -> Option<(usize, Cause)> {
    let context = Listing::new(files.to_vec(), &Ignore::default());
    let forecast = world.forecast(text, request, &context);
    assert_eq!(forecast.refused, None);
    let happened = world.build(text, request, &context);
    let steps: Vec<_> = forecast
        .steps
        .iter()
        .filter(|step| !matches!(step.state, State::Base(_) | State::Argument))
        .collect();
    assert_eq!(steps.len(), happened.len());
    for (step, (number, cached)) in steps.iter().zip(&happened) {
        assert_eq!(step.number, *number);
        match &step.state {
            State::Cached(_) => assert!(cached, "{step:?} ran\n{text}"),
            State::Runs => assert!(!cached, "{step:?} was cached\n{text}"),
            // Only what hangs on another stage isn't known.
            State::Unknown => assert!(matches!(step.cause, Some(Cause::Source { .. } | Cause::After { .. }))),
            other => panic!("{other:?}"),
        }
    }
    // What is built again at once comes from the cache, and that is known.
    let again = world.forecast(text, request, &context);
    let new = again.steps.iter().find(|step| matches!(step.state, State::Runs | State::Unknown));
    assert_eq!(new, None, "{text}");
    let first = steps.iter().find(|step| step.state == State::Runs)?;
    Some((first.number, first.cause.clone()?))
}

#[test]
fn nothing_is_known_before_the_first_build() {
    let (mut world, request) = world();
    assert_eq!(check(&mut world, FILE, &request, &files()), Some((3, Cause::NeverBuilt)));
    assert_eq!(check(&mut world, FILE, &request, &files()), None);
    let no_cache = Request { no_cache: true, ..request };
    assert_eq!(check_only(&world, FILE, &no_cache), Some((3, Cause::NoCache)));
}

fn check_only(world: &World, text: &str, request: &Request) -> Option<(usize, Cause)> {
    let forecast = world.forecast(text, request, &Listing::new(files(), &Ignore::default()));
    let first = forecast.steps.into_iter().find(|step| step.state == State::Runs)?;
    Some((first.number, first.cause?))
}

#[test]
fn five_hundred_edits() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..25 {
        twenty_edits(&mut dice, 20 * round);
    }
}

fn twenty_edits(dice: &mut Dice, from: usize) {
    let (mut world, mut request) = world();
    let (mut lines, mut files): (Vec<String>, _) = (FILE.lines().map(str::to_owned).collect(), files());
    let text = |lines: &[String]| lines.join("\n");
    check(&mut world, &text(&lines), &request, &files);
    for edit in from..from + 20 {
        let found = |world: &mut World, lines: &[String], request: &Request, files: &[Entry]| {
            check(world, &text(lines), request, files)
        };
        match dice.roll(8) {
            // A line is changed.
            0 => {
                let runs: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("RUN")).collect();
                let at = runs[dice.roll(runs.len())];
                let was = std::mem::replace(&mut lines[at], format!("RUN do {edit}"));
                let was = was.replace("RUN", "/bin/sh -c");
                let expected = Some((at + 1, Cause::Instruction { was }));
                assert_eq!(found(&mut world, &lines, &request, &files), expected);
            }
            // A file is changed.
            1 => {
                let at = dice.roll(files.len());
                files[at].content = format!("edit {edit}");
                let expected = copying(&lines, &files[at].path).map(|line| {
                    (line, Cause::File { path: files[at].path.clone(), change: Change::Content, others: 0 })
                });
                assert_eq!(found(&mut world, &lines, &request, &files), expected);
            }
            // Only times changed: nothing of that is in a listing.
            2 => assert_eq!(found(&mut world, &lines, &request, &files), None),
            // An argument is changed.
            3 => {
                let was = request.arguments["level"].clone();
                let is = Some(format!("level {edit}"));
                request.arguments.insert("level".into(), is.clone());
                let seen =
                    seeing(&lines).map(|line| (line, Cause::Argument { name: "level".into(), was, is }));
                assert_eq!(found(&mut world, &lines, &request, &files), seen);
            }
            // Two neighbours change places.
            4 => {
                let swappable: Vec<usize> = (1..lines.len())
                    .filter(|at| lines[at - 1].starts_with("RUN") && lines[*at].starts_with("RUN"))
                    .collect();
                if swappable.is_empty() {
                    continue;
                }
                let at = swappable[dice.roll(swappable.len())];
                lines.swap(at - 1, at);
                // They, or the first of them, may have stood like that before.
                match found(&mut world, &lines, &request, &files) {
                    Some((line, cause)) if line == at => assert_eq!(cause, Cause::Moved { from: at + 1 }),
                    _ => {}
                }
            }
            // The base moves.
            5 => {
                let was = match world.bases.insert("base".into(), base(&format!("base {edit}"))) {
                    Some(BaseImage::Here { image, .. }) => Some(image),
                    _ => None,
                };
                let expected = Some((3, Cause::Base { reference: "base".into(), was }));
                assert_eq!(found(&mut world, &lines, &request, &files), expected);
            }
            // A mode is changed.
            6 => {
                let at = dice.roll(files.len());
                files[at].mode = 0o600 + dice.roll(0o177) as u32;
                let path = files[at].path.clone();
                let result = found(&mut world, &lines, &request, &files);
                // It may have been so before.
                if let Some((line, cause)) = result {
                    assert_eq!(Some(line), copying(&lines, &path));
                    assert_eq!(cause, Cause::File { path, change: Change::Mode, others: 0 });
                }
            }
            // A file comes, and later goes.
            _ => {
                let path = format!("src/extra-{edit}");
                files.push(Entry { path: path.clone(), ..files[0].clone() });
                let line = copying(&lines, &path).expect("src is copied");
                let expected =
                    Some((line, Cause::File { path: path.clone(), change: Change::Added, others: 0 }));
                assert_eq!(found(&mut world, &lines, &request, &files), expected);
                files.pop();
                assert_eq!(found(&mut world, &lines, &request, &files), None);
            }
        }
    }
}

/// The number of the step that copies a file.
fn copying(lines: &[String], path: &str) -> Option<usize> {
    let copy = match path {
        path if path.starts_with("src/") => "COPY src",
        path if path.ends_with(".txt") || path.starts_with("conf/") => "COPY *.txt",
        _ => return None,
    };
    lines.iter().position(|line| line.starts_with(copy)).map(|at| at + 1)
}

/// The number of the first step that sees the argument.
fn seeing(lines: &[String]) -> Option<usize> {
    let declared = lines.iter().position(|line| line == "ARG level")?;
    let sees = |line: &String| line.starts_with("RUN") || line.contains("$level");
    lines[declared..].iter().position(sees).map(|at| declared + at + 1)
}

#[test]
fn triggers_of_the_base_run_first() {
    let (mut world, request) = world();
    if let Some(BaseImage::Here { config, .. }) = world.bases.get_mut("base") {
        config.on_build = Some(vec!["COPY a.txt /a".into(), "RUN trigger".into()]);
    }
    let text = "FROM base\nRUN own";
    assert_eq!(check(&mut world, text, &request, &files()), Some((1, Cause::NeverBuilt)));
    let mut changed = files();
    changed[0].content = "other".into();
    let cause = Cause::File { path: "a.txt".into(), change: Change::Content, others: 0 };
    assert_eq!(check(&mut world, text, &request, &changed), Some((1, cause)));
}

#[test]
fn failures_are_forecast() {
    let (world, request) = world();
    let fails = |text: &str| {
        let forecast = world.forecast(text, &request, &Listing::new(files(), &Ignore::default()));
        let failed = forecast.steps.into_iter().find_map(|step| match step.state {
            State::Fails(message) => Some((step.number, message)),
            _ => None,
        });
        failed.or(forecast.refused.map(|message| (0, message)))
    };
    for (text, number, message) in [
        (
            "FROM base\nCOPY nope /",
            2,
            "COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist",
        ),
        ("FROM base\nCOPY n* /", 2, "COPY failed: no source files were specified"),
        ("FROM base\nENV a=${b:?given}", 2, "failed to process \"${b:?given}\": b: given"),
        ("FROM base\nEXPOSE x", 2, "Invalid containerPort: x"),
        ("FROM $none", 1, "base name ($none) should not be blank"),
        ("FROM base AS a\nFROM base AS A", 2, "a stage name already used"),
        ("FROM base\nCOPY --from=0 a b", 2, "invalid from flag value 0: refers to current build stage"),
        ("FORM base", 0, "dockerfile parse error line 1: unknown instruction: FORM"),
    ] {
        assert_eq!(fails(text), Some((number, message.to_owned())), "{text}");
    }
}

#[test]
fn an_absent_base_is_not_known_unless_nothing_was_ever_done() {
    let (mut world, request) = world();
    let context = Listing::new(files(), &Ignore::default());
    let states = |world: &World| -> Vec<State> {
        let forecast = world.forecast("FROM gone\nRUN a\nRUN b", &request, &context);
        forecast.steps.into_iter().map(|step| step.state).collect()
    };
    assert_eq!(states(&world), [State::Unknown, State::Runs, State::Runs]);
    world.build("FROM base\nRUN a", &request, &context);
    assert_eq!(states(&world), [State::Unknown, State::Unknown, State::Runs]);
}

#[test]
fn what_others_did_on_the_same_base_is_no_past_of_ours() {
    let (mut world, request) = world();
    let theirs = Request { workshop: Some("other".into()), ..request.clone() };
    let client = Request { workshop: None, ..request.clone() };
    check(&mut world, "FROM base\nRUN theirs\nCOPY src /src", &theirs, &files());
    check(&mut world, "FROM base\nCOPY src /src\nRUN client", &client, &files());
    // Neither another line than theirs, nor one that they had elsewhere, nor files that theirs had.
    for (text, number) in [("FROM base\nRUN ours", 2), ("FROM base\nRUN x\nCOPY src /src", 2)] {
        assert_eq!(check_only(&world, text, &request), Some((number, Cause::NeverBuilt)), "{text}");
    }
    let mut changed = files();
    changed[4].content = "ours".into();
    let context = Listing::new(changed.clone(), &Ignore::default());
    let forecast = world.forecast("FROM base\nCOPY src /src", &request, &context);
    assert_eq!(forecast.steps[1].cause, Some(Cause::NeverBuilt));
    // What they did that is the same comes from the cache all the same, and after it our past begins with our build.
    let text = "FROM base\nRUN theirs\nRUN ours";
    assert_eq!(check(&mut world, text, &request, &files()), Some((3, Cause::NeverBuilt)));
    let was = "/bin/sh -c ours".to_owned();
    let edited = check_only(&world, "FROM base\nRUN theirs\nRUN edited", &request);
    assert_eq!(edited, Some((3, Cause::Instruction { was })));
}
