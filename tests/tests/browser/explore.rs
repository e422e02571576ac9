//! The explorer: stack, tree, file, addresses, keys.

use crate::scene::*;
use serde_json::Value;
use thirtyfour::Key;

#[test]
fn the_demo_explored() {
    let Some(page) = visit("/") else { return };
    assert!(page.count(&id("image-row")) >= 4);
    page.picture("images");
    page.open_demo();
    assert_eq!(page.count(&id("sheet")), 3);
    assert_eq!(page.count(&id("empty-row")), 2);
    assert!(page.address().ends_with("/image/demo:latest"), "{}", page.address());
    page.unfold();

    // A deleted file is a ghost and says which layer deleted it.
    page.wait_text(".row.ghost", "secret");
    let ghost = page.rows().into_iter().find(|row| row.0.contains("secret")).expect("it was waited for");
    assert!(ghost.2 && ghost.3.contains("deleted by 2"), "{ghost:?}");
    page.picture("explorer");

    // Switching the sheet off brings it back.
    page.click(&format!("{}[data-layer='1'] {}", id("sheet"), id("sheet-switch")));
    let back = "[...document.querySelectorAll(\"[data-testid='row']:not(.ghost)\")].some(r => r.innerText.includes('secret'))";
    page.wait_for("the file that came back", back);
    assert!(page.address().contains("off=2"), "{}", page.address());
    page.picture("sheet-off");
    page.click(&format!("{}[data-layer='1'] {}", id("sheet"), id("sheet-switch")));
    page.wait_text(".row.ghost", "secret");

    // Blame names the instruction of each layer that touched the file, newest first.
    page.click_row("passwd", false);
    page.wait(&id("blame-row"));
    let blame = page.texts(&id("blame-row"));
    assert_eq!(blame.len(), 2, "{blame:?}");
    assert!(blame[0].contains("useradd ada"), "{blame:?}");
    assert!(blame[1].contains("ADD"), "{blame:?}");
    assert!(page.text(&id("file-path")).contains("/etc/passwd"));
    page.wait_text(&id("file-content"), "ada:x:1000");

    // A version below is a click away.
    page.click(&format!("{}[data-layer='0'] button", id("blame-row")));
    page.wait_for("the lower version", "!document.querySelector(\"[data-testid='file-content']\")?.innerText.includes('ada') && document.querySelector(\"[data-testid='file-content']\")?.innerText.includes('root:x:0')");
    assert!(page.address().contains("from=1"), "{}", page.address());

    // The ghost still has its content.
    page.click_row("secret", true);
    page.wait_text(&id("file-content"), "hunter2");
    page.picture("ghost-file");

    // What is shipped in vain, and by whom.
    page.click(&id("open-waste"));
    page.wait(&id("wasted-path"));
    assert!(page.texts(&id("wasted-path")).iter().any(|line| line.contains("etc/passwd")));
    page.finish("waste");
}

#[test]
fn who_leaves_at_once_leaves_nothing_behind() {
    let Some(page) = visit("/") else { return };
    for _ in 0..8 {
        page.open_demo();
        page.back();
        page.wait(&id("image-row"));
    }
    // No sum, frame or timer of the explorer that is gone.
    page.finish("left-at-once");
}

#[test]
fn one_layer_alone() {
    let Some(page) = visit("/image/demo:latest/layer/2") else { return };
    page.wait(&id("row"));
    page.wait_for("the sheet selected", "document.querySelector(\"[data-testid='sheet'][data-layer='1']\")?.getAttribute('aria-current') === 'true'");
    page.unfold();
    page.wait_text(&id("row"), "secret");
    let rows = page.rows();
    assert!(rows.iter().any(|row| row.0 == "passwd" && row.1 == "M"), "{rows:?}");
    assert!(rows.iter().any(|row| row.0.contains("secret") && row.1 == "D"), "{rows:?}");
    assert!(rows.iter().any(|row| row.0 == "small" && row.1 == "A"), "{rows:?}");
    assert!(page.text(&id("sheet-facts")).contains("useradd ada"));
    page.finish("layer");
}

#[test]
fn every_state_has_an_address() {
    let Some(page) = visit("/image/demo:latest/layer/2/etc/passwd?view=merged") else { return };
    page.wait_text(&id("file-path"), "/etc/passwd");
    page.wait_text(&id("file-content"), "ada:x:1000");
    let selected = "document.querySelector(\"[data-testid='row'][aria-selected='true'] .file-name\")?.innerText === 'passwd'";
    page.wait_for("the row selected and in view", selected);
    let address = page.address();
    page.reload();
    page.wait_text(&id("file-content"), "ada:x:1000");
    assert_eq!(page.address(), address);
    page.click_row("alias", false);
    page.wait_text(&id("file-path"), "/etc/alias");
    page.wait_text(&id("link-target"), "passwd");
    let second = page.address();
    assert_ne!(second, address);
    page.back();
    page.wait_text(&id("file-path"), "/etc/passwd");
    assert_eq!(page.address(), address);
    page.forward();
    page.wait_text(&id("file-path"), "/etc/alias");
    assert_eq!(page.address(), second);
    page.click(&id("brand"));
    page.wait(&id("images"));
    page.back();
    page.wait_text(&id("file-path"), "/etc/alias");
    page.finish("deep-link");
}

