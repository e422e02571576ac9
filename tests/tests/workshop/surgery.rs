//! Surgery: what comes out is an image with the same files, for the command line and for a container.

use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    sync::Arc,
};
use strata_faulty_registry::FaultyRegistry;
use strata_forge::{Entry, Form, Image, Layer};
use strata_tests::{Docker, NetNs, Strata, fixture, http::Request, run, skip_without};

use crate::scene::{fine, post, refused};

struct Scene {
    strata: Strata,
    docker: Docker,
    _registry: FaultyRegistry,
    _netns: Arc<NetNs>,
}

fn dir(path: &str) -> Entry {
    Entry::dir(path).mode(0o755)
}

/// Busybox, and above it what layers do to each other.
fn image() -> Image {
    fixture::busybox()
        .layer(
            "/bin/sh -c #(nop) COPY dir:1 in /srv ",
            Layer::new()
                .with(dir("srv"))
                .file("srv/brief", "brief")
                .file("srv/page", "one")
                .with(Entry::dir("home").mode(0o700))
                .file("tool", "#!/bin/sh\n"),
        )
        .row("/bin/sh -c #(nop)  ENV A=1")
        .layer(
            "/bin/sh -c rm /srv/brief /bin/vi && echo two > /srv/page",
            Layer::new()
                .with(dir("srv"))
                .whiteout("srv/brief")
                .file("srv/page", "two")
                .with(dir("bin"))
                .whiteout("bin/vi"),
        )
        .layer(
            "/bin/sh -c echo > /home/file && ln -s /tool /run",
            Layer::new()
                .file("home/file", "\n")
                .symlink("run", "/tool")
                .with(dir("srv"))
                .file("srv/last", "x"),
        )
        .form(Form::Docker)
}

fn scene() -> Option<Scene> {
    if skip_without(&["docker", "ip", "iptables"]) {
        return None;
    }
    let netns = NetNs::new();
    let registry = netns.inside(FaultyRegistry::start);
    fixture::offer(&registry, &image().build(), "app");
    let base = Image::new()
        .layer(
            "ADD base",
            Layer::new()
                .with(dir("bin"))
                .file("bin/vi", "new vi")
                .file("bin/other", "o")
                .with(dir("srv"))
                .file("srv/page", "new base's"),
        )
        .row("CMD [\"bash\"]")
        .config(|config| config.env = Some(vec!["PATH=/new".into()]))
        .form(Form::Docker);
    fixture::offer(&registry, &base.build(), "base");
    let strata = Strata::start_in(&netns);
    let docker = Docker::new(&strata.socket());
    for name in ["app", "base"] {
        docker.run(&["pull", &format!("{}/{name}", registry.domain())]).ok();
        docker.run(&["tag", &format!("{}/{name}", registry.domain()), name]).ok();
    }
    Some(Scene { strata, docker, _registry: registry, _netns: netns })
}

/// What a container of an image has, path by path.
fn tree(docker: &Docker, image: &str) -> Vec<String> {
    let id = docker.run(&["create", "--network=none", image, "x"]).ok().stdout;
    let listed = run(std::process::Command::new("sh").arg("-c").arg(format!(
        "DOCKER_HOST={} docker export {} | tar -tvf - --full-time --numeric-owner",
        docker_host(docker),
        id.trim()
    )))
    .ok();
    docker.run(&["rm", id.trim()]).ok();
    // What the engine puts into every container is not the image's; directories' times change with what is in them.
    let own =
        ["dev/", "proc/", "sys/", ".dockerenv", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"];
    let mut lines: Vec<String> = listed
        .stdout
        .lines()
        .filter(|line| {
            let name = line.split_whitespace().nth(5).unwrap_or_default();
            // One layer only implies this directory: overlay then shows it as nobody's, the union as the layer below says.
            !own.iter().any(|own| name.starts_with(own)) && name != "home/"
        })
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let time = if line.starts_with('d') { "" } else { words[4] };
            format!("{} {} {} {time} {}", words[0], words[1], words[2], words[5..].join(" "))
        })
        .collect();
    lines.sort();
    lines
}

fn docker_host(docker: &Docker) -> String {
    let command = docker.command(&[]);
    let found = command.get_envs().find(|(name, _)| *name == "DOCKER_HOST").and_then(|(_, value)| value);
    found.expect("it is set").to_string_lossy().into_owned()
}

/// What must fit together in every image.
#[track_caller]
fn check(scene: &Scene, image: &str, layers: usize) -> Value {
    let found = scene.docker.run(&["image", "inspect", image]).ok().json()[0].clone();
    assert_eq!(found["RootFS"]["Layers"].as_array().map(Vec::len), Some(layers));
    let detail = fine(scene.strata.get(&format!("/api/image?ref={image}")));
    let rows = detail["rows"].as_array().expect("rows").clone();
    assert_eq!(rows.iter().filter(|row| !row["layer"].is_null()).count(), layers, "{rows:#?}");
    let history =
        scene.docker.run(&["history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Comment}}", image]).ok();
    assert_eq!(history.stdout.lines().count(), rows.len());
    found
}

