//! What an image's history says, as the line that somebody wrote.

/// A history row's `created_by` as a Dockerfile line: the keyword apart from its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    /// `RUN`, `COPY`, …; empty when the text names none.
    pub keyword: String,
    /// All else.
    pub arguments: String,
}

const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

impl Instruction {
    /// Reads what the classic builder (`/bin/sh -c #(nop)  CMD ["sh"]`, `/bin/sh -c make`), BuildKit
    /// (`RUN /bin/sh -c make # buildkit`) and others write.
    pub fn read(created_by: &str) -> Self {
        let text = created_by.trim().trim_end_matches("# buildkit").trim_end();
        let (text, build_args) = strip_build_args(text);
        if let Some(rest) = text.strip_prefix("/bin/sh -c #(nop)") {
            return Self::split(rest.trim_start()).unwrap_or_else(|| Self::plain(rest.trim()));
        }
        if let Some(rest) = text.strip_prefix("/bin/sh -c ") {
            return Self { keyword: "RUN".into(), arguments: rest.trim().into() };
        }
        match Self::split(text) {
            Some(read) if read.keyword == "RUN" => {
                let (rest, _) = strip_build_args(&read.arguments);
                let rest = rest.strip_prefix("/bin/sh -c ").unwrap_or(rest).trim().to_owned();
                Self { keyword: read.keyword, arguments: rest }
            }
            Some(read) => read,
            None if build_args => Self { keyword: "RUN".into(), arguments: text.into() },
            None => Self::plain(text),
        }
    }

    fn split(text: &str) -> Option<Self> {
        let (keyword, arguments) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let upper = keyword.to_ascii_uppercase();
        KEYWORDS
            .contains(&upper.as_str())
            .then(|| Self { keyword: upper, arguments: arguments.trim().into() })
    }

    fn plain(text: &str) -> Self {
        Self { keyword: String::new(), arguments: text.into() }
    }

    /// The whole line.
    pub fn line(&self) -> String {
        match (self.keyword.is_empty(), self.arguments.is_empty()) {
            (true, _) => self.arguments.clone(),
            (false, true) => self.keyword.clone(),
            (false, false) => format!("{} {}", self.keyword, self.arguments),
        }
    }
}

/// Drops `|2 A=1 B=2 `, the build arguments that docker records before a command.
fn strip_build_args(text: &str) -> (&str, bool) {
    let Some(rest) = text.strip_prefix('|') else { return (text, false) };
    let Some(shell) = rest.find("/bin/sh -c ") else { return (text, false) };
    (&rest[shell..], true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_builders_form() {
        let cases = [
            ("/bin/sh -c #(nop)  CMD [\"sh\"]", "CMD", "[\"sh\"]"),
            ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD", "file:abc in /"),
            ("/bin/sh -c apt-get update", "RUN", "apt-get update"),
            ("RUN /bin/sh -c make # buildkit", "RUN", "make"),
            ("RUN |1 A=b /bin/sh -c make all # buildkit", "RUN", "make all"),
            ("|1 A=b /bin/sh -c make", "RUN", "make"),
            ("COPY app /app # buildkit", "COPY", "app /app"),
            ("copy app /app", "COPY", "app /app"),
            ("bazel build ...", "", "bazel build ..."),
            ("", "", ""),
        ];
        for (text, keyword, arguments) in cases {
            let read = Instruction::read(text);
            assert_eq!((read.keyword.as_str(), read.arguments.as_str()), (keyword, arguments), "{text}");
        }
    }
}
