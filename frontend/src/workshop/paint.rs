//! Which words of a Dockerfile get which colour.
//!
//! The instructions' words are the parser's; what a shell would run is looked at only for its quotes, variables and
//! operators. Kinds are numbers that `frontend/js/editor/words.js` knows by the same order.

use strata_dockerfile::{Command, CommandLine, Dockerfile, Instruction, Keyword, Lines, Span, Word, expand};

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[repr(u8)]
pub enum Kind {
    Comment,
    Directive,
    Keyword,
    Flag,
    String,
    Variable,
    Stage,
    Image,
    Escape,
    Heredoc,
    Operator,
    Number,
}

/// Coloured words: from, to (UTF-16 offsets), kind; sorted, and apart.
pub fn paint(text: &str, file: &Dockerfile) -> Vec<u32> {
    let mut canvas = Canvas { text, kinds: vec![0; text.len()], escape: file.directives.escape() };
    for comment in &file.comments {
        canvas.fill(*comment, Kind::Comment);
    }
    for directive in file.directives.iter() {
        canvas.fill(directive.span, Kind::Directive);
    }
    let mut stages: Vec<String> = Vec::new();
    for instruction in &file.instructions {
        canvas.instruction(instruction, &stages);
        if let Command::From(from) = &instruction.command
            && let Some((_, name)) = &from.alias
        {
            stages.push(name.text.to_ascii_lowercase());
        }
    }
    canvas.runs()
}

struct Canvas<'a> {
    text: &'a str,
    /// For each byte the kind plus one; 0 for none.
    kinds: Vec<u8>,
    escape: char,
}

impl Canvas<'_> {
    fn fill(&mut self, span: Span, kind: Kind) {
        let range = span.start as usize..(span.end as usize).min(self.kinds.len());
        if let Some(kinds) = self.kinds.get_mut(range) {
            kinds.fill(kind as u8 + 1);
        }
    }

    fn instruction(&mut self, instruction: &Instruction, stages: &[String]) {
        self.arguments(instruction, stages);
        for flag in &instruction.flags {
            self.fill(flag.span, Kind::Flag);
            if let Some(value) = flag.value.as_ref().filter(|_| flag.name == "from") {
                self.source(value, stages);
            }
            if let Some(value) = &flag.value {
                self.variables(value.span);
            }
        }
        self.fill(instruction.keyword.span, Kind::Keyword);
        self.continuations(instruction.span);
        for comment in &instruction.line.comments {
            self.fill(*comment, Kind::Comment);
        }
        for heredoc in &instruction.heredocs {
            self.fill(heredoc.body, Kind::Heredoc);
            if heredoc.expand && !matches!(instruction.command, Command::Run(_)) {
                self.variables(heredoc.body);
            }
            self.fill(heredoc.terminator, Kind::Keyword);
        }
    }

    fn arguments(&mut self, instruction: &Instruction, stages: &[String]) {
        match &instruction.command {
            Command::From(from) => {
                self.source(&from.image, stages);
                self.variables(from.image.span);
                if let Some((word, name)) = &from.alias {
                    self.fill(word.span, Kind::Keyword);
                    self.fill(name.span, Kind::Stage);
                }
            }
            Command::Run(run) => self.command(run.command.as_ref()),
            Command::Cmd(command) | Command::Entrypoint(command) => self.command(command.as_ref()),
            Command::Healthcheck(strata_dockerfile::Healthcheck::Probe(probe)) => {
                self.command(Some(&probe.command))
            }
            Command::Shell(words) | Command::Volume(words) => self.strings(words),
            Command::Copy(copy) | Command::Add(copy) => {
                if copy.json {
                    copy.sources.iter().for_each(|source| self.fill(source.word.span, Kind::String));
                    self.fill(copy.destination.span, Kind::String);
                }
                for source in copy.sources.iter().filter(|source| source.heredoc.is_some()) {
                    self.fill(source.word.span, Kind::Operator);
                }
                self.variables(instruction.arguments);
            }
            Command::Expose(words) => {
                words.iter().for_each(|word| self.fill(word.span, Kind::Number));
                self.variables(instruction.arguments);
            }
            Command::Onbuild(onbuild) => self.instruction(&onbuild.trigger, stages),
            Command::Maintainer(_) | Command::Invalid | Command::Healthcheck(_) => {}
            _ => {
                self.quotes(instruction.arguments);
                self.variables(instruction.arguments);
            }
        }
    }

    /// A stage if there is one of that name or number, else an image.
    fn source(&mut self, word: &Word, stages: &[String]) {
        let name = word.text.to_ascii_lowercase();
        let number = name.parse::<usize>().is_ok_and(|number| number <= stages.len() + 64);
        let kind = if stages.contains(&name) || number { Kind::Stage } else { Kind::Image };
        self.fill(word.span, kind);
    }

    fn strings(&mut self, words: &[Word]) {
        words.iter().for_each(|word| self.fill(word.span, Kind::String));
    }

    fn command(&mut self, command: Option<&CommandLine>) {
        match command {
            Some(CommandLine::Exec(words)) => self.strings(words),
            Some(CommandLine::Shell(word)) => {
                self.quotes(word.span);
                self.shell(word.span);
            }
            None => {}
        }
    }

    /// Quoted strings, as far as they are closed.
    fn quotes(&mut self, span: Span) {
        let bytes = span.of(self.text).as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let quote = bytes[at];
            let escaped = at > 0 && bytes[at - 1] == b'\\';
            if !matches!(quote, b'"' | b'\'') || escaped {
                at += 1;
                continue;
            }
            let inside = bytes[at + 1..].iter().enumerate();
            let closed = inside
                .clone()
                .position(|(n, byte)| *byte == quote && (quote == b'\'' || n == 0 || bytes[at + n] != b'\\'));
            let Some(length) = closed else { break };
            let start = span.start as usize + at;
            self.fill(Span::new(start, start + length + 2), Kind::String);
            at += length + 2;
        }
    }

    /// Variables and operators of a shell, outside of single quotes.
    fn shell(&mut self, span: Span) {
        let bytes = span.of(self.text).as_bytes();
        let start = span.start as usize;
        let mut single = false;
        let mut double = false;
        let mut at = 0;
        while at < bytes.len() {
            let length = match bytes[at] {
                b'\\' => {
                    at += 2;
                    continue;
                }
                b'\'' if !double => {
                    single = !single;
                    1
                }
                b'"' if !single => {
                    double = !double;
                    1
                }
                b'$' if !single => {
                    let length = variable(&bytes[at..]);
                    if length > 1 {
                        self.fill(Span::new(start + at, start + at + length), Kind::Variable);
                    }
                    length
                }
                b'&' | b'|' | b';' | b'<' | b'>' if !single && !double => {
                    self.fill(Span::new(start + at, start + at + 1), Kind::Operator);
                    1
                }
                _ => 1,
            };
            at += length;
        }
    }

    /// Variables as the builder replaces them.
    fn variables(&mut self, span: Span) {
        for reference in expand::references(span.of(self.text), self.escape) {
            let (from, to) = (span.start as usize + reference.start, span.start as usize + reference.end);
            self.fill(Span::new(from, to), Kind::Variable);
        }
    }

    /// The escapes at the ends of lines.
    fn continuations(&mut self, span: Span) {
        let text = span.of(self.text);
        let mut start = span.start as usize;
        for line in text.split_inclusive('\n') {
            let kept = line.trim_end();
            if line.ends_with('\n') && kept.ends_with(self.escape) {
                let at = start + kept.len() - self.escape.len_utf8();
                self.fill(Span::new(at, at + self.escape.len_utf8()), Kind::Escape);
            }
            start += line.len();
        }
    }

    fn runs(&self) -> Vec<u32> {
        let lines = Lines::of(self.text);
        let mut runs = Vec::new();
        let mut at = 0;
        while at < self.kinds.len() {
            let kind = self.kinds[at];
            let length = self.kinds[at..].iter().take_while(|other| **other == kind).count();
            if kind != 0 {
                let (from, to) = (lines.utf16(at as u32), lines.utf16((at + length) as u32));
                runs.extend([from, to, u32::from(kind - 1)]);
            }
            at += length;
        }
        runs
    }
}

