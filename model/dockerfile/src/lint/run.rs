//! Rules about RUN that are not about packages.

use super::{
    Findings,
    scripts::RunScript,
    shell::{Call, Note},
    stage::StageFacts,
};
use crate::{Edit, Instruction, Run, Span};

/// Programs that make no sense while an image is built.
const SENSELESS: [&str; 9] = ["free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"];

/// Programs that unpack.
const UNPACKERS: [&str; 9] =
    ["unzip", "gunzip", "bunzip2", "unlzma", "unxz", "zgz", "uncompress", "zcat", "gzcat"];

pub(super) fn check(
    findings: &mut Findings<'_>,
    instruction: &Instruction,
    run: &Run,
    scripts: &[RunScript<'_>],
    stage: &mut StageFacts,
) {
    for script in scripts.iter().filter(|script| !script.script.broken) {
        for call in &script.script.calls {
            one(findings, script, call);
            unpacks(findings, call, stage);
        }
        fetchers(findings, script, stage);
        apt_lists(run, script, stage);
        yarn(run, script, stage);
        pipes(findings, instruction, script, stage);
    }
    consecutive(findings, instruction, scripts, stage);
}

fn one(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let name = &call.name.text[..];
    let span = script.span(call.name.place);
    match name {
        name if SENSELESS.contains(&name) => {
            findings.add("DL3001", span, format!("{name} has no effect that lasts in an image"));
        }
        "cd" if script.can_edit() => {
            findings.add("DL3003", span, "Change the directory with WORKDIR");
        }
        "sudo" => {
            findings.add(
                "DL3004",
                span,
                "sudo behaves in unexpected ways here: use USER, or gosu at run time",
            );
        }
        "apt" => {
            let finding =
                findings.add("DL3027", span, "apt is made for people: use apt-get or apt-cache in scripts");
            let known =
                ["install", "update", "upgrade", "remove", "purge", "autoremove", "clean", "autoclean"];
            if script.can_edit()
                && call.has_arg(&known)
                && script.text.get(call.name.place.0..call.name.place.1) == Some("apt")
            {
                finding.with_fix("Use apt-get", vec![Edit::new(span, "apt-get")]);
            }
        }
        "useradd" => {
            let high = |id: &&str| id.len() > 5 && id.bytes().all(|byte| byte.is_ascii_digit());
            if !call.has_flag(&["l", "no-log-init"]) && call.values("uid", "u").iter().any(high) {
                let message = "With a high user id useradd makes a huge log file: use -l";
                let edit = script.insert_behind(call.name.place, " -l");
                let finding = findings.add("DL3046", span, message);
                if script.can_edit() {
                    finding.with_fix("Add -l", vec![edit]);
                }
            }
        }
        "wget" => {
            let quiet = ["q", "quiet", "o", "output-file", "a", "append-output", "no-verbose", "progress"];
            if !call.has_flag(&quiet) && !call.has_arg(&["-nv", "-V", "--version", "--help", "--spider"]) {
                let edit = script.insert_behind(call.name.place, " --progress=dot:giga");
                let finding = findings.add("DL3047", span, "The progress bar of wget fills the log");
                if script.can_edit() {
                    finding.with_fix("Add --progress=dot:giga", vec![edit]);
                }
            }
        }
        "ln" if call.has_arg(&["/bin/sh"]) => {
            findings.add("DL4005", span, "Choose the shell with SHELL instead of replacing /bin/sh");
        }
        _ => {}
    }
}

fn unpacks(findings: &mut Findings<'_>, call: &Call, stage: &mut StageFacts) {
    let tar = call.is("tar")
        && call.args.iter().enumerate().any(|(at, arg)| {
            let short = arg.text.starts_with('-') && !arg.text.starts_with("--") && arg.text.contains('x');
            short || matches!(&arg.text[..], "--extract" | "--get") || (at == 0 && arg.text.starts_with('x'))
        });
    if !tar && !UNPACKERS.contains(&&call.name.text[..]) {
        return;
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let found: Vec<Span> = stage
        .archives
        .iter()
        .filter(|(archive, _)| call.args.iter().any(|arg| name(&arg.text) == *archive))
        .map(|(_, span)| *span)
        .collect();
    for span in found {
        findings.add("DL3010", span, "ADD unpacks an archive, and doesn't leave the packed one in a layer");
    }
}

fn fetchers(findings: &mut Findings<'_>, script: &RunScript<'_>, stage: &mut StageFacts) {
    let used = |call: &Call| ["curl", "wget"].into_iter().find(|fetcher| call.is(fetcher));
    let mut last = None;
    for call in &script.script.calls {
        if let Some(fetcher) = used(call) {
            stage.fetchers.insert(fetcher);
            last = Some(call.name.place);
        }
    }
    if let (Some(place), 2) = (last, stage.fetchers.len()) {
        findings.add("DL4001", script.span(place), "One of curl and wget is enough for an image");
    }
}

/// Whether a RUN mounts something over a directory, so that what is written there is in no layer.
pub(super) fn mounts_over(run: &Run, directory: &str) -> bool {
    run.mounts.iter().any(|mount| {
        let text = &mount.text;
        let cache = text.contains("type=cache") || text.contains("type=tmpfs");
        let mut targets = text.split(',').filter_map(|field| field.split_once('='));
        let target = targets.find(|(key, _)| matches!(*key, "target" | "dst" | "destination"));
        cache
            && target.is_some_and(|(_, path)| {
                let path = path.trim_end_matches('/');
                path == directory || path.ends_with(directory)
            })
    })
}

fn apt_lists(run: &Run, script: &RunScript<'_>, stage: &mut StageFacts) {
    let updates =
        |call: &Call| ["apt", "apt-get", "aptitude"].iter().any(|program| call.has(program, &["update"]));
    let cleans = |call: &Call| {
        let lists = |text: &str| {
            text.contains("/var/lib/apt/lists") || text == "/var/lib/apt" || text == "/var/lib/apt/*"
        };
        let removes = call.is("rm") && call.args.iter().any(|arg| lists(&arg.text));
        removes || call.has("apt-get", &["dist-clean", "distclean"])
    };
    let disables = |call: &Call| call.is("rm") && call.has_arg(&["/etc/apt/apt.conf.d/docker-clean"]);
    stage.keeps_packages |= script.script.calls_any(disables);
    let Some(update) = script.script.calls.iter().find(|call| updates(call)) else { return };
    let mounted = mounts_over(run, "/var/lib/apt/lists")
        || (mounts_over(run, "/var/lib/apt") && mounts_over(run, "/var/cache/apt"));
    if script.script.calls_any(cleans) || mounted {
        return;
    }
    let fix = script.append(" && rm -rf /var/lib/apt/lists/*");
    let fix = fix.map(|edit| crate::Fix { title: "Remove the lists".into(), edits: vec![edit] });
    let message = "The lists that apt fetches stay in the layer: remove them in the same RUN";
    stage.if_shipped.push(("DL3009", script.span(update.name.place), message, fix));
}

fn yarn(run: &Run, script: &RunScript<'_>, stage: &mut StageFacts) {
    let calls = &script.script.calls;
    let Some(install) = calls.iter().position(|call| call.has("yarn", &["install"])) else { return };
    let clean = calls.iter().rposition(|call| call.is("yarn") && call.has_sequence(&["cache", "clean"]));
    if clean.is_some_and(|clean| clean > install) || mounts_over(run, ".cache/yarn") {
        return;
    }
    let fix = script.append(" && yarn cache clean");
    let fix = fix.map(|edit| crate::Fix { title: "Clean the cache".into(), edits: vec![edit] });
    let message = "The cache of yarn stays in the layer: clean it in the same RUN";
    stage.if_shipped.push(("DL3060", script.span(calls[install].name.place), message, fix));
}

fn pipes(findings: &mut Findings<'_>, instruction: &Instruction, script: &RunScript<'_>, stage: &StageFacts) {
    if stage.pipefail() || !script.can_edit() {
        return;
    }
    let sets = |call: &Call| call.is("set") && call.has_arg(&["pipefail"]);
    if script.script.calls_any(sets) {
        return;
    }
    let pipe = script.script.notes.iter().find(|(note, _)| *note == Note::Pipe);
    if let Some((_, place)) = pipe {
        let message = "When a command before the pipe fails nobody notices: SHELL with -o pipefail";
        let finding = findings.add("DL4006", script.span(*place), message);
        let start = instruction.span.start as usize;
        let edit =
            Edit::new(Span::new(start, start), "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n");
        finding.with_fix("Use bash with pipefail", vec![edit]);
    }
}

/// A RUN right behind another one.
fn consecutive(
    findings: &mut Findings<'_>,
    instruction: &Instruction,
    scripts: &[RunScript<'_>],
    stage: &mut StageFacts,
) {
    let flags: Vec<String> =
        instruction.flags.iter().map(|flag| flag.span.of(findings.text).to_owned()).collect();
    let count = scripts.iter().map(|script| script.script.calls.len()).sum();
    if let Some((last_flags, last_count)) = &stage.last_run {
        // Who chains commands divides them on purpose.
        if *last_flags == flags && count <= 2 && *last_count <= 2 {
            let message = "Several RUN after one another make a layer each: one RUN with && makes one";
            findings.add("DL3059", instruction.keyword.span, message);
            return;
        }
    }
    stage.last_run = Some((flags, count));
}
