//! The page: its size, and how it feels with an image of 230,000 files in headless Chromium.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use strata_forge::{Large, Layer};
use strata_tests::{Browser, Scratch, Strata, http::Request, run, strata::Options};

use crate::{Wanted, clock, report::Report, stage};

/// Bytes of the page after brotli, as the first visit to an image and to the workshop loads them.
pub fn sizes(report: &mut Report) -> Result<()> {
    let dist = stage::root().join("dist");
    for (page, limit) in [("index.html", 500.0), ("whole.html", f64::INFINITY)] {
        let shell = fs::read_to_string(dist.join(page)).with_context(|| format!("dist has no {page}"))?;
        for (extension, limit) in [("wasm", limit), ("js", 100.0), ("css", f64::INFINITY)] {
            let mut bytes = 0;
            for entry in fs::read_dir(&dist).context("cannot read dist")? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                // Those wait until they are needed.
                let lazy = ["terminal-", "editor-"].iter().any(|prefix| name.starts_with(prefix));
                let first = name.strip_suffix(".br").is_some_and(|name| {
                    !lazy && name.ends_with(&format!(".{extension}")) && shell.contains(&format!("/{name}"))
                });
                bytes += if first { entry.metadata()?.len() } else { 0 };
            }
            ensure!(bytes > 0, "{page} names no .{extension} with a .br beside it: build the page first");
            let what = format!("{} {extension}", page.trim_end_matches(".html"));
            report.add_limited("size", &what, "brotli", bytes as f64 / 1000.0, "kB", limit);
        }
    }
    Ok(())
}

/// Loads the page, opens the image, switches sheets and scrolls.
pub fn measure(wanted: &Wanted, report: &mut Report) -> Result<()> {
    let scratch = Scratch::new("page");
    let data = scratch.join("data");
    seed(&data, &scratch.join("layout"))?;
    let server = Strata::with(Options { data: Some(data), ..Options::default() });
    let name = format!("127.0.0.1:{}/large:latest", server.port());
    let target = format!("/images/create?fromImage={}", name.replace('/', "%2F"));
    let answer = Request::new("POST", &target).send(&server.unix())?;
    if answer.status != 200 || answer.text().contains("\"error\"") {
        bail!("cannot pull {name}: {}", answer.text());
    }
    let browser = Browser::start();
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": READY }));
    browser.open(server.url());
    let (mut loads, mut opens) = (Vec::new(), Vec::new());
    let mut switches = Vec::new();
    let mut frames = Vec::new();
    for _ in 0..wanted.rounds {
        browser.open(&format!("http://127.0.0.1:{}/", server.port()));
        loads.push(number(&browser.wait_for("the list of images", "window.benchReady")));
        opens.push(number(&browser.eval_async(OPEN, vec![])));
        switches.extend(numbers(&browser.eval_async(SWITCH, vec![])));
        if browser.count("[data-testid=expand-all]") == 0 {
            browser.click("[data-testid=view-menu]");
        }
        browser.wait_for("the menu", "!!document.querySelector('[data-testid=expand-all]')");
        browser.eval("document.querySelector('[data-testid=expand-all]').click()", vec![]);
        frames.extend(numbers(&browser.eval_async(SCROLL, vec![])));
    }
    ensure!(!switches.is_empty() && frames.len() > 100, "the page shows no sheets or no tree");
    let what = "page with 230,000 files";
    report.add_limited(what, "chromium", "load", clock::median(loads), "ms", 1000.0);
    report.add_limited(what, "chromium", "first rows", clock::median(opens), "ms", 1000.0);
    report.add_limited(what, "chromium", "sheet", clock::median(switches.clone()), "ms", 50.0);
    report.add_limited(what, "chromium", "sheet, worst", clock::quantile(switches, 1.0), "ms", 50.0);
    report.add(what, "chromium", "frame", clock::median(frames.clone()), "ms");
    report.add_limited(what, "chromium", "frame, 99 %", clock::quantile(frames.clone(), 0.99), "ms", 32.0);
    report.add_limited(what, "chromium", "frame, worst", clock::quantile(frames, 1.0), "ms", 32.0);
    report.add(what, "strata", "peak memory", server.peak_memory() as f64 / 1e6, "MB");
    Ok(())
}

/// Puts the image into the registry of a server that doesn't run yet.
fn seed(data: &Path, layout: &Path) -> Result<()> {
    let top =
        (0..200).fold(Layer::new().dir("etc"), |layer, n| layer.file(format!("etc/note-{n}"), "a note\n"));
    Large::SmallFiles.image().layer("COPY notes /etc", top).write_layout(layout, "latest")?;
    run(Command::new(Strata::binary()).arg("seed").arg("--data").arg(data).arg(layout).arg("large:latest"))
        .ok();
    fs::remove_dir_all(layout)?;
    Ok(())
}

/// Notes when the list of images is there.
const READY: &str = r#"
const look = () => {
  if (document.querySelector('[data-testid="image-link"]')) window.benchReady = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"#;

/// From the click on the image to the first rows of its tree.
const OPEN: &str = r#"
const begun = performance.now();
document.querySelector('[data-testid="image-link"]').click();
const look = () => {
  if (document.querySelector('[role="treeitem"]')) done(performance.now() - begun);
  else requestAnimationFrame(look);
};
look();
"#;

/// Each sheet off and on again: from the click to the end of the frame that shows the answer.
const SWITCH: &str = r#"
(async () => {
const frame = () => new Promise((then) => requestAnimationFrame(() => setTimeout(then)));
const times = [];
for (let round = 0; round < 3; round++) {
  for (const at of document.querySelectorAll('[data-testid="sheet-switch"]').keys()) {
    for (const _ of [0, 1]) {
      await frame();
      const begun = performance.now();
      document.querySelectorAll('[data-testid="sheet-switch"]')[at].click();
      await frame();
      times.push(performance.now() - begun);
    }
  }
}
return times;
})().then(done);
"#;

/// Scrolls through the open tree, a few rows at a time and in great leaps: the time between frames.
const SCROLL: &str = r#"
(async () => {
const frame = () => new Promise((then) => requestAnimationFrame(then));
let list = document.querySelector('[role="treeitem"]');
while (list && list.scrollHeight <= list.clientHeight + 1) list = list.parentElement;
const times = [];
let last = await frame();
for (let n = 0; n < 300; n++) {
  list.scrollTop += n % 50 === 49 ? list.scrollHeight / 9 : 240;
  const now = await frame();
  times.push(now - last);
  last = now;
}
return times;
})().then(done);
"#;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}
