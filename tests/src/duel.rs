//! The same docker commands against dockerd and Strata, which must answer alike.
//!
//! Both are in one network with the same registries and pull the same images, so that names, ids, times of creation
//! and sizes are equal without any massaging. What is left to make comparable is the order of the layers' lines in
//! the output of a pull ([`settled`]).

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::{Docker, DockerRegistry, Dockerd, NetNs, Run, Scratch, Skopeo, Strata};

/// The two engines and the registries that they can reach.
pub struct Arena {
    /// Everybody may pull and push.
    pub open: DockerRegistry,
    /// Asks for a login.
    pub closed: DockerRegistry,
    /// Pushes to both.
    pub skopeo: Skopeo,
    /// The network that all of it is in.
    pub netns: Arc<NetNs>,
    dockerd: Dockerd,
    rival: Rival,
    // Both engines have one set of images each: scenarios take turns.
    turn: Mutex<()>,
}

enum Rival {
    Strata(Box<Strata>),
    /// dockerd against itself: shows whether a scenario compares what is comparable at all.
    Dockerd(Dockerd),
}

impl Rival {
    fn socket(&self) -> PathBuf {
        match self {
            Self::Strata(strata) => strata.socket(),
            Self::Dockerd(dockerd) => dockerd.socket(),
        }
    }
}

impl Arena {
    /// Starts all of it. With `STRATA_DUEL=dockerd` a second dockerd takes Strata's place.
    #[track_caller]
    pub fn start() -> Self {
        let netns = NetNs::new();
        let rival = match std::env::var("STRATA_DUEL").as_deref() {
            Ok("dockerd") => Rival::Dockerd(Dockerd::start(&netns)),
            _ => Rival::Strata(Box::new(Strata::start_in(&netns))),
        };
        Self {
            open: DockerRegistry::start(Some(&netns)),
            closed: DockerRegistry::protected(Some(&netns)),
            skopeo: Skopeo::new(Some(&netns)),
            dockerd: Dockerd::start(&netns),
            rival,
            netns,
            turn: Mutex::new(()),
        }
    }

    /// Strata, unless a dockerd stands in for it.
    pub fn strata(&self) -> Option<&Strata> {
        match &self.rival {
            Rival::Strata(strata) => Some(strata),
            Rival::Dockerd(_) => None,
        }
    }

    /// The engine to compare with.
    pub fn dockerd(&self) -> &Dockerd {
        &self.dockerd
    }

    /// A scenario that starts with no images in either engine, driven by the client `program`.
    #[track_caller]
    pub fn scenario(&self, program: &Path) -> Duel<'_> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let duel = Duel::between(program, [&self.dockerd.socket(), &self.rival.socket()], turn);
        duel.empty();
        duel
    }
}

/// One scenario. Differences are collected; when it is dropped it panics with all of them.
pub struct Duel<'a> {
    dockerd: Docker,
    rival: Docker,
    differences: Mutex<Vec<String>>,
    _turn: MutexGuard<'a, ()>,
}

impl<'a> Duel<'a> {
    /// A scenario between the engines at two sockets, dockerd's first, driven by the client `program`.
    pub fn between(program: &Path, [dockerd, rival]: [&Path; 2], turn: MutexGuard<'a, ()>) -> Self {
        // Without this the engines' newest version would be negotiated, and clients print what the version has.
        let client = |socket: &Path| Docker::at(program.to_owned(), socket).api("1.41");
        Self {
            dockerd: client(dockerd),
            rival: client(rival),
            differences: Mutex::new(Vec::new()),
            _turn: turn,
        }
    }
}