/// How long the variable is that begins with this `$`; 1 if it is only a dollar.
fn variable(bytes: &[u8]) -> usize {
    match bytes.get(1) {
        Some(b'{') => bytes.iter().position(|byte| *byte == b'}').map_or(1, |end| end + 1),
        Some(b'@' | b'*' | b'#' | b'?' | b'!' | b'$' | b'0'..=b'9') => 2,
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
            1 + bytes[1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
        }
        _ => 1,
    }
}

/// Whether a keyword's arguments are a shell's.
pub fn is_shells(keyword: Option<Keyword>) -> bool {
    matches!(keyword, Some(Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words with their kinds, in a notation that can be read.
    fn painted(text: &str) -> Vec<(String, u32)> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let words = paint(text, &Dockerfile::parse(text));
        let (mut last, mut out) = (0, Vec::new());
        for word in words.chunks(3) {
            assert!(last <= word[0] && word[0] < word[1] && word[1] as usize <= units.len());
            last = word[1];
            out.push((String::from_utf16_lossy(&units[word[0] as usize..word[1] as usize]), word[2]));
        }
        out
    }

    fn has(text: &str, word: &str, kind: Kind) {
        let words = painted(text);
        assert!(words.contains(&(word.to_owned(), kind as u32)), "{word:?} of {words:?}");
    }

    #[test]
    fn words_have_their_kinds() {
        let text = "# syntax=docker/dockerfile:1\n# 注释 comment\nARG TAG=1\nFROM --platform=linux/amd64 base:${TAG} AS build\nRUN echo \"it is $HOME\" && \\\n    # inside\n    make\nFROM build\nCOPY --from=build /a /b\nCMD [\"sh\", \"-c\"]\nENV A='x' B=$TAG\nONBUILD RUN make | cat\n";
        has(text, "# 注释 comment", Kind::Comment);
        has(text, "# syntax=docker/dockerfile:1", Kind::Directive);
        has(text, "FROM", Kind::Keyword);
        has(text, "AS", Kind::Keyword);
        has(text, "base:", Kind::Image);
        has(text, "${TAG}", Kind::Variable);
        has(text, "$HOME", Kind::Variable);
        has(text, "\\", Kind::Escape);
        has(text, "# inside", Kind::Comment);
        has(text, "build", Kind::Stage);
        has(text, "'x'", Kind::String);
        has(text, "|", Kind::Operator);
        assert_eq!(
            painted(text)
                .iter()
                .filter(|(word, kind)| word == "build" && *kind == Kind::Stage as u32)
                .count(),
            3
        );
    }

    #[test]
    fn whatever_is_typed_is_painted_in_order() {
        let text = "FROM busybox\nRUN <<EOF\necho 😀 \"open\nEOF\nCOPY <<'A' /x\n$y\nA\nRUN echo 'é' \\\n";
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            painted(&text[..end]);
        }
        for nonsense in
            ["", "\u{feff}FROM x", "FROM\t\t--", "RUN [\"a\", ", "\\\n\\\n", "ENV \"", "RUN echo \"\\\"\"'$"]
        {
            painted(nonsense);
        }
    }
}
