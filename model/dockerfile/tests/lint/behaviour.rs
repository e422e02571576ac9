//! What rules find and don't find; cases in the manner of hadolint's and BuildKit's own tests.

use super::found;
use strata_dockerfile::{Severity, lint::Options};

/// Codes of a text, each once; without those that are about the base image.
fn codes(text: &str) -> Vec<&'static str> {
    let mut codes: Vec<_> = found(text, &Options::default()).iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Whether a RUN has a finding.
fn run(code: &str, script: &str) -> bool {
    codes(&format!("FROM debian:12\nRUN {script}\n")).contains(&code)
}

#[test]
fn scripts_with_findings() {
    for (code, script) in [
        ("DL3001", "a && top"),
        ("DL3004", "if true; then sudo a; fi"),
        ("DL3008", "apt-get update && apt-get -y install a=1 b"),
        ("DL3008", "[\"apt-get\", \"install\", \"-y\", \"b\"]"),
        ("DL3013", "pip3 install a==1 b"),
        ("DL3013", "python3 -m pip install --index-url x a"),
        ("DL3013", "pip install git+https://example.com/a"),
        ("DL3014", "apt-get install a=1"),
        ("DL3016", "npm install -g @scope/a"),
        ("DL3016", "npm i a"),
        ("DL3018", "apk --no-cache add --virtual x a"),
        ("DL3028", "gem install bundler -- --with-x"),
        ("DL3030", "yum install httpd-2.4"),
        ("DL3041", "microdnf install -y httpd"),
        ("DL3042", "pip install -r a.txt"),
        ("DL3047", "wget https://x"),
        ("DL3062", "go install github.com/a/b"),
        ("DL4006", "wget -qO- x | tar -x"),
        ("SC2046", "a $(b)"),
        ("SC2164", "cd /a; b"),
        ("SC3010", "[[ a == b ]]"),
    ] {
        assert!(run(code, script), "{code}: {script}");
    }
}

#[test]
fn scripts_without() {
    for (code, script) in [
        ("DL3001", "echo top"),
        ("DL3001", "apt-get install -y ssh=1"),
        ("DL3004", "echo sudo"),
        ("DL3008", "apt-get install -y a=1 ./b.deb stable/c"),
        ("DL3008", "apt-get install -y -t stable a=1"),
        ("DL3009", "apt-get update && rm -rf /var/lib/apt/lists/*"),
        ("DL3009", "apt-get update && apt-get dist-clean"),
        ("DL3014", "apt-get install -s a=1"),
        ("DL3021", "true\nCOPY a b C:\\\\dir\\\\"),
        ("DL3009", "--mount=type=cache,target=/var/lib/apt/lists apt-get update"),
        ("DL3013", "pip install -r requirements.txt"),
        ("DL3013", "pip install ."),
        ("DL3013", "pip install 'a>=1' ./b.whl git+https://x/a@v1"),
        ("DL3013", "pip install --constraint c a"),
        ("DL3014", "apt-get install -qq a=1"),
        ("DL3014", "apt-get -q -q install a=1"),
        ("DL3014", "DEBIAN_FRONTEND=x apt-get --yes install a=1"),
        ("DL3016", "npm install"),
        ("DL3016", "npm install a@1 @s/b@2 ./c git+https://x#v1"),
        ("DL3016", "npm run install"),
        ("DL3018", "apk add --no-cache a=1 b~2 c.apk"),
        ("DL3019", "--mount=type=cache,target=/var/cache/apk apk add a=1"),
        ("DL3028", "gem install a:1"),
        ("DL3028", "gem install a -v 1"),
        ("DL3042", "--mount=type=cache,target=/root/.cache/pip pip install a==1"),
        ("DL3042", "PIP_NO_CACHE_DIR=1 pip install a==1"),
        ("DL3046", "useradd -u 1000 me"),
        ("DL3047", "wget -nv x && wget --progress=dot x"),
        ("DL3062", "go install ./... && go run main.go && go install a.com/b@v1"),
        ("DL4006", "a || b"),
        ("DL4006", "set -o pipefail && a | b"),
        ("SC2046", "a \"$(b)\" $((1 + 1)) $(nproc)"),
        ("SC2046", "x=$(a)"),
        ("SC2164", "cd /a && b"),
        ("SC2164", "set -ex; cd /a; b"),
        ("SC2164", "cd /a || exit 1; b"),
        ("SC2002", "cat a b | c"),
        ("SC2002", "cat *.x | c"),
        ("SC2035", "rm -- *.a"),
        ("SC3010", "echo '[[ a ]]'"),
        ("SC2006", "echo '`a`'"),
    ] {
        assert!(!run(code, script), "{code}: {script}");
    }
}

