//! What holds for every text.

use strata_dockerfile::{
    Command, CommandLine, Dockerfile, Instruction, Span, Stages, Word, apply, context::Listing, forecast,
    format, lint,
};

/// Looks at everything that is made of a text; gives what dockerd would say against it.
pub fn check(text: &str) -> Option<String> {
    let file = Dockerfile::parse(text);
    ranges(&file, text);
    let options = lint::Options::default();
    let found = lint::lint(&file, text, &options);
    for finding in found.iter().chain(&file.diagnostics) {
        inside(finding.span, text);
        if let Some(fix) = &finding.fix {
            assert!(fix.edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{fix:?}");
            fix.edits.iter().for_each(|edit| inside(edit.span, text));
            apply(text, &fix.edits);
        }
    }
    formats(&file, text);
    let (bases, context, cache) = (Default::default(), Listing::default(), forecast::Cache::default());
    let forecast = forecast::forecast(&file, &forecast::Request::default(), &bases, &context, &cache);
    assert!(forecast.steps.len() <= file.instructions.len());
    let _stages = Stages::of(&file, &Default::default());
    file.refusal("Dockerfile")
}

fn inside(span: Span, text: &str) {
    let (start, end) = (span.start as usize, span.end as usize);
    assert!(start <= end && text.get(start..end).is_some(), "{span:?} in {} bytes", text.len());
}

/// Ranges are in order, on characters, and hold what they say.
fn ranges(file: &Dockerfile, text: &str) {
    let mut end = 0;
    for instruction in &file.instructions {
        inside(instruction.span, text);
        assert!(instruction.span.start >= end);
        end = instruction.span.end;
        let lines = text[..instruction.span.start as usize].matches('\n').count() as u32 + 1;
        assert_eq!(instruction.lines.0, lines);
        is_there(&instruction.keyword, text);
        for flag in &instruction.flags {
            inside(flag.span, text);
        }
        // All text of the instruction is somewhere in the source.
        for (piece, span) in instruction.line.pieces() {
            assert_eq!(span.of(text), piece);
        }
        match &instruction.command {
            Command::From(from) => is_there(&from.image, text),
            Command::Copy(copy) | Command::Add(copy) if !copy.json => is_there(&copy.destination, text),
            Command::Run(run) => {
                if let Some(CommandLine::Shell(word)) = &run.command {
                    is_there(word, text);
                }
            }
            Command::Env(env) => env.pairs.iter().for_each(|pair| is_there(&pair.value, text)),
            _ => {}
        }
    }
    for comment in &file.comments {
        assert!(comment.of(text).starts_with('#'));
    }
}

/// A word that is in one piece is in its range; others are spanned.
fn is_there(word: &Word, text: &str) {
    inside(word.span, text);
    let source = word.span.of(text);
    if !source.contains('\n') && !word.text.is_empty() {
        assert_eq!(source, word.text);
    }
}

fn formats(file: &Dockerfile, text: &str) {
    let edits = format::format(file, text);
    edits.iter().for_each(|edit| inside(edit.span, text));
    assert!(edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{edits:?}");
    let once = apply(text, &edits);
    let again = Dockerfile::parse(&once);
    let meaning = |file: &Dockerfile| file.instructions.iter().map(meaning).collect::<Vec<_>>();
    assert_eq!(meaning(file), meaning(&again), "formatted:\n{once}");
    assert_eq!(file.directives.escape(), again.directives.escape(), "formatted:\n{once}");
    let twice = apply(&once, &format::format(&again, &once));
    assert_eq!(once, twice, "formatted twice");
}

/// What an instruction says, without where.
fn meaning(instruction: &Instruction) -> String {
    let text = format!(
        "{} {:?} {:?} {:?}",
        instruction.keyword.text.to_ascii_uppercase(),
        instruction
            .flags
            .iter()
            .map(|flag| (&flag.name, flag.value.as_ref().map(|value| &value.text)))
            .collect::<Vec<_>>(),
        instruction.heredocs.iter().map(|heredoc| (&heredoc.name, &heredoc.content)).collect::<Vec<_>>(),
        match &instruction.command {
            // The case of AS is shaped.
            Command::From(from) =>
                format!("{:?} {:?}", from.image.text, from.alias.as_ref().map(|(_, name)| &name.text)),
            Command::Invalid => instruction.line.text.trim().to_ascii_uppercase(),
            Command::Onbuild(onbuild) => onbuild.expression.clone(),
            command => format!("{command:?}"),
        }
    );
    // Spans are written as numbers.
    let mut out = String::new();
    let mut rest = &text[..];
    while let Some(at) = rest.find("span: Span {") {
        out.push_str(&rest[..at]);
        rest = rest[at..].split_once('}').map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    out
}