#[test]
fn addresses_that_lead_nowhere_say_so() {
    let Some(page) = visit("/no/such/page") else { return };
    page.wait(&id("nowhere"));
    page.open(&format!("{}/image/demo:latest/files/no/such/file", site().strata.home()));
    page.wait(&id("file-absent"));
    page.console();
    page.open(&format!("{}/image/nosuch:image", site().strata.home()));
    page.wait(&id("image-failed"));
    assert!(page.text(&id("image-failed")).contains("nosuch:image"), "{}", page.text(&id("image-failed")));
    // The one failed request is the one that was meant to fail.
    let console = complaints(&page);
    assert!(console.iter().all(|line| line.contains("404")), "{console:?}");
    page.picture("no-image");
}

#[test]
fn the_keyboard_is_enough() {
    let Some(page) = visit("/image/demo:latest") else { return };
    page.wait(&id("row"));
    page.eval("document.querySelector(\"[data-testid='stack']\").focus()", vec![]);
    // Down the stack, one layer alone, its sheet off and on.
    page.keys("j");
    page.wait_for("a sheet selected", "!!document.querySelector(\"[data-testid='sheet'][aria-current]\")");
    page.keys("x");
    page.wait_for("a sheet off", "!!document.querySelector(\"[data-testid='sheet'].off\")");
    page.keys("x");
    page.wait_gone(&format!("{}.off", id("sheet")));
    page.keys("a");
    page.wait_for(
        "the union again",
        "!!document.querySelector(\"[data-testid='view-merged'][aria-pressed='true']\")",
    );
    // To the tree by Tab; unfold, walk, filter, fold.
    page.keys(Key::Tab);
    page.wait_for("the tree focused", "document.activeElement?.id === 'tree'");
    page.keys("e");
    page.wait_text(&id("row"), "passwd");
    let cursor = || page.eval("return document.querySelector('.row.cursor')?.id ?? ''", vec![]);
    page.keys(Key::Home);
    let first = cursor();
    page.keys("jj");
    page.wait_for("the cursor moved", &format!("document.querySelector('.row.cursor')?.id !== {first}"));
    page.keys("c");
    page.wait_for(
        "all folded",
        "![...document.querySelectorAll(\"[data-testid='row']\")].some(r => r.innerText.includes('passwd'))",
    );
    page.keys("/");
    page.wait_for("the filter focused", "document.activeElement?.id === 'filter'");
    page.keys("passwd");
    page.wait_text(&id("row"), "passwd");
    assert!(!page.texts(&id("row")).iter().any(|row| row.starts_with("tool")));
    // Help and palette, closed by Escape.
    page.eval("document.activeElement.blur()", vec![]);
    page.keys("?");
    page.wait(&id("keys"));
    page.keys(Key::Escape);
    page.wait_gone(&id("keys"));
    let chord = page.eval("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true})); return 1", vec![]);
    assert_eq!(chord, 1);
    page.wait(&id("palette"));
    page.keys("other");
    page.wait_text(&id("palette-item"), "other");
    page.keys(Key::Enter);
    page.wait_for("the other image", "location.pathname.startsWith('/image/other')");
    page.wait(&id("row"));
    page.finish("keyboard");
}

#[test]
fn hostile_names_are_text() {
    let Some(page) = visit("/") else { return };
    let files = ["", "/files/d/page.html", "/files/d/picture.svg", "/files/d/link", "/layer/1"];
    for path in files {
        page.open(&format!("{}/image/hostile:latest{path}", site().strata.home()));
        page.wait(&id("row"));
        page.unfold();
        page.wait_text(&id("row"), "page.html");
        page.click(&format!("{}[data-layer='0'] {}", id("sheet"), id("sheet-select")));
        page.wait(&id("file"));
        let harm = page.eval("return [window.pwned ?? null, document.querySelectorAll('img[src=x], script:not([src]):not([type=module]):not([nonce])').length]", vec![]);
        assert_eq!(harm[0], Value::Null, "{path}");
        // No raw control or direction-changing character reaches the page.
        let raw = page.eval(
            "return [...document.body.innerText].filter(c => /[\\u0000-\\u0008\\u000b-\\u001f\\u007f\\u202a-\\u202e\\u2066-\\u2069]/.test(c)).length",
            vec![],
        );
        assert_eq!(raw, 0, "{path}");
        let links = page.eval(
            "return [...document.querySelectorAll('a[href]')].filter(a => !/^https?:/.test(a.href)).length",
            vec![],
        );
        assert_eq!(links, 0, "{path}");
    }
    let rows = page.texts(&id("row")).join("\n");
    assert!(rows.contains("<img src=x onerror="), "shown as it is: {rows}");
    page.finish("hostile");
}