#[test]
fn files_and_their_codes() {
    for (text, expected) in [
        ("FROM debian:12\nRUN true\n", &[][..]),
        ("FROM debian@sha256:abc\n", &[]),
        ("ARG A=debian\nFROM $A\n", &[]),
        ("FROM scratch\nCOPY a /b\n", &[]),
        ("FROM debian:12 AS a\nFROM a\n", &[]),
        ("FROM localhost:5000/a\n", &["DL3006"]),
        ("FROM debian:12\nCMD a && b\n", &["DL3025"]),
        ("FROM debian:12\nSHELL [\"/bin/bash\", \"-c\"]\nCMD a && b\n", &[]),
        ("FROM debian:12\nUSER root\nRUN a\nUSER 5\n", &[]),
        ("FROM debian:12 AS a\nUSER root\nFROM debian:12\nUSER 1\n", &["DL3002"]),
        ("FROM debian:12\nWORKDIR /a\nCOPY a b\nWORKDIR b\n", &["DL3000"]),
        ("FROM debian:12 AS a\nWORKDIR /a\nFROM a\nCOPY a b\n", &[]),
        ("FROM debian:12 AS a\nRUN apt-get update\nFROM debian:12\n", &[]),
        ("FROM debian:12 AS a\nRUN apt-get update\nFROM a\n", &["DL3009"]),
        ("FROM debian:12\nENV A=1\nENV B=$A C=$B\n", &["DL3044"]),
        ("FROM debian:12\nENV PATH=/x:$PATH\n", &[]),
        ("FROM debian:12\nARG PUBLIC_KEY\nENV MONKEY=1 TOKEN_FILE=/x\n", &[]),
        ("FROM debian:12\nARG NPM_TOKEN\n", &["DL3064"]),
        ("FROM debian:12\nSHELL [\"pwsh\", \"-c\"]\nRUN Get-Item `a | b\n", &[]),
        ("FROM debian:12\nSHELL [\"/bin/bash\", \"-c\"]\nRUN [[ a ]]\n", &[]),
        ("FROM debian:12\nRUN <<EOF\ncd /a\nb\nEOF\n", &["DL3003", "SC2164"]),
        ("FROM debian:12\nRUN a && b && c\nRUN d\n", &[]),
        ("FROM debian:12\nONBUILD RUN sudo a\n", &["DL3004"]),
        ("FROM debian:12\nCOPY --from=nginx:1 /a /b\n", &[]),
        ("FROM debian:12\nCOPY --from=2 /a /b\n", &["DL3022"]),
        ("FROM debian:12\nADD https://x/a a.tgz /x/\n", &[]),
        ("from debian:12 as a\nrun b\n", &[]),
        ("FROM debian:12\nARG VERSION=1\nLABEL a.b=$VERSOIN\n", &["UndefinedVar"]),
        ("FROM debian:12\nLABEL a.b=$FROM_THE_IMAGE\n", &[]),
        ("ARG A\nFROM ${A:-debian:12}\n", &[]),
        ("FROM debian:12\nHEALTHCHECK NONE\n", &[]),
        ("", &[]),
        ("FORM x\n", &[]),
    ] {
        assert_eq!(codes(text), expected, "{text}");
    }
}

#[test]
fn findings_are_ignored_where_wanted() {
    for text in [
        "# hadolint ignore=DL3006\nFROM debian\n",
        "# hadolint ignore=DL3006,DL3007 # because\nFROM debian\n",
        "# hadolint global ignore=DL3006\n\nFROM debian\n",
        "# syntax=docker/dockerfile:1\n# hadolint global ignore = DL3006\nFROM debian\n",
    ] {
        assert_eq!(codes(text), [""; 0], "{text}");
    }
    let workdir = "FROM debian:12\nWORKDIR a\n";
    assert_eq!(codes(workdir), ["DL3000"]);
    assert_eq!(codes(&format!("# check=skip=WorkdirRelativePath\n{workdir}")), [""; 0]);
    assert_eq!(codes(&format!("# check=skip=all\n{workdir}")), [""; 0]);
    assert_eq!(codes("# check=skip=all\nFROM debian\n"), ["DL3006"]);
    assert_eq!(codes("FROM debian:12\n# hadolint ignore=DL3000\nRUN a\nWORKDIR a\n"), ["DL3000"]);
    assert_eq!(codes("FROM debian:12\n# hadolint stage ignore=DL3000\nRUN a\nWORKDIR a\n"), [""; 0]);
    let errors = found("# check=error=true\nFROM debian:12 AS A\n", &Options::default());
    assert_eq!(errors.iter().map(|finding| finding.severity).collect::<Vec<_>>(), [Severity::Error]);
    let off = Options { off: vec!["dl3000".into()], ..Options::default() };
    assert!(found(workdir, &off).is_empty());
}

#[test]
fn findings_say_where() {
    let text = "FROM debian:12\nRUN a && \\\n  # why\n  sudo b && \\\n  rm -rf \\\n  *.x\n";
    let places: Vec<_> = found(text, &Options::default())
        .iter()
        .map(|finding| (finding.code, finding.span.of(text)))
        .collect();
    assert_eq!(places, [("DL3004", "sudo"), ("SC2035", "*.x")]);
}
