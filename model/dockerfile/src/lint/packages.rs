//! Rules about package managers.

use super::{Findings, run::mounts_over, scripts::RunScript, shell::Call, stage::StageFacts};
use crate::{Run, Span};

pub(super) fn check(findings: &mut Findings<'_>, run: &Run, scripts: &[RunScript<'_>], stage: &StageFacts) {
    for script in scripts.iter().filter(|script| !script.script.broken) {
        for (at, call) in script.script.calls.iter().enumerate() {
            match &call.name.text[..] {
                "apt-get" => apt(findings, script, call),
                "apk" => apk(findings, run, script, call),
                "npm" => npm(findings, script, call),
                "gem" => gem(findings, script, call),
                "yum" => red_hat(findings, run, script, at, "yum"),
                "dnf" => red_hat(findings, run, script, at, "dnf"),
                "microdnf" => red_hat(findings, run, script, at, "microdnf"),
                "zypper" => zypper(findings, run, script, at),
                "go" => go(findings, script, call),
                name if name.starts_with("pip") || name.starts_with("python") => {
                    pip(findings, run, script, call, stage);
                }
                _ => {}
            }
        }
    }
}

/// The first of a call's packages that has no version.
fn unpinned<'a>(
    script: &RunScript<'_>,
    call: &'a Call,
    verbs: &[&str],
    valued: &[&str],
    fixed: impl Fn(&str) -> bool,
) -> Option<(Span, &'a str)> {
    let mut packages = call.plain_args(valued).filter(|arg| !verbs.contains(&&arg.text[..]));
    let found = packages.find(|arg| !fixed(&arg.text))?;
    Some((script.span(found.place), &found.text))
}

fn add_flag(
    findings: &mut Findings<'_>,
    code: &'static str,
    script: &RunScript<'_>,
    call: &Call,
    words: &[&str],
    flag: &str,
    message: &'static str,
) {
    let edit = script.insert_after_word(call, words, &format!(" {flag}"));
    let finding = findings.add(code, script.span(call.name.place), message);
    if let Some(edit) = edit {
        finding.with_fix(format!("Add {flag}"), vec![edit]);
    }
}

fn apt(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let simulated = call.has_flag(&["s", "simulate", "dry-run", "just-print", "no-act", "recon"]);
    if !call.has_arg(&["install"]) || simulated {
        return;
    }
    let fixed = |package: &str| package.contains(['=', '/']) || package.ends_with(".deb");
    let valued = ["t", "target-release", "o", "option", "c", "config-file"];
    if let Some((span, package)) = unpinned(script, call, &["install"], &valued, fixed) {
        findings.add(
            "DL3008",
            span,
            format!("Which version of {package} comes depends on the day: {package}=VERSION"),
        );
    }
    let quiet = call.count_flag("q") == 2 || call.count_flag("quiet") == 2 || call.has_arg(&["-q=2"]);
    if !call.has_flag(&["y", "yes", "qq", "assume-yes"]) && !quiet {
        add_flag(
            findings,
            "DL3014",
            script,
            call,
            &["install"],
            "-y",
            "apt-get will ask, and nobody answers",
        );
    }
    let without = call.has_flag(&["no-install-recommends"])
        || call.args.iter().any(|arg| {
            arg.text.contains("Install-Recommends=false") || arg.text.contains("Install-Recommends=0")
        });
    if !without {
        let message = "apt-get also installs what is only recommended";
        add_flag(findings, "DL3015", script, call, &["install"], "--no-install-recommends", message);
    }
}

fn apk(findings: &mut Findings<'_>, run: &Run, script: &RunScript<'_>, call: &Call) {
    if !call.has_arg(&["add"]) {
        return;
    }
    let fixed = |package: &str| package.contains(['=', '~', '>', '<']) || package.ends_with(".apk");
    let valued = ["t", "virtual", "repository", "X"];
    if let Some((span, package)) = unpinned(script, call, &["add"], &valued, fixed) {
        findings.add(
            "DL3018",
            span,
            format!("Which version of {package} comes depends on the day: {package}=VERSION"),
        );
    }
    if !call.has_flag(&["no-cache"]) && !mounts_over(run, "/var/cache/apk") {
        let message = "The index of apk stays in the layer";
        add_flag(findings, "DL3019", script, call, &["add"], "--no-cache", message);
    }
}

