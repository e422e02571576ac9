use super::*;

fn variables() -> Vec<(String, String)> {
    [("x", "value"), ("empty", ""), ("path", "/usr/local/lib/libx.so.1"), ("two", "a b"), ("gr", "ü*ü")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn word(text: &str) -> Result<String, String> {
    Expander::new('\\').word(text, &variables()[..]).map_err(|error| error.cause.to_string())
}

#[test]
fn substitutions() {
    for (text, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("$x", "value"),
        ("${x}", "value"),
        ("a${x}b$x.c", "avaluebvalue.c"),
        ("$nope|", "|"),
        ("\\$x", "$x"),
        ("\\\\$x", "\\value"),
        ("'$x'", "$x"),
        ("\"$x\"", "value"),
        ("\"\\$x \\a \\\\ \\\"\"", "$x \\a \\ \""),
        ("a\\ b", "a b"),
        ("$", "$"),
        ("$ x", "$ x"),
        ("100%", "100%"),
        ("$1x", "x"),
        ("end\\", "end"),
        ("${nope:-y}", "y"),
        ("${empty:-y}", "y"),
        ("${empty-y}", ""),
        ("${nope-y}", "y"),
        ("${x:-y}", "value"),
        ("${x:+y}", "y"),
        ("${empty:+y}", ""),
        ("${empty+y}", "y"),
        ("${nope+y}", ""),
        ("${x:?e}", "value"),
        ("${empty?e}", ""),
        ("${nope:-${x}}", "value"),
        ("${nope:-'a}b'}", "a}b"),
        ("${path#*/}", "usr/local/lib/libx.so.1"),
        ("${path##*/}", "libx.so.1"),
        ("${path%/*}", "/usr/local/lib"),
        ("${path%%/*}", ""),
        ("${path%.?}", "/usr/local/lib/libx.so"),
        ("${path#nothing}", "/usr/local/lib/libx.so.1"),
        ("${x/l/L}", "vaLue"),
        ("${path/lib/LIB}", "/usr/local/LIB/libx.so.1"),
        ("${path//lib/LIB}", "/usr/local/LIB/LIBx.so.1"),
        ("${path//\\//-}", "-usr-local-lib-libx.so.1"),
        ("${x/a*u/-}", "v-e"),
        ("${gr//\\*/x}", "üxü"),
        ("${gr#?}", "*ü"),
        ("${nope#x}", ""),
    ] {
        assert_eq!(word(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn refusals_are_in_dockerds_words() {
    for (text, expected) in [
        ("${x", "missing ':' in substitution"),
        ("${", "syntax error: missing '}'"),
        ("${x:-a", "syntax error: missing '}'"),
        ("${x/a}", "syntax error: missing '/' in ${}"),
        ("${}", "syntax error: bad substitution"),
        ("${:x}", "syntax error: bad substitution"),
        ("${x!y}", "missing ':' in substitution"),
        ("${x:=y}", "unsupported modifier (=) in substitution"),
        ("${x:-'a", "syntax error: missing '}'"),
        ("${x:?\"${x!", "syntax error: missing '}'"),
        ("'a", "unexpected end of statement while looking for matching single-quote"),
        ("\"a", "unexpected end of statement while looking for matching double-quote"),
        ("${nope:?}", "nope: is not allowed to be unset"),
        ("${empty:?}", "empty: is not allowed to be empty"),
        ("${nope?give it}", "nope: give it"),
    ] {
        assert_eq!(word(text), Err(expected.to_owned()), "{text}");
    }
    let error = Expander::new('\\').word("${x:?y\"}", &Nothing).expect_err("unclosed");
    assert!(error.to_string().starts_with("failed to process \"${x:?y\\\"}\": "), "{error}");
}

#[test]
fn words_split_at_unquoted_blanks_only() {
    let words = |text| Expander::new('\\').words(text, &variables()[..]).expect("valid");
    assert_eq!(words("a b\tc"), ["a", "b", "c"]);
    assert_eq!(words("$two '$two' \"$two\" a\\ b"), ["a", "b", "$two", "a b", "a b"]);
    assert_eq!(words("x$two-y $nope z"), ["xa", "b-y", "z"]);
    assert_eq!(words("  "), [""; 0]);
}

#[test]
fn the_escape_character_of_the_file_holds() {
    let word = Expander::new('`').word("C:\\dir\\$x `$x", &variables()[..]).expect("valid");
    assert_eq!(word, "C:\\dir\\value $x");
}

#[test]
fn limits_hold() {
    assert_eq!(word(&"${a:-".repeat(10_000)), Err(ExpandCause::Depth.to_string()));
    let expander = Expander::new('\\');
    let mut values = [("a".to_owned(), "0123456789".to_owned())];
    let error = loop {
        match expander.word("$a$a", &values[..]) {
            Ok(value) => values[0].1 = value,
            Err(error) => break error,
        }
    };
    assert_eq!(error.cause, ExpandCause::Length);
    expander.fuel.set(1 << 20);
    let pattern = format!("${{a#{}b}}", "*a".repeat(100));
    values[0].1 = "a".repeat(100_000);
    assert_eq!(expander.word(&pattern, &values[..]).map_err(|error| error.cause), Err(ExpandCause::Work));
}

#[test]
fn references_are_found_with_where_they_are() {
    let text = "a$x ${y:-$z} '$no' \\$no \"${q#*/}\"";
    let found: Vec<_> = references(text, '\\')
        .into_iter()
        .map(|r| (r.name, r.modifier, text[r.start..r.end].to_owned()))
        .collect();
    let expected = [
        ("x", Modifier::None, "$x"),
        ("z", Modifier::None, "$z"),
        ("y", Modifier::Default, "${y:-$z}"),
        ("q", Modifier::Pattern, "${q#*/}"),
    ];
    assert_eq!(found, expected.map(|(name, modifier, text)| (name.to_owned(), modifier, text.to_owned())));
}

#[test]
fn entries_of_an_environment_are_variables() {
    let env = ["A=1".to_owned(), "AB=2".to_owned(), "A=3".to_owned(), "C".to_owned()];
    let get = |name| env[..].value(name);
    assert_eq!((get("A"), get("AB"), get("C"), get("B")), (Some("3"), Some("2"), Some(""), None));
}
