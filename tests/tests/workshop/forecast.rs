//! What is forecast of a build, from what the server tells, is what the build then does.

use std::collections::BTreeMap;

use serde_json::json;
use strata_api::{
    path,
    workshop::{BaseState, BuildEvent, CacheState, FileEntry, Listing as Files, StepOutcome},
};
use strata_dockerfile::{
    Dockerfile,
    context::{Entry, Kind, Listing},
    forecast::{BaseImage, Cache, Cause, Change, Forecast, Request as Asked, State, StepForecast, forecast},
    ignore::Ignore,
};
use strata_tests::http::Request;

use crate::{
    builds::{Scene, scene},
    scene::{fine, post, put, workshop},
};

/// Edits, one build each; `STRATA_EDITS` says how many.
fn edits() -> usize {
    std::env::var("STRATA_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(15)
}

/// What the next build will have.
#[derive(Clone)]
struct World {
    version: usize,
    lines: Vec<String>,
    files: BTreeMap<String, (String, u32)>,
    base: &'static str,
}

/// What an edit should be named as, where it can be the first cause.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Nothing,
    File(String, Change),
    Argument,
    Line,
    Moved,
    Base,
}

impl World {
    fn begin() -> Self {
        let lines = [
            "ARG VERSION=0",
            "ENV A=1",
            "ENV B=2",
            "COPY src /src",
            "COPY one.txt two.txt /files/",
            "WORKDIR /work",
            "RUN echo $VERSION > version",
            "RUN cat /src/a > copy && echo first",
            "LABEL x=y",
            "CMD [\"sh\"]",
        ];
        let files = ["src/a", "src/deep/b", "one.txt", "two.txt", "not-copied", "src/x.log"];
        Self {
            version: 1,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            files: files.iter().map(|path| ((*path).to_owned(), (format!("{path} 0\n"), 0o644))).collect(),
            base: "box",
        }
    }

    fn dockerfile(&self) -> String {
        format!("FROM base\n{}\n", self.lines.join("\n"))
    }

