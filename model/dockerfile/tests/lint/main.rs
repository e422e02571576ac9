//! The rules: each finds what its page calls bad, not what it calls good, and its fix makes it right.
#![cfg(not(target_family = "wasm"))]

mod behaviour;

use strata_dockerfile::{
    Diagnostic, Dockerfile, apply,
    context::{Entry, Kind, Listing},
    ignore::Ignore,
    lint::{LabelKind, Options, Page, RULES, in_chinese, lint, pages},
};

/// What pages need that is about more than the text.
fn options(page: &str) -> Options<'static> {
    let mut options = Options::default();
    options.on.push(page.to_owned());
    let mut label = |name: &str, kind| options.labels.insert(format!("org.example.{name}"), kind);
    match page {
        "DL3049" => drop(label("wanted", LabelKind::Text)),
        "DL3050" => {
            label("wanted", LabelKind::Text);
            options.strict_labels = true;
        }
        "DL3054" => drop(label("licence", LabelKind::Licence)),
        "DL3055" => drop(label("commit", LabelKind::Commit)),
        "DL3056" => drop(label("version", LabelKind::Version)),
        "DL3058" => drop(label("email", LabelKind::Email)),
        "DL3026" => options.registries.push("docker.io".into()),
        _ => {}
    }
    options
}

fn found(text: &str, options: &Options<'_>) -> Vec<Diagnostic> {
    lint(&Dockerfile::parse(text), text, options)
}

/// An example as a whole file.
fn whole(example: &str) -> String {
    let begins = ["FROM", "ARG", "#"].iter().any(|word| example.starts_with(word))
        || example.starts_with("RUN a\nFROM");
    if begins { format!("{example}\n") } else { format!("FROM debian:12\n{example}\n") }
}

#[test]
fn every_rule_has_a_page() {
    let documented: Vec<&str> = pages().map(|page| page.code).collect();
    let known: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!(documented, known);
    for page in pages() {
        assert!(page.title.iter().all(|title| !title.is_empty()), "{}", page.code);
        assert!(!page.title[1].is_ascii(), "{}", page.code);
        assert_eq!(page.why[0].is_empty(), page.why[1].is_empty(), "{}", page.code);
    }
}

#[test]
fn pages_are_true() {
    for page in pages() {
        if page.code == "CopyIgnoredFile" {
            continue;
        }
        let options = options(page.code);
        let codes =
            |text: &str| -> Vec<&str> { found(text, &options).iter().map(|finding| finding.code).collect() };
        let (bad, good) = (whole(page.bad), whole(page.good));
        // The parser itself refuses these.
        if !matches!(page.code, "DL3043" | "DL3061") {
            assert!(codes(&bad).contains(&page.code), "{}: {bad} has {:?}", page.code, codes(&bad));
        } else {
            assert!(Dockerfile::parse(&bad).diagnostics.iter().any(|wrong| wrong.code == page.code), "{bad}");
        }
        assert!(!codes(&good).contains(&page.code), "{}: {good}", page.code);
        assert_eq!(Dockerfile::parse(&good).refusal("Dockerfile"), None, "{good}");
        fixes_fix(&page, &bad, &options);
    }
}

/// Each fix of a text applies, and its finding is gone.
fn fixes_fix(page: &Page, text: &str, options: &Options<'_>) {
    for finding in found(text, options) {
        let Some(fix) = &finding.fix else { continue };
        assert!(fix.edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{}", page.code);
        let fixed = apply(text, &fix.edits);
        assert_ne!(fixed, text, "{}", page.code);
        let before = found(text, options).iter().filter(|other| other.code == finding.code).count();
        let after = found(&fixed, options).iter().filter(|other| other.code == finding.code).count();
        assert_eq!(after, before - 1, "{} of {}:\n{text}{fixed}", finding.code, page.code);
        assert_eq!(Dockerfile::parse(&fixed).refusal("Dockerfile"), None, "{fixed}");
    }
}

#[test]
fn copies_of_ignored_files_are_found() {
    let file = |path: &str| Entry {
        path: path.to_owned(),
        kind: Kind::File,
        mode: 0o644,
        owner: (0, 0),
        size: 0,
        content: String::new(),
    };
    let listing = Listing::new(vec![file("a.key"), file("b.pem"), file("dir/c.key")], &Ignore::default());
    let ignore = Ignore::parse("# keys\n**/*.key\n");
    let options = Options { context: Some((&listing, &ignore)), ..Options::default() };
    for (line, expected) in [
        ("COPY a.key /", true),
        ("COPY *.key /", true),
        ("COPY dir /", false),
        ("COPY b.pem /", false),
        ("COPY . /", false),
        ("COPY --from=x a.key /", false),
        ("ADD a.key /", true),
    ] {
        let text = format!("FROM debian:12\n{line}\n");
        let messages: Vec<_> = found(&text, &options)
            .into_iter()
            .filter(|finding| finding.code == "CopyIgnoredFile")
            .map(|finding| finding.message)
            .collect();
        assert_eq!(!messages.is_empty(), expected, "{line}: {messages:?}");
        assert!(messages.iter().all(|message| message.contains("line 2 ")), "{messages:?}");
    }
}

#[test]
fn what_is_said_is_said_in_chinese_too() {
    let mut untold = Vec::new();
    for page in pages() {
        let found = found(&whole(page.bad), &options(page.code));
        let fixes = found.iter().filter_map(|one| one.fix.as_ref()).map(|fix| fix.title.to_string());
        let messages = found.iter().map(|one| one.message.to_string());
        untold.extend(messages.chain(fixes).filter(|said| in_chinese(said).is_none()));
    }
    untold.sort();
    untold.dedup();
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}
