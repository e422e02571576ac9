//! Volumes: where their files come from and where they go, their options, lists and prunings.

use crate::containers::{essence, run, with_box};
use strata_tests::Scratch;

#[test]
fn volumes() {
    with_box(|duel| {
        duel.prepare(&["volume", "create", "kept"]);
        duel.same(&["volume", "ls", "--format", "{{.Name}} {{.Driver}}"]);
        duel.same(&run(&["-v", "kept:/data", "box", "sh", "-c", "echo v > /data/f"]));
        duel.same(&run(&["-v", "kept:/data:ro", "box", "sh", "-c", "cat /data/f; touch /data/g"]));
        // A new volume is filled with what the image has there.
        duel.same(&run(&["-v", "filled:/etc", "box", "ls", "/etc"]));
        duel.prepare(&["create", "--network", "none", "--name", "user", "-v", "kept:/data", "box"]);
        duel.same_as(&["volume", "rm", "kept"], essence).fails();
        duel.same(&["rm", "user"]);
        duel.same(&["volume", "rm", "kept", "filled"]);
        duel.prepare(&["volume", "create", "unused"]);
        duel.same(&["volume", "prune", "-f"]);
        duel.same(&["volume", "ls", "-q"]);
        duel.same_as(&["volume", "rm", "kept"], essence).fails();
        duel.same_as(&["volume", "inspect", "kept"], essence).fails();
    });
}

#[test]
fn volumes_that_are_mounted() {
    with_box(|duel| {
        let memory = ["-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=1m,uid=70,mode=750"];
        duel.same(&[&["volume", "create"], &memory[..], &["memory"]].concat()).ok();
        duel.same(&["volume", "inspect", "-f", "{{json .Options}} {{json .Labels}}", "memory"]);
        let look = "stat -c '%u %a' /m; touch /m/x; ls /m";
        // Each finds it empty: it was unmounted with its last user.
        duel.same(&run(&["-v", "memory:/m", "box", "sh", "-c", look])).ok();
        duel.same(&run(&["-v", "memory:/m", "box", "sh", "-c", look])).ok();
        duel.prepare(&[
            "run",
            "-d",
            "--network",
            "none",
            "--name",
            "user",
            "-v",
            "memory:/m",
            "box",
            "sleep",
            "100",
        ]);
        duel.same(&["exec", "user", "touch", "/m/kept"]);
        duel.same(&run(&["-v", "memory:/m", "box", "ls", "/m"]));
        duel.same_as(&["volume", "rm", "memory"], essence).fails();
        duel.same(&["rm", "-f", "user"]);

        let outside = Scratch::new("bound");
        std::fs::write(outside.join("file"), "bound\n").expect("a file");
        let device = format!("device={}", outside.path().display());
        for (name, o) in [("bound", "o=bind"), ("closed", "o=bind,ro")] {
            duel.same(&["volume", "create", "-o", "type=none", "-o", o, "-o", &device, name]).ok();
            let script = "cat /b/file; touch /b/by-container";
            duel.same(&run(&["-v", &format!("{name}:/b"), "box", "sh", "-c", script]));
        }
        // A copy mounts it too, and leaves nothing mounted.
        duel.prepare(&["create", "--network", "none", "--name", "still", "-v", "bound:/b", "box", "true"]);
        let copies = Scratch::new("copy");
        let copy = copies.join("file").display().to_string();
        duel.same_code(&["cp", "still:/b/file", &copy], "a newer client says where it copied to").ok();
        duel.prepare(&["rm", "still"]);
        for wrong in [
            &["-o", "type=tmpfs"][..],
            &["-o", "device=x"],
            &["-o", "o=x"],
            &["-o", "a=b"],
            &["-o", "size=1m"],
        ] {
            duel.same(&[&["volume", "create"], wrong, &["wrong"]].concat()).fails();
        }
        duel.same(&["volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/no/such", "gone"]);
        let unmountable = |text: &str| {
            let end = text.find("failed to mount").unwrap_or_default();
            text[end..].split(':').next().unwrap_or_default().to_owned()
        };
        duel.same_as(&run(&["-v", "gone:/x", "box", "true"]), unmountable).fails();
        // What is somewhere else isn't pruned, and stays there when the volume goes.
        duel.same(&["volume", "prune", "-f"]);
        duel.same(&["volume", "rm", "memory", "bound", "closed", "gone"]).ok();
        assert!(outside.join("file").exists() && outside.join("by-container").exists());
    });
}

#[test]
fn volumes_in_lists() {
    with_box(|duel| {
        duel.prepare(&["volume", "create", "--label", "a=1", "--label", "b", "labelled"]);
        duel.prepare(&["volume", "create", "plain"]);
        duel.prepare(&["create", "--network", "none", "--name", "user", "-v", "plain:/x", "box"]);
        for filter in [
            "name=la",
            "name=^l",
            "label=a",
            "label=a=1",
            "label=a=2",
            "driver=local",
            "driver=loc",
            "dangling=true",
            "dangling=false",
            "dangling=0",
        ] {
            duel.same(&["volume", "ls", "-q", "--filter", filter]);
        }
        duel.same(&["volume", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}} {{.Label \"a\"}}"]);
        for wrong in ["dangling=x", "nosuch=1"] {
            duel.same_code(&["volume", "ls", "--filter", wrong], "later versions write it small").fails();
        }
        duel.same(&["volume", "prune", "-f", "--filter", "label=a=2"]);
        duel.same(&["volume", "prune", "-f", "--filter", "label!=a"]);
        duel.same(&["volume", "ls", "-q"]);
        duel.same_as(&["volume", "inspect", "labelled", "nosuch", "-f", "{{.Name}}"], essence).fails();
        duel.same(&["volume", "rm", "-f", "nosuch"]);
        duel.same_as(&["volume", "rm", "nosuch", "labelled"], essence).fails();
        for wrong in ["x/y", "x", "-x"] {
            duel.same(&["volume", "create", "--", wrong]).fails();
        }
        duel.same(&["volume", "create", "--driver", "nosuch", "other"]).fails();
        duel.same(&["rm", "user"]);
        duel.same(&["volume", "rm", "plain"]);
    });
}
