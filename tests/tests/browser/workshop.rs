//! A Dockerfile that is typed, foreseen, built, debugged and run, all from the page.

use std::collections::BTreeMap;

use crate::{container_look::misfits, scene::*};
use serde_json::{Value, json};
use strata_faulty_registry::FaultyRegistry;
use strata_tests::{Docker, Strata, fixture, http::Request, skip_without};

/// A server with busybox as `box`; `None` where nothing can be built or seen.
fn shop() -> Option<(Strata, Docker)> {
    if skip_without(&["chromedriver", "chromium", "docker", "runc"]) || !rustix::process::geteuid().is_root()
    {
        return None;
    }
    let registry = FaultyRegistry::start();
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", "-q", &format!("{}/box", registry.domain())]).ok();
    docker.run(&["tag", &format!("{}/box", registry.domain()), "box"]).ok();
    Some((strata, docker))
}

/// Makes an empty workshop with these files; gives its id.
fn workshop(strata: &Strata, files: &[(&str, &str)]) -> String {
    let asked = Request::new("POST", "/api/workshops")
        .body(json!({ "name": "shop", "origin": { "kind": "empty" } }).to_string());
    let made = strata.ask(asked).json();
    let id = made["card"]["id"].as_str().expect("a workshop has an id").to_owned();
    files.iter().for_each(|(path, text)| put(strata, &id, path, text));
    id
}

/// Writes a file of a workshop; `path` is encoded.
fn put(strata: &Strata, id: &str, path: &str, text: &str) {
    let answer = strata.ask(Request::new("PUT", &format!("/api/workshops/{id}/file?path={path}")).body(text));
    assert!(answer.status < 300, "{path}: {}", answer.text());
}

impl Visit {
    /// Puts text in the place of what is in the editor, as typing does but without completions in the way.
    fn write(&self, text: &str) {
        self.wait(&format!("{}[aria-busy='false']", id("editor")));
        self.wait(".cm-content");
        self.eval("document.querySelector('.cm-content').focus(); document.execCommand('selectAll')", vec![]);
        self.cdp("Input.insertText", json!({ "text": text }));
        self.wait(&format!("{}[data-standing='saved']", id("standing")));
    }

    /// Builds, and waits for the end.
    fn build(&self, state: &str) {
        self.click(&id("build"));
        let ended = format!(
            "(s => ['done', 'failed', 'cancelled'].includes(s) && s)(document.querySelector({}).dataset.state)",
            json!(id("drawer"))
        );
        // The drawer shows the end of the build before until the new one begins.
        self.wait_for("a build", &format!("{ended} || document.querySelector({})", json!(id("build-stop"))));
        self.wait_gone(&id("build-stop"));
        assert_eq!(self.wait_for("its end", &ended), json!(state), "{}", self.text(&id("drawer")));
    }

    /// The forecast: line → mark.
    fn marks(&self) -> BTreeMap<String, String> {
        let script = "return Object.fromEntries([...document.querySelectorAll(\"[data-testid='line-mark']\")]
            .map(mark => [mark.dataset.line, mark.dataset.mark]))";
        serde_json::from_value(self.eval(script, vec![])).expect("lines and marks")
    }

    /// The outcome: line → state.
    fn outcome(&self) -> BTreeMap<String, String> {
        let script = "return Object.fromEntries([...document.querySelectorAll(\"[data-testid='step']\")]
            .map(step => [step.dataset.line, step.dataset.state]))";
        serde_json::from_value(self.eval(script, vec![])).expect("lines and states")
    }

    #[track_caller]
    fn wait_marks(&self, expected: &[(&str, &str)]) {
        let wanted = json!(expected.iter().copied().collect::<BTreeMap<_, _>>());
        let seen = "Object.fromEntries([...document.querySelectorAll(\"[data-testid='line-mark']\")].map(mark => [mark.dataset.line, mark.dataset.mark]))";
        self.wait_for(
            &format!("the marks {wanted}"),
            &format!("Object.entries({wanted}).every(([line, mark]) => ({seen})[line] === mark)"),
        );
    }
}