#[test]
fn a_squashed_image_has_the_same_files() {
    let Some(scene) = scene() else { return };
    let before = tree(&scene.docker, "app");
    let original = scene.docker.run(&["image", "inspect", "app"]).ok().json()[0].clone();
    for (from, to, layers) in [(1, 2, 3), (0, 3, 1), (2, 3, 3), (0, 1, 3)] {
        let request = json!({ "image": "app", "operation": { "kind": "squash", "from": from, "to": to }, "name": "flat:1" });
        let plan = fine(post(&scene.strata, "/api/surgery/plan", &request));
        assert_eq!(
            (plan["layers_before"].as_u64(), plan["layers_after"].as_u64()),
            (Some(4), Some(layers as u64))
        );
        assert!(plan["bytes_after"].as_u64() <= plan["bytes_before"].as_u64());
        assert!(
            plan["consequences"][0]["zh"].as_str().is_some_and(|text| text.contains("合成一层")),
            "{plan}"
        );
        let fates: Vec<&str> =
            plan["rows"].as_array().into_iter().flatten().filter_map(|row| row["fate"].as_str()).collect();
        assert_eq!(fates.iter().filter(|fate| **fate == "emptied").count(), to - from + 1);
        assert_eq!(fates.iter().filter(|fate| **fate == "squashed").count(), 1);
        let made = fine(post(&scene.strata, "/api/surgery", &request));
        assert_eq!(made["name"], "flat:1");
        let inspected = check(&scene, "flat:1", layers);
        assert_eq!(inspected["Id"], made["image"]);
        assert_eq!(inspected["Config"], original["Config"], "the config stays");
        assert_eq!(tree(&scene.docker, "flat:1"), before, "layers {from} to {to}");
    }
    let history = scene
        .docker
        .run(&["history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Comment}}", "flat:1"])
        .ok()
        .stdout;
    assert!(history.contains("#(nop) SQUASH 2 layers|merge of layers 1 to 2"), "{history}");
    let wrong = |from: usize, to: usize| {
        let request = json!({ "image": "app", "operation": { "kind": "squash", "from": from, "to": to } , "name": null });
        refused(post(&scene.strata, "/api/surgery", &request), 400)
    };
    assert!(
        wrong(2, 2).contains("range") && wrong(3, 1).contains("range") && wrong(1, 9).contains("no layer 9")
    );
}

