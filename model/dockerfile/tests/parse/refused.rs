//! What the builder refuses, in the words of dockerd 20.10's classic builder (each was asked).

use strata_dockerfile::Dockerfile;

const TWO: &str =
    "requires at least two arguments, but only one was provided. Destination could not be determined";

#[test]
fn refusals_are_dockerds() {
    let long = format!("ENV {}", "a".repeat(70_000));
    for (text, expected) in [
        ("FORM x", "1: unknown instruction: FORM"),
        ("FROM", "1: FROM requires either one or three arguments"),
        ("FROM a b", "1: FROM requires either one or three arguments"),
        ("FROM scratch AS a AS b", "1: FROM requires either one or three arguments"),
        (
            "FROM a as 1b",
            "1: invalid name for build stage: \"1b\", name can't start with a number or contain symbols",
        ),
        ("FROM --platform scratch", "1: Missing a value on flag: platform"),
        ("FROM --platform=a --platform=x scratch", "1: Duplicate flag specified: platform"),
        ("\\", "1: unknown instruction: "),
        ("ENV =x", "2: ENV names can not be blank"),
        ("LABEL", "2: LABEL requires at least one argument"),
        ("COPY a", &format!("2: COPY {TWO}")),
        ("COPY [\"a\"]", &format!("2: COPY {TWO}")),
        ("ADD", &format!("2: ADD {TWO}")),
        ("COPY --x=1 a b", "2: Unknown flag: x"),
        ("USER --x a", "2: Unknown flag: x"),
        ("ONBUILD --x ENV a=b", "2: Unknown flag: x"),
        ("ENV --chown=1", "2: Unknown flag: chown"),
        ("LABEL --x=1", "2: Unknown flag: x"),
        ("SHELL x", "2: SHELL requires the arguments to be in JSON form"),
        ("SHELL []", "2: SHELL requires at least one argument"),
        ("SHELL", "2: SHELL requires at least one argument"),
        ("HEALTHCHECK", "2: HEALTHCHECK requires at least one argument"),
        ("HEALTHCHECK X", "2: Unknown type \"X\" in HEALTHCHECK (try CMD)"),
        ("HEALTHCHECK CMD", "2: Missing command after HEALTHCHECK CMD"),
        ("HEALTHCHECK --interval=3 CMD x", "2: time: missing unit in duration \"3\""),
        ("HEALTHCHECK --interval=1us CMD x", "2: Interval \"interval\" cannot be less than 1ms"),
        ("HEALTHCHECK --retries=0 CMD x", "2: --retries must be at least 1 (not 0)"),
        ("HEALTHCHECK --retries=-3 CMD x", "2: --retries must be at least 1 (not -3)"),
        ("HEALTHCHECK --retries=x CMD x", "2: strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("HEALTHCHECK NONE x", "2: HEALTHCHECK NONE takes no arguments"),
        ("ONBUILD", "2: ONBUILD requires at least one argument"),
        ("ONBUILD FROM x", "2: FROM isn't allowed as an ONBUILD trigger"),
        ("ONBUILD ONBUILD x", "2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("USER", "2: USER requires exactly one argument"),
        ("MAINTAINER", "2: MAINTAINER requires exactly one argument"),
        ("STOPSIGNAL", "2: STOPSIGNAL requires exactly one argument"),
        ("VOLUME", "2: VOLUME requires at least one argument"),
        ("VOLUME []", "2: VOLUME requires at least one argument"),
        ("VOLUME [\"\"]", "2: VOLUME specified can not be an empty string"),
        ("EXPOSE", "2: EXPOSE requires at least one argument"),
        ("ARG", "2: ARG requires at least one argument"),
        ("ARG =x", "2: ARG names can not be blank"),
        ("# c", "file with no instructions"),
        ("ENV x", "ENV must have two arguments"),
        ("ONBUILD ENV x", "ENV must have two arguments"),
        // What lines show is told before what instructions show.
        ("FOO\nENV x", "ENV must have two arguments"),
        ("ENV a=b c", "Syntax error - can't find = in \"c\". Must be of the form: name=value"),
        ("ONBUILD SHELL [1] x", "when using JSON array syntax, arrays must be comprised of strings only"),
        ("ONBUILD --x CMD [1]", "when using JSON array syntax, arrays must be comprised of strings only"),
        ("CMD [1]", "when using JSON array syntax, arrays must be comprised of strings only"),
        ("# escape=x\nFROM scratch", "invalid escape token 'x' does not match ` or \\"),
        (&long, "dockerfile line greater than max allowed size of 65535"),
    ] {
        let (text, expected) = match expected.split_once(": ") {
            Some((line @ ("1" | "2"), _)) => {
                let text = if line == "1" { text.to_owned() } else { format!("FROM scratch\n{text}") };
                (text, format!("dockerfile parse error line {expected}"))
            }
            _ if text.starts_with('#') => {
                (text.to_owned(), format!("failed to parse Dockerfile: {expected}"))
            }
            _ => (format!("FROM scratch\n{text}"), format!("failed to parse Dockerfile: {expected}")),
        };
        let file = Dockerfile::parse(&text);
        assert_eq!(file.refusal("Dockerfile"), Some(expected), "{:?}", text.get(..100).unwrap_or(&text));
        assert!(!file.diagnostics.is_empty());
    }
    let said = |text| Dockerfile::parse(text).refusal("Dockerfile");
    assert_eq!(said("RUN x\nFROM a").as_deref(), Some("no build stage in current context"));
    assert_eq!(said("").as_deref(), Some("the Dockerfile (Dockerfile) cannot be empty"));
}

#[test]
fn what_dockerd_takes_is_taken() {
    for line in [
        "RUN",
        "CMD",
        "CMD []",
        "ENTRYPOINT",
        "ENTRYPOINT []",
        "ARG a b=1 c",
        "STOPSIGNAL --x 9",
        "EXPOSE x",
        "ONBUILD FOO x",
        "ONBUILD COPY a",
        "ENV a=${x",
        "RUN []",
        "CMD [a]",
        "run ls",
        "healthcheck none",
        "COPY --from=x a b",
        "ENV a b c",
        "LABEL a=\"b c\" d=e\\ f",
        "USER a b",
        "WORKDIR a b",
        "VOLUME a b",
    ] {
        assert_eq!(Dockerfile::parse(&format!("FROM scratch\n{line}")).refusal("Dockerfile"), None, "{line}");
    }
}

#[test]
fn behind_an_array_nobody_looks() {
    let text = "FROM scratch\nRUN [ \"a\" ] && b\nCMD [\"c\"]\n";
    let file = Dockerfile::parse(text);
    assert_eq!(file.refusal("Dockerfile"), None);
    let warned: Vec<_> = file.diagnostics.iter().map(|warning| warning.span.of(text)).collect();
    assert_eq!(warned, ["&& b"]);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let text = "FROM a\nFOO\nENV x\nUSER\nONBUILD FOO\nRUN ok\n";
    let found: Vec<_> = Dockerfile::parse(text).diagnostics.iter().map(|d| d.span.of(text)).collect();
    assert_eq!(found, ["FOO", "x", "USER", "FOO"]);
}