fn npm(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let valued = ["loglevel", "registry", "prefix", "cache", "userconfig"];
    let mut plain = call.plain_args(&valued);
    if !plain.next().is_some_and(|first| matches!(&first.text[..], "install" | "i" | "add")) {
        return;
    }
    let fixed = |package: &str| {
        let git = ["git://", "git+ssh://", "git+http://", "git+https://"];
        if git.iter().any(|scheme| package.starts_with(scheme)) {
            return package.contains('#');
        }
        let file = package.starts_with(['/', '.', '~'])
            || [".tar", ".tar.gz", ".tgz"].iter().any(|end| package.ends_with(end));
        let name = package
            .strip_prefix('@')
            .map_or(package, |scoped| scoped.split_once('/').map_or("", |(_, name)| name));
        file || name.contains('@') || package.contains('$')
    };
    let verbs = ["install", "i", "add"];
    if let Some((span, package)) = unpinned(script, call, &verbs, &valued, fixed) {
        findings.add(
            "DL3016",
            span,
            format!("Which version of {package} comes depends on the day: {package}@VERSION"),
        );
    }
}

fn gem(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let verbs = ["install", "i"];
    let pinned = call
        .args
        .iter()
        .any(|arg| matches!(&arg.text[..], "-v" | "--version") || arg.text.starts_with("--version="));
    let first = call.plain_args(&[]).next();
    if pinned || !first.is_some_and(|first| verbs.contains(&&first.text[..])) {
        return;
    }
    // What is behind -- is for the build of extensions.
    let end = call.args.iter().position(|arg| arg.text == "--").unwrap_or(call.args.len());
    let mut args = call.args[..end].iter();
    while let Some(arg) = args.next() {
        if arg.text.starts_with('-') {
            args.next();
        } else if !verbs.contains(&&arg.text[..])
            && !arg.text.contains([':', '$'])
            && !arg.text.ends_with(".gem")
        {
            let message = format!("Which version of {0} comes depends on the day: {0}:VERSION", arg.text);
            findings.add("DL3028", script.span(arg.place), message);
            return;
        }
    }
}

/// Whether a package of yum or dnf has a version: a dash and digits behind it.
fn has_version(package: &str) -> bool {
    let digit = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    package.ends_with(".rpm")
        || package.contains(['$', '/', '*', '@'])
        || package.split('-').skip(1).any(digit)
}

fn red_hat(findings: &mut Findings<'_>, run: &Run, script: &RunScript<'_>, at: usize, program: &'static str) {
    let calls = &script.script.calls;
    let call = &calls[at];
    let is_yum = program == "yum";
    let verbs = ["install", "groupinstall", "localinstall"];
    if !call.has_arg(&verbs) || call.has_arg(&["module", "group"]) {
        return;
    }
    let (yes, clean, version) =
        if is_yum { ("DL3030", "DL3032", "DL3033") } else { ("DL3038", "DL3040", "DL3041") };
    if !call.has_flag(&["y", "yes", "assumeyes"]) {
        add_flag(findings, yes, script, call, &verbs, "-y", "It will ask, and nobody answers");
    }
    let valued = ["setopt", "enablerepo", "disablerepo", "releasever", "installroot", "c", "config"];
    if call.has_arg(&["install"])
        && let Some((span, package)) = unpinned(script, call, &["install"], &valued, has_version)
    {
        findings.add(
            version,
            span,
            format!("Which version of {package} comes depends on the day: {package}-VERSION"),
        );
    }
    let cleans = |later: &Call| {
        let own = later.is(program) && later.has_arg(&["clean"]);
        let directory = if is_yum { "/var/cache/yum" } else { "/var/cache/" };
        own || (later.is("rm") && later.args.iter().any(|arg| arg.text.starts_with(directory)))
    };
    let caches = ["/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"];
    let is_last = !calls[at + 1..].iter().any(|later| later.is(program) && later.has_arg(&verbs));
    if is_last && !calls[at + 1..].iter().any(cleans) && !caches.iter().any(|cache| mounts_over(run, cache)) {
        let message = "What was downloaded stays in the layer: clean all in the same RUN";
        let edit = script.append(&format!(" && {program} clean all"));
        let finding = findings.add(clean, script.span(call.name.place), message);
        if let Some(edit) = edit {
            finding.with_fix("Clean up", vec![edit]);
        }
    }
}

fn zypper(findings: &mut Findings<'_>, run: &Run, script: &RunScript<'_>, at: usize) {
    let calls = &script.script.calls;
    let call = &calls[at];
    let changes = ["install", "in", "remove", "rm", "source-install", "si", "patch"];
    if call.has_arg(&changes) && !call.has_flag(&["non-interactive", "n", "no-confirm", "y"]) {
        add_flag(findings, "DL3034", script, call, &changes, "-y", "zypper will ask, and nobody answers");
    }
    if call.has_arg(&["dist-upgrade", "dup"]) {
        findings.add(
            "DL3035",
            script.span(call.name.place),
            "A newer base image is better than a dist-upgrade",
        );
    }
    let verbs = ["install", "in"];
    if !call.has_arg(&verbs) {
        return;
    }
    let fixed = |package: &str| package.contains(['=', '>', '<', '$']) || package.ends_with(".rpm");
    if let Some((span, package)) = unpinned(script, call, &verbs, &["r", "repo", "from", "t", "type"], fixed)
    {
        findings.add(
            "DL3037",
            span,
            format!("Which version of {package} comes depends on the day: {package}=VERSION"),
        );
    }
    let cleans = |later: &Call| later.has("zypper", &["clean", "cc"]);
    if !calls[at + 1..].iter().any(cleans) && !mounts_over(run, "/var/cache/zypp") {
        let message = "What was downloaded stays in the layer: zypper clean in the same RUN";
        let edit = script.append(" && zypper clean");
        let finding = findings.add("DL3036", script.span(call.name.place), message);
        if let Some(edit) = edit {
            finding.with_fix("Clean up", vec![edit]);
        }
    }
}

