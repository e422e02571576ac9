//! From a write in a container to the row on its page, as somebody who looks at it sees it.
//!
//! Both ends are read from the machine's own clock: the file says when it was written, and the page when the frame
//! after the row came was drawn.

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use strata_faulty_registry::FaultyRegistry;
use strata_tests::{Browser, Docker, Strata, fixture};

use crate::{Wanted, clock, report::Report};

/// Writes in each round.
const WRITES: usize = 30;
/// Files that are written at once.
const BURST: usize = 1_000;
/// What is allowed for a single write.
const LIMIT: f64 = 200.0;

/// Measures single writes, typed ones, and the last one of a burst.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let registry = FaultyRegistry::start();
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let server = Strata::start();
    let docker = Docker::new(&server.socket());
    let from = format!("{}/box", registry.domain());
    docker.run(&["pull", "-q", &from]).ok();
    // A new network interface would make the browser load its page anew.
    docker.run(&["run", "-dit", "--network", "none", "--name", "seen", &from]).ok();
    let browser = Browser::start();
    browser.open(server.url());
    browser.open(&format!("{}/container/seen", server.home()));
    browser.wait("[data-testid=writable-empty]");
    browser.wait("[data-testid=terminal][data-state=open]");
    browser.eval(WATCH, vec![]);
    let upper = upper(&docker)?;
    let (mut written, mut typed, mut bursts) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..wanted.rounds {
        let script = format!(
            "n=0; while [ $n -lt {WRITES} ]; do n=$((n + 1)); echo x > /write{round}-$n; sleep 0.1; done"
        );
        docker.run(&["exec", "seen", "sh", "-c", &script]).ok();
        for n in 1..=WRITES {
            let name = format!("write{round}-{n}");
            written.push(shown(&browser, &name) - written_at(&upper.join(&name))?);
        }
        browser.click(".xterm-screen");
        for n in 0..WRITES {
            let name = format!("typed{round}-{n}");
            browser.keys(format!("echo x > /{name}\n"));
            typed.push(shown(&browser, &name) - number(&browser.eval("return window.benchEntered", vec![])));
        }
        let script = format!(
            "mkdir /burst{round}; n=0; while [ $n -lt {BURST} ]; do n=$((n + 1)); echo x > /burst{round}/$n; done; echo x > /end{round}"
        );
        docker.run(&["exec", "seen", "sh", "-c", &script]).ok();
        let name = format!("end{round}");
        bursts.push(shown(&browser, &name) - written_at(&upper.join(&name))?);
    }
    ensure!(
        written.iter().chain(&typed).all(|took| *took > -5.0),
        "the clocks disagree: {written:?} {typed:?}"
    );
    for (what, times, limit) in [
        ("write → row", written, LIMIT),
        ("Enter → row", typed, LIMIT),
        ("last of 1,000 → row", bursts, f64::INFINITY),
    ] {
        let (what, worst) = (format!("latency/{what}"), clock::quantile(times.clone(), 1.0));
        report.add_limited(&what, "chromium", "median", clock::median(times), "ms", limit);
        report.add(&what, "chromium", "worst", worst, "ms");
    }
    Ok(())
}

/// Where the container's writable layer is.
fn upper(docker: &Docker) -> Result<PathBuf> {
    let format = "{{.GraphDriver.Data.UpperDir}}";
    let shown = docker.run(&["inspect", "--format", format, "seen"]).ok();
    let upper = PathBuf::from(shown.text().trim());
    ensure!(upper.is_dir(), "no writable layer at {}", upper.display());
    Ok(upper)
}

/// When a file was written, in milliseconds since 1970.
fn written_at(file: &Path) -> Result<f64> {
    let time = fs::metadata(file).and_then(|found| found.modified());
    let time = time.with_context(|| format!("{} is not there", file.display()))?;
    Ok(time.duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0)
}

/// When the page had drawn the row of a path; waits for it.
fn shown(browser: &Browser, name: &str) -> f64 {
    number(&browser.wait_for(&format!("the row of {name}"), &format!("window.benchShown[{}]", json!(name))))
}

/// Notes when each row was drawn first, and when Enter was pressed last.
const WATCH: &str = r#"
window.benchShown = {};
const drawn = (then) => requestAnimationFrame(() => setTimeout(then));
const note = (row) => {
  const path = row.dataset.path;
  drawn(() => { window.benchShown[path] ??= Date.now(); });
};
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) {
    if (node.nodeType !== 1) continue;
    if (node.matches('[data-testid="writable-row"]')) note(node);
    else node.querySelectorAll('[data-testid="writable-row"]').forEach(note);
  }
}).observe(document.querySelector('[data-testid="writable-layer"]'), { childList: true, subtree: true });
addEventListener('keydown', (event) => { if (event.key === 'Enter') window.benchEntered = Date.now(); }, true);
"#;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