#[test]
fn from_an_empty_editor_to_a_running_container() {
    let Some((strata, docker)) = shop() else { return };
    // The link leads out of the smaller page, into the whole one.
    // What docker clients built is listed, also what failed, and its Dockerfile becomes a workshop.
    let context = strata_tests::Scratch::new("context");
    let text = "FROM box\nCOPY note /note\nRUN cat /note; exit 3\n";
    std::fs::write(context.join("Dockerfile"), text).expect("the context can be written");
    std::fs::write(context.join("note"), "from the client\n").expect("the context can be written");
    docker.run(&["build", "-t", "client/app:1", &context.path().display().to_string()]).fails();
    let page = enter(&strata, "/");
    page.click(&id("nav-workshop"));
    page.wait_text(&id("client-build"), "client/app:1");
    page.click(&id("client-build-open"));
    page.wait_text(".cm-content", "RUN cat /note; exit 3");
    page.click(&id("nav-workshop"));
    page.wait(&id("workshop-new"));
    page.click(&id("workshop-new"));
    page.wait_for("its page", "location.pathname.startsWith('/workshop/')");
    page.write("FROM box\nRUN echo it works > /made\nCMD [\"sh\", \"-c\", \"cat /made; sleep 300\"]\n");
    page.wait_marks(&[("1", "base"), ("2", "runs"), ("3", "runs")]);
    page.click(&id("panel-settings"));
    page.fill(&id("build-tags"), "typed");
    page.click(&id("panel-context"));
    page.wait(&id("context-row"));
    page.build("done");
    page.wait_marks(&[("2", "cached"), ("3", "cached")]);
    page.finish("workshop");
    // What was built here is not a docker client's.
    page.click(&id("nav-workshop"));
    page.wait(&id("client-build"));
    assert_eq!(page.texts(&format!("{} .names", id("client-build"))), ["client/app:1"]);
    page.back();
    page.click(&id("run-result"));
    page.wait(&id("run-dialog"));
    page.fill(&id("run-name"), "typed-once");
    page.click(&id("run"));
    page.wait_for("its page", "location.pathname === '/container/typed-once'");
    page.finish("workshop-container");
    drop(page);
    assert_eq!(docker.run(&["run", "--rm", "typed", "cat", "/made"]).ok().text().trim(), "it works");
}

#[test]
fn a_failing_step_marks_its_line_and_opens_a_shell() {
    let Some((strata, _)) = shop() else { return };
    let text =
        "FROM box\nRUN echo left > /left && \\\n    echo 'no such luck' >&2 && \\\n    exit 3\nCMD sh\n";
    let workshop = workshop(&strata, &[("Dockerfile", text)]);
    let page = enter(&strata, &format!("/workshop/{workshop}"));
    page.wait(&format!("{}[aria-busy='false']", id("editor")));
    page.build("failed");
    page.wait(&id("line-trouble"));
    assert!(page.text(&id("line-trouble")).contains("no such luck"));
    let marked = page.eval("return [...document.querySelectorAll('.cm-line')].map((line, at) => line.classList.contains('failed-line') ? at + 1 : 0).filter(Boolean)", vec![]);
    assert_eq!(marked, json!([2, 3, 4]), "the lines of the step, and no others");
    page.finish("workshop-failed");
    page.click(&id("trouble-shell"));
    page.wait_for("a container's page", "location.pathname.startsWith('/container/')");
    page.wait(&format!("{}[data-state='open']", id("terminal")));
    page.wait_text(".xterm-rows", "#");
    page.click(".xterm-screen");
    page.keys("cat /left\n");
    page.wait_text(".xterm-rows", "left\n");
    page.finish("workshop-shell");
}

#[test]
fn the_forecast_is_what_the_build_then_does() {
    let Some((strata, _)) = shop() else { return };
    let text =
        "FROM box\nARG WHO=you\nWORKDIR /w\nCOPY a a\nRUN echo a >> log\nCOPY b b\nRUN echo $WHO >> log\n";
    let workshop = workshop(
        &strata,
        &[("Dockerfile", text), ("a", "1"), ("b", "1"), (".dockerignore", "c\n"), ("c", "1")],
    );
    let page = enter(&strata, &format!("/workshop/{workshop}"));
    page.wait(&format!("{}[aria-busy='false']", id("editor")));
    // Lines from `from` on run.
    let all = |from: usize| -> Vec<(String, &'static str)> {
        (2..=7).map(|line| (line.to_string(), if line < from { "cached" } else { "runs" })).collect()
    };
    let foresee = |from: usize| {
        let marks = all(from);
        page.wait_marks(&marks.iter().map(|(line, mark)| (line.as_str(), *mark)).collect::<Vec<_>>());
        let foreseen = page.marks();
        page.build("done");
        let outcome = page.outcome();
        for (line, mark) in &foreseen {
            let did = outcome.get(line).map(String::as_str);
            let agree = match mark.as_str() {
                "cached" => did == Some("cached"),
                "runs" => did == Some("ran"),
                _ => did == Some("base"),
            };
            assert!(agree, "line {line}: foreseen {mark}, did {did:?}");
        }
        assert_eq!(page.count(&id("step-differs")), 0);
    };
    foresee(2);
    foresee(8);
    // Another content of a file, told in the page: the copy and what follows run.
    page.click(&format!("{} {}", "[data-testid='context-row'][data-path='b']", id("context-open")));
    page.wait_text(&id("editor-file"), "b");
    page.write("2");
    page.click(&id("back-to-dockerfile"));
    page.wait_text("[data-testid='line-mark'][data-line='6']", "b changed");
    foresee(6);
    // A file has an address too, whatever it is called.
    page.click(&format!(
        "{} {}",
        "[data-testid='context-row'][data-path='.dockerignore']",
        id("context-open")
    ));
    page.wait_text(&id("editor-file"), ".dockerignore");
    page.reload();
    page.wait_text(&id("editor-file"), ".dockerignore");
    page.wait_text(".cm-content", "c");
    page.click(&id("back-to-dockerfile"));
    // What is ignored changes nothing.
    page.click(&format!("{} {}", "[data-testid='context-row'][data-path='c']", id("context-open")));
    page.wait_text(&id("editor-file"), "c");
    page.write("2");
    page.click(&id("back-to-dockerfile"));
    foresee(8);
    // A line that changes, typed.
    page.write(&text.replace("echo a", "echo aa"));
    foresee(5);
    page.finish("workshop-forecast");
}

