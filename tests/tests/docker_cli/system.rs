//! `docker version`, `info`, `system df` and `events`.

use crate::scene::*;
use strata_tests::duel::sorted;

#[test]
fn system_df() {
    with_images(|duel, names| {
        duel.same(&["system", "df"]);
        duel.same_as(&["system", "df", "-v"], sorted);
        duel.same(&[
            "system",
            "df",
            "--format",
            "{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}} {{.Reclaimable}}",
        ]);
        duel.prepare(&["rmi", &names.open("decoy")]);
        duel.same(&["system", "df"]);
        duel.same_as(&["system", "df", "-v"], sorted);
        duel.empty();
        duel.same(&["system", "df"]);
        duel.same_as(&["system", "df", "-v"], sorted);
    });
}

#[test]
fn version() {
    each(|duel, _| {
        // What is said is the engine's own; how it is laid out is not.
        let shape = |text: &str| {
            let key = |line: &str| line.split_once(':').map_or(line, |(key, _)| key).to_owned();
            let server = text.split_once("Server:").map_or("", |(_, server)| server);
            server
                .lines()
                .skip(1)
                .take_while(|line| !line.starts_with(" containerd"))
                .map(key)
                .collect::<Vec<_>>()
                .join("\n")
        };
        duel.same_as(&["version"], shape).ok();
        let run = duel.same_code(&["version", "--format", "{{json .Server}}"], "the engine's own words");
        for key in [
            "Version",
            "ApiVersion",
            "MinAPIVersion",
            "Os",
            "Arch",
            "KernelVersion",
            "BuildTime",
            "GitCommit",
        ] {
            assert!(run.json()[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {run}");
        }
        for key in ["Os", "Arch", "KernelVersion"] {
            duel.same(&["version", "--format", &format!("{{{{.Server.{key}}}}}")]);
        }
    });
}

#[test]
fn information() {
    with_images(|duel, _| {
        let run = duel.same_code(&["info"], "the engines are different ones").ok();
        assert!(!run.stderr.to_lowercase().contains("error"), "{run}");
        for key in [
            "Images",
            "Containers",
            "OSType",
            "Architecture",
            "NCPU",
            "MemTotal",
            "KernelVersion",
            "OperatingSystem",
        ] {
            duel.same(&["info", "--format", &format!("{{{{.{key}}}}}")]);
        }
        let run = duel.same_code(&["info", "--format", "{{json .}}"], "the engines are different ones").ok();
        for key in ["ServerVersion", "DockerRootDir", "Driver", "ID", "Name"] {
            assert!(run.json()[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {run}");
        }
    });
}

#[test]
fn events() {
    each(|duel, names| {
        let now = || {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
            format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
        };
        let since = now();
        let demo = names.open("demo");
        duel.prepare(&["pull", "-q", &demo]);
        duel.prepare(&["tag", &demo, "second"]);
        duel.prepare(&["rmi", "second"]);
        duel.prepare(&["rmi", &demo]);
        let until = now();
        // Times differ; the order of attributes is a Go map's in neither.
        let untimed = |text: &str| {
            let rest = |line: &str| line.split_once(' ').map_or(line, |(_, rest)| rest).to_owned();
            text.lines().map(rest).collect::<Vec<_>>().join("\n")
        };
        let period = ["events", "--since", &since, "--until", &until];
        let all = duel.same_as(&period, untimed).ok();
        assert!(all.stdout.contains(" image pull ") && all.stdout.contains(" image delete "), "{all}");
        for filter in ["event=tag", "type=image", "type=container", "image=second", "event=untag"] {
            duel.same_as(&[&period[..], &["--filter", filter]].concat(), untimed);
        }
        let format = [
            "--format",
            "{{.Type}} {{.Action}} {{.Actor.ID}} {{json .Actor.Attributes}} {{.Status}} {{.ID}} {{.From}}",
        ];
        duel.same(&[&period[..], &format].concat());
        duel.same(&["events", "--since", "nonsense", "--until", &until]);
        let early = duel.both(&["events", "--since", "0", "--until", &until]);
        assert_eq!((early.0.code, early.1.code), (0, 0), "{}", early.1);
    });
}