fn go(findings: &mut Findings<'_>, script: &RunScript<'_>, call: &Call) {
    let valued = ["tags", "ldflags", "gcflags", "mod", "o", "p", "C", "modfile", "overlay"];
    // Go's flags have one dash and may have a whole word as their value.
    let mut args = call.args.iter();
    let mut verb = None;
    while let Some(arg) = args.next() {
        if let Some(flag) = arg.text.strip_prefix('-') {
            if valued.contains(&flag.trim_start_matches('-')) {
                args.next();
            }
            continue;
        }
        match verb {
            None if matches!(&arg.text[..], "install" | "get" | "run") => verb = Some(&arg.text[..]),
            None => return,
            Some(_) if arg.text == "tool" => {}
            Some(verb) => {
                let package = &arg.text;
                let local =
                    package.starts_with(['.', '/']) || package.contains('$') || package.ends_with(".go");
                let pinned =
                    package.contains('@') && !package.ends_with("@latest") && !package.ends_with("@none");
                let standard = !package.split('/').next().is_some_and(|host| host.contains('.'));
                if !local && !pinned && !standard {
                    let name = package.split('@').next().unwrap_or(package);
                    let message = format!("Which version of {name} comes depends on the day: {name}@VERSION");
                    findings.add("DL3062", script.span(arg.place), message);
                    return;
                }
                if verb == "run" {
                    return;
                }
            }
        }
    }
}

fn pip(findings: &mut Findings<'_>, run: &Run, script: &RunScript<'_>, call: &Call, stage: &StageFacts) {
    let name = &call.name.text;
    let direct = name.starts_with("pip")
        && !name.starts_with("pipenv")
        && !name.starts_with("pipx")
        && call.has_arg(&["install"]);
    let module = name.starts_with("python") && call.has_sequence(&["-m", "pip", "install"]);
    if !direct && !module {
        return;
    }
    let no_cache = script.text.find("PIP_NO_CACHE_DIR=").is_some_and(|at| {
        let value = &script.text[at + "PIP_NO_CACHE_DIR=".len()..].to_ascii_lowercase();
        ["1", "true", "on", "yes"].iter().any(|on| value.starts_with(on))
    });
    let cached = !call.has_flag(&["no-cache-dir"]) && !no_cache && !stage.pip_without_cache;
    if cached && !mounts_over(run, ".cache/pip") {
        let message = "The cache of pip stays in the layer";
        add_flag(findings, "DL3042", script, call, &["install"], "--no-cache-dir", message);
    }
    if call.has_flag(&["requirement", "r", "constraint", "c", "e", "editable"]) || call.has_arg(&["."]) {
        return;
    }
    let valued = [
        "abi",
        "b",
        "build",
        "extra-index-url",
        "f",
        "find-links",
        "i",
        "index-url",
        "implementation",
        "no-binary",
        "only-binary",
        "platform",
        "prefix",
        "progress-bar",
        "proxy",
        "python",
        "python-version",
        "root",
        "root-user-action",
        "src",
        "t",
        "target",
        "trusted-host",
        "upgrade-strategy",
        "m",
        "cache-dir",
        "retries",
        "timeout",
    ];
    let fixed = |package: &str| {
        let vcs = ["git", "hg", "svn", "bzr"].iter().any(|scheme| {
            package.starts_with(&format!("{scheme}+")) || package.starts_with(&format!("{scheme}:"))
        });
        let compared = ["==", ">=", "<=", ">", "<", "!=", "~="].iter().any(|symbol| package.contains(symbol));
        let file =
            package.ends_with(".whl") || package.ends_with(".tar.gz") || (!vcs && package.contains('/'));
        compared || file || (vcs && package.contains('@')) || package.contains('$')
    };
    let found = unpinned(script, call, &["pip", "install"], &valued, fixed);
    if let Some((span, package)) = found {
        findings.add(
            "DL3013",
            span,
            format!("Which version of {package} comes depends on the day: {package}==VERSION"),
        );
    }
}