impl Duel<'_> {
    /// Logs both clients in to a registry.
    pub fn log_in(&self, registry: &str, user: &str, password: &str) {
        self.dockerd.log_in(registry, user, password);
        self.rival.log_in(registry, user, password);
    }

    /// Runs the command against both at once: (dockerd, Strata).
    #[track_caller]
    pub fn both(&self, args: &[&str]) -> (Run, Run) {
        thread::scope(|scope| {
            let other = scope.spawn(|| self.dockerd.run(args));
            let rival = self.rival.run(args);
            (other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), rival)
        })
    }

    /// Runs the command against both; exit code, output and messages must be equal. Returns Strata's.
    #[track_caller]
    pub fn same(&self, args: &[&str]) -> Run {
        self.same_as(args, settled)
    }

    /// Likewise; `comparable` leaves out or replaces what has a reason to differ.
    #[track_caller]
    pub fn same_as(&self, args: &[&str], comparable: impl Fn(&str) -> String) -> Run {
        let (dockerd, rival) = self.both(args);
        self.compare(&format!("docker {}", args.join(" ")), [&dockerd, &rival], comparable);
        rival
    }

    /// Notes where what dockerd and Strata did differs, `what` being how it came about.
    #[track_caller]
    pub fn compare(&self, what: &str, [dockerd, rival]: [&Run; 2], comparable: impl Fn(&str) -> String) {
        let parts = |run: &Run| (run.code, comparable(&run.stdout), comparable(&run.stderr));
        if parts(dockerd) != parts(rival) {
            let mut text = format!("{what}\n");
            let _ = writeln!(text, "  at {}", std::panic::Location::caller());
            let [a, b] = [dockerd, rival].map(|run| {
                let (code, out, err) = parts(run);
                format!("exit {code}\n{out}{}", labelled("stderr: ", &err))
            });
            text += &line_difference(&a, &b);
            self.note(text);
        }
    }

    /// Runs the command against both; only the exit code must be equal. For what each engine words itself; `why`
    /// says so. Returns Strata's.
    #[track_caller]
    pub fn same_code(&self, args: &[&str], why: &str) -> Run {
        let (dockerd, rival) = self.both(args);
        if dockerd.code != rival.code {
            self.note(format!("docker {} ({why})\n--- {dockerd}\n--- {rival}\n", args.join(" ")));
        }
        rival
    }

    /// Notes a difference that the caller has found.
    pub fn note(&self, difference: String) {
        self.differences.lock().unwrap_or_else(PoisonError::into_inner).push(difference);
    }

    /// Prepares both engines: the command must succeed in both, its output doesn't matter.
    #[track_caller]
    pub fn prepare(&self, args: &[&str]) {
        let (dockerd, rival) = self.both(args);
        dockerd.ok();
        rival.ok();
    }

    /// The clients: (dockerd, Strata).
    pub fn clients(&self) -> (&Docker, &Docker) {
        (&self.dockerd, &self.rival)
    }

    /// Removes all images from both.
    #[track_caller]
    pub fn empty(&self) {
        for client in [&self.dockerd, &self.rival] {
            // dockerd refuses to remove an image before those that were made from it: then the others go first.
            for last in [false, false, true] {
                let ids = client.run(&["images", "--all", "--quiet", "--no-trunc"]).ok();
                let mut ids: Vec<&str> = ids.lines();
                ids.sort_unstable();
                ids.dedup();
                if ids.is_empty() {
                    break;
                }
                let removed = client.run(&[&["rmi", "--force"], &ids[..]].concat());
                if last {
                    removed.ok();
                }
            }
        }
    }
}

impl Drop for Duel<'_> {
    fn drop(&mut self) {
        let differences =
            std::mem::take(&mut *self.differences.lock().unwrap_or_else(PoisonError::into_inner));
        if !differences.is_empty() && !thread::panicking() {
            panic!("{} differences from dockerd:\n\n{}", differences.len(), differences.join("\n"));
        }
    }
}

fn labelled(label: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{label}{text}\n") }
}

/// Both texts if they are short, else the lines that differ with some around: `-` dockerd, `+` Strata.
fn line_difference(dockerd: &str, strata: &str) -> String {
    let whole = format!("--- dockerd: {dockerd}\n--- strata: {strata}\n");
    if whole.lines().count() < 24 {
        return whole;
    }
    let scratch = Scratch::new("diff");
    let write = |name: &str, text: &str| {
        std::fs::write(scratch.join(name), text).expect("the scratch directory is writable");
    };
    write("dockerd", dockerd);
    write("strata", strata);
    let mut command = std::process::Command::new("diff");
    command.args(["-U2", "dockerd", "strata"]).current_dir(scratch.path());
    crate::run(&mut command).stdout
}

/// The output of a pull with the layers' lines in the layers' order, each layer's in its own; other text as it is.
///
/// `Waiting`, `Verifying Checksum` and `Download complete` are left out: whether a layer has to wait is a matter of
/// timing, and dockerd drops messages that follow each other too fast.
pub fn settled(text: &str) -> String {
    let layer = |line: &str| {
        let (id, _) = line.split_once(": ")?;
        (id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit())).then(|| id.to_owned())
    };
    let mut order: Vec<String> = Vec::new();
    let mut lines: Vec<(usize, &str)> = Vec::new();
    for line in text.lines().filter(|line| !passing(line)) {
        let place = match layer(line) {
            // A line about no layer ends the group before it.
            None => {
                order.push(String::new());
                order.len() - 1
            }
            Some(id) => order.iter().position(|other| *other == id).unwrap_or_else(|| {
                order.push(id);
                order.len() - 1
            }),
        };
        lines.push((place, line));
    }
    lines.sort_by_key(|(place, _)| *place);
    lines.iter().fold(String::new(), |text, (_, line)| text + line.trim_end() + "\n")
}

fn passing(line: &str) -> bool {
    [": Waiting", ": Verifying Checksum", ": Download complete"].iter().any(|end| line.ends_with(end))
}

/// The lines sorted, for output in the order of a Go map: dockerd's deletions, the client's names of one image.
pub fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_pull_settles() {
        let a = "latest: Pulling from demo\naaaaaaaaaaaa: Pulling fs layer\nbbbbbbbbbbbb: Pulling fs layer\n\
                 bbbbbbbbbbbb: Waiting\nbbbbbbbbbbbb: Download complete\naaaaaaaaaaaa: Download complete\nDigest: x\n";
        let b = "latest: Pulling from demo\naaaaaaaaaaaa: Pulling fs layer\nbbbbbbbbbbbb: Pulling fs layer\n\
                 aaaaaaaaaaaa: Download complete\nbbbbbbbbbbbb: Download complete\nDigest: x\n";
        assert_eq!(super::settled(a), super::settled(b));
        assert!(super::settled(a).ends_with("Digest: x\n"));
    }
}