#[test]
fn what_files_and_programs_say_is_text() {
    let Some((strata, _)) = shop() else { return };
    let evil = "%3Cimg%20src%3Dx%20onerror%3D%22window.pwned%3D1%22%3E";
    let text = "FROM box AS \"><script>window.pwned=2</script>\nFROM box\nCOPY . /w\nRUN printf '\\033]0;<b>\\007\\033[31m<img src=x onerror=\"window.pwned=3\">\\033[0m\\n\\xff\\n'; exit 1\n";
    let workshop = workshop(
        &strata,
        &[
            ("Dockerfile", text.split_once('\n').expect("lines").1),
            (evil, "x"),
            ("a%E2%80%AEgpj.exe", "x"),
            ("%FF%0A", "x"),
        ],
    );
    let page = enter(&strata, &format!("/workshop/{workshop}"));
    page.wait(&format!("{}[aria-busy='false']", id("editor")));
    page.wait_text(&id("context-row"), "<img src=x onerror=");
    page.wait_text(&id("context-row"), "\\u{202e}");
    page.wait_text(&id("context-row"), "\\xFF");
    page.build("failed");
    page.wait_text(&id("output"), "<img src=x onerror=");
    let coloured = page.eval(
        "return [...document.querySelectorAll(\"[data-testid='output'] span span\")].map(s => s.style.color)",
        vec![],
    );
    assert_eq!(coloured[0], json!("var(--ansi-red)"));
    assert!(page.text(&id("line-trouble")).contains("<img"));
    page.write(text);
    page.click(&id("panel-stages"));
    page.wait(&id("stage-graph"));
    assert_eq!(page.eval("return window.pwned ?? null", vec![]), Value::Null);
    page.finish("workshop-hostile");
}

#[test]
fn layers_are_squashed_and_the_outcome_opens() {
    let Some(page) = visit("/image/demo:latest") else { return };
    page.wait(&id("row"));
    let before = page.count(&id("sheet"));
    page.click(&id("surgery-open"));
    page.fill(&id("surgery-from"), "2");
    page.fill(&id("surgery-to"), &before.to_string());
    page.fill(&id("surgery-name"), "squashed");
    page.click(&id("surgery-plan"));
    page.wait(&id("surgery-row"));
    assert!(page.count(&id("surgery-consequence")) > 0);
    page.click(&id("surgery-do"));
    page.wait_for("the outcome", "location.pathname.startsWith('/image/squashed')");
    page.wait(&id("row"));
    assert_eq!(page.count(&id("sheet")), 2);
    page.finish("surgery");
}

#[test]
fn a_step_against_the_one_before_is_a_tree() {
    let Some((strata, _)) = shop() else { return };
    let text = "FROM box\nRUN mkdir -p srv/a/deep && echo new > srv/a/deep/file && echo x >> etc/passwd && rm etc/group\n";
    let made = workshop(&strata, &[("Dockerfile", text)]);
    let page = enter(&strata, &format!("/workshop/{made}"));
    page.wait(&format!("{}[aria-busy='false']", id("editor")));
    page.build("done");
    page.click(&id("panel-builds"));
    page.click(&id("build-link"));
    page.click("[data-testid='travel-to'][data-step='2']");
    page.wait(&id("did-list"));
    let lines = "return [...document.querySelectorAll(\"[data-testid='did-list'] [role=treeitem]\")]
        .map(e => (e.dataset.change ?? ' ') + ' ' + e.getAttribute('aria-level') + ' ' + e.dataset.path)";
    let all = ["D 2 etc/group", "M 2 etc/passwd", "A 3 srv/a/deep", "A 4 srv/a/deep/file"];
    let seen: Vec<String> = serde_json::from_value(page.eval(lines, vec![])).expect("lines");
    for line in all {
        assert!(seen.iter().any(|one| one == line), "{line}: {seen:?}");
    }
    page.picture("travel-tree");
    // Folded by keys, and opened again.
    page.eval("document.querySelector(\"[role=treeitem][data-path='srv'] a\").focus()", vec![]);
    page.keys(thirtyfour::Key::Left);
    page.wait_gone("[role=treeitem][data-path='srv/a']");
    page.wait_for("the focus to stay", "document.activeElement.closest('li')?.dataset.path === 'srv'");
    page.keys(thirtyfour::Key::Right);
    page.wait("[role=treeitem][data-path='srv/a/deep/file']");
    page.click("[role=treeitem][data-path='srv/a/deep/file'] a");
    page.wait_for("the explorer", "location.pathname.endsWith('/layer/2/srv/a/deep/file')");
    page.wait_text(&id("text"), "new");
    page.finish("travel-file");
}