    /// Changes one thing; says what that is.
    fn edit(&mut self, dice: &mut Dice) -> Expected {
        let copied = ["src/a", "src/deep/b", "one.txt", "two.txt"];
        let file = copied[dice.roll(copied.len())].to_owned();
        match dice.roll(10) {
            0 | 1 => {
                let content = format!("{file} {}\n", dice.roll(1000) + 1);
                self.files.entry(file.clone()).or_insert_with(|| (String::new(), 0o644)).0 = content;
                Expected::File(file, Change::Content)
            }
            2 => {
                let entry = self.files.entry(file.clone()).or_insert_with(|| (format!("{file} 0\n"), 0o600));
                entry.1 = if entry.1 == 0o644 { 0o755 } else { 0o644 };
                Expected::File(file, Change::Mode)
            }
            // The same content again: only its time changes.
            3 => Expected::Nothing,
            4 => {
                let path = if dice.roll(2) == 0 { "not-copied" } else { "src/x.log" };
                self.files.insert(path.to_owned(), (format!("{}\n", dice.roll(1000)), 0o644));
                Expected::Nothing
            }
            5 => {
                let new = format!("src/new-{}", dice.roll(1000));
                self.files.insert(new.clone(), ("new\n".to_owned(), 0o644));
                Expected::File(new, Change::Added)
            }
            6 => {
                self.version += 1 + dice.roll(3);
                Expected::Argument
            }
            7 => {
                self.lines[7] = format!("RUN cat /src/a > copy && echo {}", dice.roll(1000));
                Expected::Line
            }
            8 => {
                self.lines.swap(1, 2);
                Expected::Moved
            }
            _ => {
                self.base = if self.base == "box" { "box2" } else { "box" };
                Expected::Base
            }
        }
    }
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

fn apply(scene: &Scene, workshop: &str, world: &World) {
    fine(put(&scene.strata, workshop, "Dockerfile", &world.dockerfile()));
    for (path, (content, mode)) in &world.files {
        let target = format!("{workshop}/file?path={path}&mode={mode:o}");
        fine(scene.strata.ask(Request::new("PUT", &target).body(content.clone())));
    }
    fine(post(&scene.strata, workshop, &json!({ "args": [["VERSION", world.version.to_string()]] })));
    scene.docker.run(&["tag", world.base, "base"]).ok();
}

/// The forecast from what the server tells, as the page makes it.
fn foresee(scene: &Scene, workshop: &str, world: &World) -> Forecast {
    let version = BTreeMap::from([("VERSION".to_owned(), Some(world.version.to_string()))]);
    foresee_text(scene, workshop, &world.dockerfile(), "base", version)
}

/// The same for any text that builds on `base`.
fn foresee_text(
    scene: &Scene,
    workshop: &str,
    text: &str,
    base: &str,
    arguments: BTreeMap<String, Option<String>>,
) -> Forecast {
    let cache = scene.strata.get(&format!("{workshop}/cache?base={base}")).text();
    let cache: CacheState = serde_json::from_str(&cache).expect("it is what it should be");
    let files = scene.strata.get(&format!("{workshop}/files")).text();
    let files: Files = serde_json::from_str(&files).expect("it is what it should be");
    let name = |encoded: &str| String::from_utf8(path::decode(encoded)).expect("text");
    let entry = |file: &FileEntry| Entry {
        path: name(&file.path),
        kind: if file.kind == 'd' { Kind::Directory } else { Kind::File },
        mode: file.mode,
        owner: (0, 0),
        size: file.size,
        content: file.digest.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let listing = Listing::new(files.entries.iter().map(entry).collect(), &Ignore::parse("**/*.log\n"));
    let base = |state: &BaseState| match state {
        BaseState::Here { image, config, .. } => {
            BaseImage::Here { image: image.clone(), config: config.clone() }
        }
        _ => BaseImage::Absent,
    };
    let bases = cache.bases.iter().map(|(name, state)| (name.clone(), base(state))).collect();
    let asked = Asked {
        arguments,
        workshop: workshop.rsplit('/').next().map(str::to_owned),
        platform: cache.platform.clone(),
        ..Asked::default()
    };
    let file = Dockerfile::parse(text);
    forecast(&file, &asked, &bases, &listing, &Cache::new(cache.records, cache.truncated))
}

/// Whether an edit is of that step.
fn hits(edit: &Expected, step: &StepForecast) -> bool {
    match edit {
        Expected::Nothing => false,
        Expected::File(path, _) if path.starts_with("src/") => step.text.starts_with("COPY src"),
        Expected::File(..) => step.text.starts_with("COPY one"),
        Expected::Argument => step.text.contains("> version"),
        Expected::Line => step.text.contains("cat /src/a"),
        Expected::Moved => step.text.contains("ENV"),
        Expected::Base => step.number == 3,
    }
}

fn named(cause: &Cause, expected: &Expected) -> bool {
    match (cause, expected) {
        (Cause::File { path, change, .. }, Expected::File(wanted, how)) => path == wanted && change == how,
        (Cause::Argument { name, .. }, Expected::Argument) => name == "VERSION",
        (Cause::Instruction { .. }, Expected::Line) => true,
        (Cause::Moved { .. } | Cause::Instruction { .. }, Expected::Moved) => true,
        (Cause::Base { .. }, Expected::Base) => true,
        _ => false,
    }
}

#[test]
fn a_build_does_what_was_forecast() {
    let Some(scene) = scene() else { return };
    let workshop = workshop(&scene.strata);
    fine(put(&scene.strata, &workshop, ".dockerignore", "**/*.log\n"));
    scene
        .docker
        .run(&[
            "commit",
            "-c",
            "LABEL other=1",
            scene.docker.run(&["create", "box"]).ok().stdout.trim(),
            "box2",
        ])
        .ok();
    let mut world = World::begin();
    let mut dice = Dice(0x5eed_1234_5678_9abc);
    let mut edit = Expected::Nothing;
    for round in 0..=edits() {
        apply(&scene, &workshop, &world);
        let foreseen = foresee(&scene, &workshop, &world);
        assert_eq!(foreseen.refused, None);
        let answer = post(&scene.strata, &format!("{workshop}/build"), &json!({})).text();
        let told: Vec<BuildEvent> =
            answer.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
        assert!(matches!(told.last(), Some(BuildEvent::Done { .. })), "{answer}");
        let done: Vec<_> = told
            .iter()
            .filter_map(|event| match event {
                BuildEvent::StepDone { step, outcome, image, .. } => Some((*step, *outcome, image.clone())),
                _ => None,
            })
            .collect();
        assert_eq!(foreseen.steps.len(), done.len(), "round {round}");
        for (step, (number, outcome, image)) in foreseen.steps.iter().zip(&done) {
            let right = match (&step.state, outcome) {
                (State::Base(known), StepOutcome::Base) => known.as_ref() == Some(image),
                (State::Cached(known), StepOutcome::Cached) => known == image,
                (State::Runs, StepOutcome::Ran) => true,
                _ => false,
            };
            assert!(
                right && step.number == *number,
                "round {round}, {edit:?}: step {number} was {outcome:?}, forecast {:?} because of {:?}\n{}",
                step.state,
                step.cause,
                world.dockerfile()
            );
        }
        // The first step that runs names what was done, unless the step that was changed is as it once was: then what runs
        // after it is what has changed since then.
        let first = foreseen.steps.iter().find(|step| step.state == State::Runs);
        let returned =
            foreseen.steps.iter().any(|step| hits(&edit, step) && matches!(step.state, State::Cached(_)));
        if let (Some(step), true) = (first, round > 0 && !returned) {
            let cause = step.cause.as_ref().expect("a step that runs has a cause");
            assert!(named(cause, &edit), "round {round}: {edit:?} was named {cause:?} at {}", step.text);
        }
        assert!(
            edit != Expected::Nothing || first.is_none() || round == 0,
            "round {round}: nothing had changed"
        );
        edit = world.edit(&mut dice);
    }
}

#[test]
fn what_another_stage_made_alike_is_foreseen() {
    let Some(scene) = scene() else { return };
    let text = "FROM box AS made\nCOPY note /note\nRUN echo same > /out\nFROM box\nCOPY --from=made /out /out\nRUN cat /out\n";
    let workshop = workshop(&scene.strata);
    fine(put(&scene.strata, &workshop, "Dockerfile", text));
    for note in ["one", "two"] {
        fine(put(&scene.strata, &workshop, "note", note));
        let told = post(&scene.strata, &format!("{workshop}/build"), &json!({})).text();
        let events: Vec<BuildEvent> =
            told.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
        let copied = events.iter().find_map(|event| match event {
            BuildEvent::StepDone { step: 5, outcome, layer, bytes, .. } => {
                Some((*outcome, layer.is_some(), *bytes))
            }
            _ => None,
        });
        // The second time the stage is another image with the same file in it; the layer is told all the same.
        let outcome = if note == "one" { StepOutcome::Ran } else { StepOutcome::Cached };
        assert_eq!(copied, Some((outcome, true, 5)), "{told}");
        let foreseen = foresee_text(&scene, &workshop, text, "box", BTreeMap::new());
        let cached = foreseen.steps.iter().filter(|step| matches!(step.state, State::Cached(_))).count();
        assert_eq!(cached, 4, "after {note}: {:#?}", foreseen.steps);
    }
}

#[test]
fn the_past_of_a_workshop_is_its_own_and_its_ancestors() {
    let Some(scene) = scene() else { return };
    let mut world = World::begin();
    scene.docker.run(&["tag", "box", "base"]).ok();
    let first = |workshop: &str, world: &World| {
        let foreseen = foresee(&scene, workshop, world);
        let step = foreseen.steps.into_iter().find(|step| step.state == State::Runs);
        step.map(|step| (step.number, step.cause.expect("a step that runs has a cause")))
    };
    let old = workshop(&scene.strata);
    fine(put(&scene.strata, &old, ".dockerignore", "**/*.log\n"));
    apply(&scene, &old, &world);
    post(&scene.strata, &format!("{old}/build"), &json!({}));
    assert_eq!(first(&old, &world), None);
    // A new workshop on the same base has other lines and files; nobody changed them.
    let new = workshop(&scene.strata);
    fine(put(&scene.strata, &new, ".dockerignore", "**/*.log\n"));
    let mut other = world.clone();
    other.lines[1] = "ENV A=other".into();
    apply(&scene, &new, &other);
    assert_eq!(first(&new, &other), Some((3, Cause::NeverBuilt)));
    // A copy of the old one has its past.
    let id = old.rsplit('/').next().expect("an id");
    let origin = json!({ "kind": "copy", "workshop": id });
    let copy = fine(post(&scene.strata, "/api/workshops", &json!({ "name": "", "origin": origin })));
    let copy = format!("/api/workshops/{}", copy["card"]["id"].as_str().expect("an id"));
    world.files.insert("one.txt".into(), ("changed in the copy\n".into(), 0o644));
    apply(&scene, &copy, &world);
    let changed = Cause::File { path: "one.txt".into(), change: Change::Content, others: 0 };
    assert_eq!(first(&copy, &world), Some((6, changed.clone())));
    // What the old one does from now on is not the copy's past.
    let mut later = world.clone();
    later.files.insert("one.txt".into(), ("changed in the old one\n".into(), 0o644));
    apply(&scene, &old, &later);
    post(&scene.strata, &format!("{old}/build"), &json!({}));
    apply(&scene, &copy, &world);
    assert_eq!(first(&copy, &world), Some((6, changed)));
}
