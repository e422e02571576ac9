//! Texts made of what Dockerfiles are made of, put together at random: nothing panics, nothing takes long, all that holds for
//! every text holds. `STRATA_FUZZ` says how many.

use std::env;

use super::shape::check;

/// Pieces; every text is some of them.
const PIECES: [&str; 88] = [
    "FROM ",
    "from ",
    "RUN ",
    "COPY ",
    "ADD ",
    "ENV ",
    "ARG ",
    "LABEL ",
    "CMD ",
    "ENTRYPOINT ",
    "EXPOSE ",
    "VOLUME ",
    "USER ",
    "WORKDIR ",
    "ONBUILD ",
    "STOPSIGNAL ",
    "HEALTHCHECK ",
    "SHELL ",
    "MAINTAINER ",
    "FORM ",
    "\n",
    "\n",
    "\n",
    "\n",
    "\r\n",
    " \\\n",
    "\\\n",
    "\\",
    "`",
    " ",
    "  ",
    "\t",
    "# comment\n",
    "# escape=`\n",
    "# syntax=x\n",
    "# check=skip=all\n",
    "# hadolint ignore=DL3006\n",
    "a",
    "b=c",
    "x:1",
    "AS ",
    "as B",
    "--from=0 ",
    "--mount=type=cache,target=/x ",
    "--chown=1:1 ",
    "--link ",
    "--platform=$X ",
    "--interval=3s ",
    "--bad",
    "[\"a\", \"b\"]",
    "[",
    "]",
    "\"",
    "'",
    "\\\"",
    "$",
    "${",
    "}",
    "${x:-y}",
    "${x#*/}",
    "${x//a/b}",
    "$x",
    ":",
    "?",
    "<<EOF\n",
    "<<-'EOF'\n",
    "EOF\n",
    "<",
    "|",
    "&&",
    ";",
    "apt-get install -y curl",
    "cd /x; ",
    "$(a)",
    "(",
    ")",
    "case x in a) b;; esac",
    "if a; then b; fi",
    "é",
    "😀",
    "\u{feff}",
    "\u{a0}",
    "\u{0}",
    "80/TCP",
    "/a/ ",
    ".",
    "NONE",
    "{a,b}",
];

/// A quick generator of numbers.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % sides as u64) as usize
    }
}

#[test]
fn random_texts() {
    let count: u64 = env::var("STRATA_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(3_000);
    let seed =
        env::var("STRATA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x2545_f491_4f6c_dd1d);
    let mut dice = Dice(seed);
    let mut text = String::new();
    for _ in 0..count {
        let before = dice.0;
        text.clear();
        if dice.roll(4) > 0 {
            text.push_str("FROM a\n");
        }
        for _ in 0..=dice.roll(24) {
            text.push_str(PIECES[dice.roll(PIECES.len())]);
        }
        let outcome = std::panic::catch_unwind(|| check(&text));
        assert!(outcome.is_ok(), "seed {before}: {text:?}");
    }
}

/// What the fuzzer in `fuzz/` found.
#[test]
fn texts_that_were_trouble() {
    for text in [
        "FROM a\nRUN x; \\\r \nEN",
        "FROM a\nRUN x \\\r\t\n\nRUN y",
        "FROM a\r\nRUN x \\ \r\n y\r\n",
        "FROM a\nEXPOSE 8\\\n0/😀/F''''",
        "FROM a\nEXPOSE 80/T\\\nCP",
        "FROM pine  A\\\nS Ly\n",
        "AR\nCOPY [\"\t\", \"\" ]f~tha   `  \n",
        "FROM pine  a\\\ns\\\n  Ly\n",
    ] {
        check(text);
    }
}

proptest::proptest! {
    /// Any text at all, not only what looks like a Dockerfile.
    #[test]
    fn any_text(text in "\\PC{0,60}(\n\\PC{0,40}){0,6}") {
        check(&text);
        check(&format!("FROM a\n{text}"));
    }
}