#[test]
fn a_layer_that_others_need_is_left_out_only_when_told() {
    let Some(scene) = scene() else { return };
    let drop = |layer: usize, force: bool| json!({ "image": "app", "operation": { "kind": "drop", "layer": layer }, "name": "less", "force": force });
    let plan = fine(post(&scene.strata, "/api/surgery/plan", &drop(1, false)));
    let told = |list: &Value| -> Vec<String> {
        let line = |one: &Value| {
            format!(
                "{} {}",
                one["what"].as_str().unwrap_or_default(),
                one["path"].as_str().unwrap_or_default()
            )
        };
        list.as_array().into_iter().flatten().map(line).collect()
    };
    assert_eq!(told(&plan["overridden"]), ["lost_below srv/brief", "gone tool"], "{plan:#}");
    let needs: Vec<String> = plan["dependents"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            format!(
                "{} {} {}",
                one["path"].as_str().unwrap_or_default(),
                one["needs"].as_str().unwrap_or_default(),
                one["target"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(needs, ["home/file directory home", "run link tool"]);
    let message = refused(post(&scene.strata, "/api/surgery", &drop(1, false)), 409);
    assert!(message.contains("home/file") && message.contains("force"), "{message}");
    fine(post(&scene.strata, "/api/surgery", &drop(1, true)));
    check(&scene, "less", 3);
    let files = tree(&scene.docker, "less");
    assert!(!files.iter().any(|line| line.ends_with(" tool")), "{files:#?}");

    // Nobody needs this one: what it deleted comes back.
    let plan = fine(post(&scene.strata, "/api/surgery/plan", &drop(2, false)));
    assert_eq!(
        told(&plan["overridden"]),
        ["comes_back bin/vi", "comes_back srv/brief", "comes_back srv/page"]
    );
    assert_eq!(plan["dependents"], json!([]));
    fine(post(&scene.strata, "/api/surgery", &drop(2, false)));
    check(&scene, "less", 3);
    assert!(tree(&scene.docker, "less").iter().any(|line| line.ends_with(" srv/brief")));
    // Without its first layer the image has no program to start.
    let plan = fine(post(&scene.strata, "/api/surgery/plan", &drop(0, false)));
    let settings: Vec<&Value> =
        plan["dependents"].as_array().into_iter().flatten().filter(|one| one["needs"] == "setting").collect();
    assert_eq!(settings.len(), 1, "{plan:#}");
    assert_eq!(settings[0]["path"], "CMD");
}

#[test]
fn a_rebase_lists_what_it_hides_first() {
    let Some(scene) = scene() else { return };
    let request = json!({ "image": "app", "operation": { "kind": "rebase", "base": 1, "onto": "base" }, "name": "moved", "force": true });
    let plan = fine(post(&scene.strata, "/api/surgery/plan", &request));
    let told: Vec<String> = plan["overridden"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            format!(
                "{} {} {}",
                one["what"].as_str().unwrap_or_default(),
                one["path"].as_str().unwrap_or_default(),
                one["layer"]
            )
        })
        .collect();
    assert_eq!(told, ["deletes_other bin/vi 2", "replaces_new srv/page 2"], "{plan:#}");
    assert_eq!(plan["settings"], json!(["ENV PATH /new"]));
    fine(post(&scene.strata, "/api/surgery", &request));
    check(&scene, "moved", 4);
    let files = tree(&scene.docker, "moved");
    assert!(
        files.iter().any(|line| line.ends_with(" bin/other"))
            && !files.iter().any(|line| line.ends_with(" bin/vi"))
    );
    let history =
        scene.docker.run(&["history", "--no-trunc", "--format", "{{.CreatedBy}}", "moved"]).ok().stdout;
    let lines: Vec<&str> = history.lines().rev().collect();
    assert_eq!(lines[..2], ["ADD base", "CMD [\"bash\"]"], "{lines:?}");
    let wrong =
        json!({ "image": "app", "operation": { "kind": "rebase", "base": 9, "onto": "base" }, "name": null });
    refused(post(&scene.strata, "/api/surgery", &wrong), 400);
    let missing = json!({ "image": "app", "operation": { "kind": "rebase", "base": 1, "onto": "nothing" }, "name": null });
    refused(post(&scene.strata, "/api/surgery", &missing), 404);
}

#[test]
fn surgery_tells_how_far_it_is_and_ends_with_whoever_asked() {
    let Some(scene) = scene() else { return };
    let request =
        json!({ "image": "app", "operation": { "kind": "squash", "from": 0, "to": 2 }, "name": "told" });
    let answer = post(&scene.strata, "/api/surgery?events=1", &request);
    let told: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    assert_eq!((&told[0]["event"], &told[0]["layers"]), (&json!("started"), &json!(1)), "{told:?}");
    assert!(told[0]["entries"].as_u64() > Some(10), "{told:?}");
    let last = told.last().expect("some");
    assert_eq!((&last["event"], &last["name"]), (&json!("done"), &json!("told:latest")), "{told:?}");
    let image = scene.docker.run(&["image", "inspect", "--format", "{{.Id}}", "told"]).ok();
    assert_eq!(last["image"], image.text());
    // What is refused has a status, with or without events.
    let request = json!({ "image": "nowhere", "operation": { "kind": "drop", "layer": 0 } });
    refused(post(&scene.strata, "/api/surgery?events=1", &request), 404);
    // A large layer, and somebody who leaves when it has begun.
    let zeros = "head -c 400000000 /dev/zero > /big; touch /small";
    let id = scene.docker.run(&["run", "-d", "--network=none", "app", "sh", "-c", zeros]).ok();
    scene.docker.run(&["wait", id.text()]).ok();
    scene.docker.run(&["commit", id.text(), "large"]).ok();
    let request = |name: Option<&str>| json!({ "image": "large", "operation": { "kind": "squash", "from": 0, "to": 4 }, "name": name });
    let dial = scene.strata.tcp();
    let left = Request::new("POST", "/api/surgery?events=1").body(request(Some("left")).to_string());
    let left = left.header("Authorization", &format!("Bearer {}", scene.strata.token()));
    let mut stream = BufReader::new(dial.connect().expect("connects"));
    stream.get_mut().write_all(&left.bytes(&dial.host())).expect("asks");
    let mut line = String::new();
    while !line.contains("\"progress\"") {
        line.clear();
        assert_ne!(stream.read_line(&mut line).expect("reads"), 0, "it goes on");
    }
    drop(stream);
    // Another one takes as long from its beginning to its end: by then nothing has come of the first.
    let done = post(&scene.strata, "/api/surgery?events=1", &request(None)).text();
    assert!(done.lines().last().unwrap_or_default().contains("\"done\""), "{done}");
    assert_eq!(scene.docker.run(&["images", "-q", "left"]).ok().stdout, "");
}
