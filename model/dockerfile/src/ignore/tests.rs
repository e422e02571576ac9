use super::*;

fn matches(pattern: &str, path: &str) -> bool {
    Pattern::parse(&clean(pattern)).expect("a pattern").matches(path)
}

#[test]
fn patterns_match_as_mobys() {
    for (pattern, path, expected) in [
        ("**", "file", true),
        ("**", "dir/file", true),
        ("**/", "file", true),
        ("**/**", "dir/file", true),
        ("dir/**", "dir/file", true),
        ("dir/**", "dir/dir2/file", true),
        ("dir/**", "dir", false),
        ("**/dir", "dir", true),
        ("**/dir2/*", "dir/dir2/file", true),
        ("**/dir2/*", "dir/dir2/dir3/file", false),
        ("**/dir2/**", "dir/dir2/dir3/file", true),
        ("**file", "file", true),
        ("**file", "dir/file", true),
        ("**file", "afile", true),
        ("**/file", "dir/afile", false),
        ("**/*.go", "a/b.go", true),
        ("**/*.go", "b.go", true),
        ("**/*.go", "b.gox", false),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("a/**/b", "a/xb", false),
        ("a**b", "a/x/b", true),
        ("a**b", "ax/b", true),
        ("a**b", "ab", true),
        ("*.txt", "a.txt", true),
        ("*.txt", "d/a.txt", false),
        ("a*", "a", true),
        ("a*/b", "abc/b", true),
        ("a*/b", "a/c/b", false),
        ("a?c", "abc", true),
        ("a?c", "a/c", false),
        ("a[b-d]c", "acc", true),
        ("a[^b-d]c", "acc", false),
        ("a[^b-d]c", "aec", true),
        ("a[\\]]c", "a]c", true),
        ("a\\*c", "a*c", true),
        ("a\\*c", "abc", false),
        ("a.c", "abc", false),
        ("a+b", "a+b", true),
        ("(a)$", "(a)$", true),
        ("ü?", "üß", true),
        ("./a/../b/", "b", true),
        ("", "", false),
    ] {
        let expected = expected && !pattern.is_empty();
        assert_eq!(matches(pattern, path), expected, "{pattern} on {path}");
    }
}

#[test]
fn wrong_patterns_are_told_with_their_lines() {
    let text = "ok\n[a\n  a\\\n!\n[]\n[a-]\n";
    let ignore = Ignore::parse(text);
    let wrong: Vec<_> = ignore.diagnostics.iter().map(|d| (d.span.of(text), &d.message[..])).collect();
    let syntax = "syntax error in pattern";
    assert_eq!(
        wrong,
        [
            ("[a", syntax),
            ("a\\", syntax),
            ("!", "illegal exclusion pattern: \"!\""),
            ("[]", syntax),
            ("[a-]", syntax)
        ]
    );
    assert!(ignore.ignores("ok"));
}

#[test]
fn the_last_line_that_matches_decides() {
    let ignore = Ignore::parse(
        "\u{feff}# comment\n*.md\n!README*.md\r\nREADME-secret.md\n\n/docs\n!docs/keep/**\n ! a \n",
    );
    let verdict = |path| {
        let verdict = ignore.verdict(path);
        (verdict.ignored, verdict.line)
    };
    assert_eq!(verdict("x.md"), (true, Some(2)));
    assert_eq!(verdict("README.md"), (false, Some(3)));
    assert_eq!(verdict("README-secret.md"), (true, Some(4)));
    assert_eq!(verdict("docs"), (true, Some(6)));
    assert_eq!(verdict("docs/a/b"), (true, Some(6)));
    assert_eq!(verdict("docs/keep/b/c"), (false, Some(7)));
    assert_eq!(verdict("other/docs"), (false, None));
    assert!(!ignore.is_whole("docs"));
    assert!(Ignore::parse("a\n!b/c").is_whole("a"));
    assert!(!Ignore::parse("a\n!*/c").is_whole("a"));
    assert!(!Ignore::parse("a\n!**/c").is_whole("a"));
}

#[test]
fn an_exclamation_mark_is_also_found_behind_what_is_cleaned_away() {
    let ignore = Ignore::parse("*\n./!b\n");
    assert!(ignore.ignores("a") && !ignore.ignores("b"));
    assert_eq!(Ignore::parse("/!").diagnostics.len(), 1);
}

#[test]
fn no_pattern_takes_long() {
    let ignore = Ignore::parse(&format!("{}b\n{}b", "*a".repeat(500), "**/a*".repeat(200)));
    assert!(!ignore.ignores(&"a".repeat(4000)));
    assert!(!ignore.ignores(&"a/".repeat(2000)));
}

#[test]
fn paths_are_cleaned_as_go_does() {
    for (path, expected) in [
        ("", "."),
        (".", "."),
        ("/", "/"),
        ("a//b/./c/..", "a/b"),
        ("../a", "../a"),
        ("/../a", "/a"),
        ("a/..", "."),
    ] {
        assert_eq!(clean(path), expected, "{path}");
    }
}