#[test]
fn a_shared_address_shows_and_runs_nothing() {
    let Some((strata, _)) = shop() else { return };
    let page = enter(&strata, "/workshop#dockerfile=dEZST00gYm94ClJVTiBlY2hvIDxiPmhpPC9iPgo");
    page.wait_text(&id("shared-text"), "RUN echo <b>hi</b>");
    assert_eq!(strata.ask(Request::new("GET", "/api/workshops")).json(), json!([]));
    page.click(&id("shared-take"));
    page.wait_for("its page", "location.pathname.startsWith('/workshop/')");
    page.wait_text(".cm-content", "RUN echo <b>hi</b>");
    page.wait(&id("never-built"));
    // Out of the editor by keys alone.
    page.eval("document.querySelector('.cm-content').focus()", vec![]);
    page.keys("\u{e00c}\u{e004}");
    assert_eq!(page.eval("return !!document.activeElement.closest('.cm-content')", vec![]), json!(false));
    // What is wrong is told in the page's language.
    page.click(&id("language"));
    page.write("FROM box\nMAINTAINER me\nRUN cd /tmp\n");
    page.wait_for(
        "findings",
        &format!("+document.querySelector({}).dataset.count >= 2", json!(id("problems"))),
    );
    page.click(&id("problems"));
    page.wait(".cm-panel-lint li");
    let english = "[...document.querySelectorAll('.cm-panel-lint li .cm-diagnosticText')].map(e => e.innerText).filter(t => !/[\\u4e00-\\u9fff]/.test(t))";
    page.wait_for("Chinese", &format!("({english}).length === 0"));
    page.finish("workshop-shared");
}

#[test]
fn every_page_of_a_workshop_fits() {
    let Some((strata, _)) = shop() else { return };
    let good = "FROM box AS made\nARG WHO=you\nRUN echo $WHO > /out\nFROM box\nCOPY --from=made /out /out\nCOPY . /w\nCMD [\"sh\"]\n";
    let files = [(".dockerignore", "*.log\n"), ("a-rather-long-name-of-a-file.log", "x"), ("lib%2Fa", "x")];
    let id_of = |text: &str| workshop(&strata, &[&[("Dockerfile", text)], &files[..]].concat());
    let (good, bad) = (id_of(good), id_of("FROM box\nMAINTAINER me\nRUN echo no such luck >&2; exit 3\n"));
    let page = enter(&strata, "/workshop");
    for (workshop, state) in [(&good, "done"), (&bad, "failed")] {
        page.open(&format!("{}/workshop/{workshop}", strata.home()));
        page.wait(&format!("{}[aria-busy='false']", id("editor")));
        page.build(state);
    }
    let build = strata.get(&format!("/api/builds?workshop={good}")).json();
    let build = build[0]["id"].as_str().expect("it was built").to_owned();
    let pages = [
        ("/workshop".to_owned(), "workshop-row"),
        (format!("/workshop/{good}"), "step"),
        (format!("/workshop/{good}/file/.dockerignore"), "context-row"),
        (format!("/workshop/{good}?panel=settings"), "build-arg"),
        (format!("/workshop/{good}?panel=stages"), "stage"),
        (format!("/workshop/{good}?panel=builds&build={build}"), "travel-to"),
        (format!("/workshop/{good}?panel=builds&build={build}&step=6"), "did"),
        (format!("/workshop/{bad}"), "line-trouble"),
        ("/workshop/nonesuch".to_owned(), "workshop-failed"),
    ];
    let mut wrong = Vec::new();
    for (lang, scheme) in [("en", "light"), ("zh-CN", "dark")] {
        page.prefer_scheme(scheme);
        page.eval("localStorage['strata-language'] = arguments[0]", vec![json!(lang)]);
        for (at, (path, sign)) in pages.iter().enumerate() {
            page.resize(1280, 800);
            page.open(&format!("{}{path}", strata.home()));
            page.wait(&id(sign));
            wrong.extend(misfits(&page, &format!("workshop-{at}-{lang}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
