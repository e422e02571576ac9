//! Rules about COPY and ADD.

use super::{Findings, from, stage::StageFacts};
use crate::{
    Base, Command, Copy, Edit, Instruction, Keyword, Span, Word,
    context::{PickError, is_remote},
    evaluate::Copied,
};

/// Names of archives that ADD unpacks, or that are unpacked by hand.
const ARCHIVES: [&str; 19] = [
    ".tar", ".Z", ".bz2", ".gz", ".lz", ".lzma", ".tZ", ".tb2", ".tbz", ".tbz2", ".tgz", ".tlz", ".tpz",
    ".txz", ".xz", ".tar.zst", ".zst", ".tzst", ".zip",
];

pub(super) fn check(findings: &mut Findings<'_>, instruction: &Instruction, stage: &mut StageFacts) {
    let triggered = match &instruction.command {
        Command::Onbuild(onbuild) => &onbuild.trigger,
        _ => instruction,
    };
    match &triggered.command {
        Command::Add(add) => {
            if let Some(source) = add.sources.iter().find(|source| is_plain_file(&source.word.text)) {
                let keyword = triggered.keyword.span;
                let lower = triggered.keyword.text.starts_with('a');
                let copy = if lower { "copy" } else { "COPY" };
                let fixes = add.sources.iter().all(|source| is_plain_file(&source.word.text))
                    && triggered.flags.iter().all(|flag| Keyword::Copy.flags().contains(&&flag.name[..]));
                let message = format!("{} is neither an archive nor an address: COPY it", source.word.text);
                let finding = findings.add("DL3020", keyword, message);
                if fixes {
                    finding.with_fix("Use COPY", vec![Edit::new(keyword, copy)]);
                }
            }
            ignored(findings, triggered, add);
        }
        Command::Copy(copy) => {
            destination(findings, copy, stage);
            source(findings, copy, stage);
            archives(copy, stage);
            ignored(findings, triggered, copy);
        }
        _ => {}
    }
}

fn unquoted(word: &Word) -> &str {
    word.text.trim_matches(['"', '\''])
}

fn is_plain_file(source: &str) -> bool {
    let source = source.trim_matches(['"', '\'']);
    !is_remote(source) && !is_archive(source) && !source.contains(['$', '<'])
}

fn is_archive(name: &str) -> bool {
    ARCHIVES.iter().any(|end| name.ends_with(end))
}

fn destination(findings: &mut Findings<'_>, copy: &Copy, stage: &StageFacts) {
    let path = unquoted(&copy.destination);
    if copy.sources.len() > 1 && !path.ends_with(['/', '\\']) && path != "." && !path.ends_with("/.") {
        let message = "With several sources the destination has to be a directory that ends with /";
        let span = copy.destination.span;
        let quote = usize::from(copy.json || copy.destination.text.ends_with(['"', '\'']));
        let at = Span::new(span.end as usize - quote, span.end as usize - quote);
        let finding = findings.add("DL3021", span, message);
        finding.with_fix("Add the slash", vec![Edit::new(at, "/")]);
    }
    let drive = path.as_bytes().get(1) == Some(&b':');
    if !stage.workdir && !path.starts_with(['/', '$']) && !drive {
        let message = "Where a relative destination leads to depends on the base image: set WORKDIR before";
        findings.add("DL3045", copy.destination.span, message);
    }
}

fn source(findings: &mut Findings<'_>, copy: &Copy, stage: &StageFacts) {
    let Some(name) = &copy.from else { return };
    let text = unquoted(name);
    if text.contains('$') || text.is_empty() {
        return;
    }
    let own = findings.stages.stages.get(stage.number).and_then(|stage| stage.name.clone());
    if own.as_deref() == Some(&text.to_lowercase()[..]) {
        findings.add("DL3023", name.span, format!("{text} is this very stage"));
        return;
    }
    match findings.stages.source_in(stage.number, text) {
        Base::Image(image) if !image.contains([':', '@', '/', '.']) => {
            let message = format!("No earlier stage is called {text}");
            findings.add("DL3022", name.span, message);
        }
        Base::Image(_) => from::registry(findings, name),
        Base::Unknown(_) => {
            findings.add("DL3022", name.span, format!("There is no earlier stage {text}"));
        }
        Base::Stage(_)
            if unquoted(&copy.destination) == "/"
                && copy.sources.iter().any(|source| unquoted(&source.word) == "/") =>
        {
            let message = "A copy of a whole file system keeps everything that the stage was to leave behind";
            findings.add("DL3067", copy.sources[0].word.span, message);
        }
        _ => {}
    }
}

/// Remembers archives, for a RUN that unpacks them.
fn archives(copy: &Copy, stage: &mut StageFacts) {
    if copy.from.is_some() {
        return;
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let target = unquoted(&copy.destination);
    if is_archive(target) {
        stage.archives.push((name(target), copy.destination.span));
        return;
    }
    let sources = copy.sources.iter().filter(|source| is_archive(unquoted(&source.word)));
    stage.archives.extend(sources.map(|source| (name(unquoted(&source.word)), source.word.span)));
}

/// Sources that `.dockerignore` leaves out.
fn ignored(findings: &mut Findings<'_>, instruction: &Instruction, copy: &Copy) {
    let Some((listing, ignore)) = findings.options.context.filter(|(_, ignore)| !ignore.is_empty()) else {
        return;
    };
    if copy.from.is_some() {
        return;
    }
    let name = instruction.kind().map(Keyword::name).unwrap_or_default();
    for source in &copy.sources {
        let text = &source.word.text;
        if source.heredoc.is_some() || text.contains('$') || is_remote(text) {
            continue;
        }
        let copied = Copied { sources: vec![text.clone()], ..Copied::default() };
        let picked = match listing.pick(&copied) {
            Ok(picked) => picked,
            Err(PickError::Missing { .. } | PickError::Nothing | PickError::Remote { .. }) => continue,
        };
        let path = text.trim_start_matches("./").trim_matches('/');
        let root = path.trim_matches(['.', '/']).is_empty();
        // A directory that isn't left out itself is copied, if only empty.
        let left_out = path.contains(['*', '?', '[']) || ignore.ignores(path);
        if !root
            && left_out
            && !picked.is_empty()
            && picked.iter().all(|picked| ignore.ignores(&picked.entry.path))
        {
            let line = picked.first().and_then(|picked| ignore.verdict(&picked.entry.path).line).unwrap_or(0);
            let message = format!("{name} finds nothing: line {line} of .dockerignore leaves {text} out");
            findings.add("CopyIgnoredFile", source.word.span, message);
        }
    }
}
