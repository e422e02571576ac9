//! How fast it is.

use crate::scene::*;
use serde_json::json;
use strata_tests::Browser;
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

/// The figures of the acceptance, for a machine that does nothing else: `STRATA_MEASURE` is the page's address of an image,
/// with a ticket (`http://127.0.0.1:7878/?token=…#/image/big:latest`).
#[test]
#[ignore = "measures; run by the benchmarks on a quiet machine"]
fn measure_a_large_image() {
    let address = std::env::var("STRATA_MEASURE").expect("STRATA_MEASURE is URL#/image/REF");
    let (url, image) = address.split_once('#').expect("STRATA_MEASURE is URL#/image/REF");
    let home = url.split("/?").next().unwrap_or(url);
    let browser = Browser::start();
    browser.open(url);
    browser.wait(&id("image-row"));
    let link = format!("{} a[href='{image}']", id("image-row"));
    browser.wait(&link);
    let first_rows = browser.eval_async(
        "const from = performance.now();
         document.querySelector(arguments[0]).click();
         const look = () => document.querySelector(\"[data-testid='row']\") ? done(performance.now() - from) : requestAnimationFrame(look);
         look();",
        vec![json!(link)],
    );
    browser.eval("document.querySelector(\"[data-testid='tree']\").focus()", vec![]);
    browser.keys("e");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let times: Vec<f64> =
        serde_json::from_value(browser.eval_async(SCROLL, vec![json!(300), json!(5000)])).expect("numbers");
    let sheets = browser.count(&id("sheet"));
    let switch: Vec<f64> = (0..10)
        .map(|turn| browser.eval_async(SWITCH, vec![json!(turn / 2 % sheets)]).as_f64().expect("a number"))
        .collect();
    let load =
        browser.eval("return performance.getEntriesByType('navigation')[0]?.loadEventEnd ?? 0", vec![]);
    println!(
        "{}",
        json!({
            "address": format!("{home}{image}"),
            "page_load_ms": load,
            "first_rows_ms": first_rows,
            "frame_p50_ms": times[times.len() / 2],
            "frame_p99_ms": times[times.len() * 99 / 100],
            "frame_worst_ms": times[times.len() - 1],
            "frames_over_32_ms": times.iter().filter(|t| **t > 32.0).count(),
            "switch_ms": switch,
        })
    );
}
