//! How fast it is.

use crate::scene::*;
use serde_json::json;
use thirtyfour::Key;

/// Frame times while the tree scrolls from top to bottom: milliseconds, sorted.
const SCROLL: &str = "
    const tree = document.querySelector(\"[data-testid='tree']\");
    const times = []; let last = performance.now(), frames = arguments[0];
    const step = now => { times.push(now - last); last = now;
        tree.scrollTop += arguments[1];
        if (--frames > 0) requestAnimationFrame(step); else done(times.slice(2).sort((a, b) => a - b)); };
    requestAnimationFrame(step);";

/// Milliseconds from the click on a sheet's switch until the tree has been drawn anew.
const SWITCH: &str = "
    const box = document.querySelector(`[data-testid='sheet'][data-layer='${arguments[0]}'] [data-testid='sheet-switch']`);
    const from = performance.now();
    box.click();
    requestAnimationFrame(() => { const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now() - from); channel.port2.postMessage(0); });";

#[test]
fn many_files_stay_fluid() {
    let Some(page) = visit("/image/wide:latest") else { return };
    page.wait(&id("row"));
    page.unfold();
    page.wait_text(&id("row"), "file-00010");
    assert!(page.count(&id("row")) < 200, "only what is on the screen exists: {}", page.count(&id("row")));
    page.keys(Key::End);
    page.wait_text(&id("row"), "file-19999");
    page.keys(Key::Home);
    let times: Vec<f64> =
        serde_json::from_value(page.eval_async(SCROLL, vec![json!(120), json!(700)])).expect("numbers");
    let switch: Vec<f64> =
        (0..6).map(|_| page.eval_async(SWITCH, vec![json!(1)]).as_f64().expect("a number")).collect();
    println!(
        "20,000 files: frames p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms; switching a sheet {switch:.0?} ms",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1]
    );
    page.finish("many-files");
}
