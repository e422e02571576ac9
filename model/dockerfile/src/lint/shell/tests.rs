use super::*;

fn calls(text: &str) -> Vec<String> {
    let script = Script::read(text);
    assert!(!script.broken, "{text}");
    let call = |call: &Call| {
        let words: Vec<_> =
            std::iter::once(&call.name).chain(&call.args).map(|arg| arg.text.clone()).collect();
        words.join(" ")
    };
    script.calls.iter().map(call).collect()
}

#[test]
fn calls_are_found() {
    for (text, expected) in [
        ("", &[][..]),
        ("a b c", &["a b c"]),
        ("a && b || c; d & e | f", &["a", "b", "c", "d", "e", "f"]),
        ("A=1 b 'c d' \"e $f\" g\\ h", &["b c d e $f g h"]),
        ("a $(b c) `d` \"$(e)\"", &["b c", "d", "e", "a $(b c) `d` $(e)"]),
        ("if a; then b; elif c; then d; else e; fi", &["a", "b", "c", "d", "e"]),
        ("for x in 1 2 $(a); do b $x; done", &["a", "b $x"]),
        ("while read x; do a; done < f", &["read x", "a"]),
        ("case $x in a|b) c;; *) d;; esac; e", &["c", "d", "e"]),
        ("case \"$x\" in\n (a) c ;;\n b) d\n;;\nesac\ne", &["c", "d", "e"]),
        ("(a; b) && c", &["a", "b", "c"]),
        ("f() { a; }; f", &["a", "f"]),
        ("a >f 2>&1 <g >>h b", &["a b"]),
        ("[ -f a ] && [[ a == b ]] && c", &["[ -f a ]", "c"]),
        ("a # b\nc", &["a", "c"]),
        ("cat <<EOF\nrm -rf /\nEOF\na", &["cat", "a"]),
        ("a $((1 + (2))) ${b:-$(c)} ${d//x/y}", &["c", "a $((1 + (2))) ${b:-$(c)} ${d//x/y}"]),
        ("diff <(a) <(b)", &["a", "b", "diff"]),
        ("! a; time b", &["a", "b"]),
        ("a &> f; b <<< x", &["a", "b"]),
        ("a#b $# ${#c}", &["a#b $# ${#c}"]),
        ("echo {a,b} {1..3} {} {x}", &["echo {a,b} {1..3} {} {x}"]),
        ("{ a; } 2>/dev/null", &["a"]),
    ] {
        assert_eq!(calls(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_understood_is_broken() {
    for text in
        ["a (", "a )", "case x", "$(a", "`a", "${a", "x=(1 2)", &"$(".repeat(100), &"${a:-".repeat(100)]
    {
        assert!(Script::read(text).broken, "{text}");
    }
    assert_eq!(Script::read("echo 'a").unclosed, Some((5, 6)));
    assert_eq!(Script::read("echo \"a").unclosed, Some((5, 6)));
}

#[test]
fn notes_and_joints() {
    let notes = |text: &str| Script::read(text).notes.into_iter().map(|(note, _)| note).collect::<Vec<_>>();
    assert_eq!(notes("a | b"), [Note::Pipe]);
    assert_eq!(notes("a || b"), []);
    assert_eq!(notes("a 2>&1 > f"), [Note::ErrorsFirst]);
    assert_eq!(notes("a > f 2>&1"), []);
    assert_eq!(notes("a &> f"), [Note::BothRedirected]);
    assert_eq!(notes("x=${a:1:2} y=${b/c} z=${d:-1}"), [Note::Substring, Note::Replacement]);
    assert_eq!(notes("echo {a,b}.txt"), [Note::Braces]);
    let script = Script::read("a | b && c; d");
    let joints: Vec<_> = script.calls.iter().map(|call| (call.before, call.after)).collect();
    assert_eq!(
        joints,
        [
            (Joint::Start, Joint::Pipe),
            (Joint::Pipe, Joint::And),
            (Joint::And, Joint::Then),
            (Joint::Then, Joint::End)
        ]
    );
}

#[test]
fn flags_and_arguments() {
    let script = Script::read("apt-get -qy --no-install-recommends install -t stable --opt=x curl vim=1");
    let call = &script.calls[0];
    assert!(call.has_flag(&["y"]) && call.has_flag(&["no-install-recommends"]) && !call.has_flag(&["x"]));
    let plain: Vec<_> = call.plain_args(&["t"]).map(|arg| &arg.text[..]).collect();
    assert_eq!(plain, ["install", "curl", "vim=1"]);
    let script = Script::read("useradd -u 1 --uid=2 -u3 --uid 4");
    assert_eq!(script.calls[0].values("uid", "u"), ["1", "2", "3", "4"]);
    let script = Script::read("echo $(a) \"$(b)\" x$(c) *.x a*");
    let args: Vec<_> = script.calls[3]
        .args
        .iter()
        .map(|arg| (arg.substitution.is_some(), arg.all_substitution, arg.glob_first))
        .collect();
    let expected = [
        (true, true, false),
        (false, true, false),
        (true, false, false),
        (false, false, true),
        (false, false, false),
    ];
    assert_eq!(args, expected);
}
