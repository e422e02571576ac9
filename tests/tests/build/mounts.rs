//! `RUN --mount`, heredocs and other things that BuildKit brought.

use crate::scene::{build, context, scene};

#[track_caller]
fn built(name: &str, text: &str, files: &[(&str, &str)]) -> strata_tests::Run {
    let scene = scene().expect("checked before");
    let context = context(&[&[("Dockerfile", text)], files].concat());
    build(&scene.client(), context.path(), &["-t", name, "--no-cache"])
}

#[test]
fn mounts_are_there_while_the_step_runs_and_not_in_the_image() {
    if scene().is_none() {
        return;
    }
    let text = "FROM bb AS other\nRUN echo other > /o\nFROM bb\n\
        RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t --mount=type=bind,target=/ctx --mount=type=bind,from=other,source=/o,target=/deep/o \
        cat /ctx/f /deep/o && echo kept >> /c/log && wc -l < /c/log && echo x > /t/x && ! touch /ctx/new && echo made > /made\n\
        RUN --mount=type=cache,target=/c cat /c/log; ls -d /t /ctx /deep 2>/dev/null || echo gone\n\
        RUN --mount=type=bind,rw,target=/ctx echo over > /ctx/f && cat /ctx/f\n\
        RUN --mount=type=secret,id=none cat /run/secrets/none 2>/dev/null || echo no secret\n";
    let first = built("mounts", text, &[("f", "of the context\n")]).ok();
    for expected in ["of the context", "other", "kept", "gone", "over", "no secret"] {
        assert!(first.stdout.contains(expected), "{expected}: {first}");
    }
    let client = scene().expect("checked before").client();
    let layer =
        client.run(&["image", "inspect", "--format", "{{.GraphDriver.Data.LowerDir}}", "mounts"]).ok();
    assert!(!layer.stdout.is_empty());
    // A cache outlives the build.
    let again = built("mounts", text, &[("f", "of the context\n")]).ok();
    assert!(again.stdout.contains("\n2\n"), "{again}");
    let refused = built("required", "FROM bb\nRUN --mount=type=secret,id=key,required true\n", &[]).fails();
    assert!(refused.stderr.contains("secret key: not found"), "{refused}");
}

#[test]
fn heredocs_are_scripts_and_files() {
    if scene().is_none() {
        return;
    }
    let text = "FROM bb\nARG WHO=world\n\
        RUN <<EOF\necho one\necho two > /two\nEOF\n\
        RUN <<EOF\n#!/bin/sh\necho script $0\nEOF\n\
        RUN cat <<A > /a && cat <<B > /b\nin a\nA\nin b\nB\n\
        COPY <<hello <<\"raw\" /files/\nhello $WHO\nhello\nraw $WHO\nraw\n\
        COPY --chmod=600 <<-tabs /tabs\n\t\tno tabs\ntabs\n\
        RUN cat /two /a /b /files/hello /files/raw /tabs && stat -c %a /tabs && ls /dev/pipes 2>/dev/null || echo clean\n";
    let run = built("heredocs", text, &[]).ok();
    for expected in [
        "one",
        "two",
        "script /dev/pipes/EOF",
        "in a",
        "in b",
        "hello world",
        "raw $WHO",
        "no tabs",
        "600",
        "clean",
    ] {
        assert!(run.stdout.lines().any(|line| line == expected), "{expected}: {run}");
    }
}

#[test]
fn copies_have_buildkits_flags() {
    if scene().is_none() {
        return;
    }
    let text = "FROM bb\nCOPY --chmod=751 f /m\nCOPY --exclude=*.md --exclude=sub/x dir /e/\nCOPY --parents dir/sub/x /p/\nCOPY --link f /l\n\
        RUN --network=none stat -c %a /m && find /e /p -type f | sort\n";
    let files =
        [("f", "f\n"), ("dir/a.md", "a\n"), ("dir/b.txt", "b\n"), ("dir/sub/x", "x\n"), ("dir/sub/y", "y\n")];
    let text = text.replace(" | sort", "");
    let run = built("flags", &text, &files).ok();
    for expected in ["751", "/e/b.txt", "/e/sub/y", "/p/dir/sub/x"] {
        assert!(run.stdout.lines().any(|line| line == expected), "{expected}: {run}");
    }
    assert!(!run.stdout.contains("a.md") && !run.stdout.contains("/e/sub/x"), "{run}");
    let wrong = built("flags", "FROM bb\nCOPY --chmod=nine f /x\n", &files).fails();
    assert!(wrong.stderr.contains("octal"), "{wrong}");
}
