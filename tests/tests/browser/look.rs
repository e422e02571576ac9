//! Languages, themes, widths, the way in.

use crate::scene::*;
use serde_json::json;
use strata_tests::{Browser, Strata, skip_without};

#[test]
fn both_languages() {
    let Some(page) = visit("/image/demo:latest/files/etc/passwd") else { return };
    page.wait(&id("blame-row"));
    let language = || page.eval("return document.documentElement.lang", vec![]);
    // The switch itself names both languages.
    let is_chinese = "/[\\u4e00-\\u9fff]/.test(document.body.innerText
        .replaceAll(document.querySelector(\"[data-testid='language']\").innerText, ''))";
    assert_eq!(language(), "en");
    assert_eq!(
        page.eval(&format!("return {is_chinese}"), vec![]),
        false,
        "only the switch itself may be Chinese"
    );
    page.click(&id("language"));
    page.wait_for("Chinese", is_chinese);
    assert!(language().as_str().is_some_and(|tag| tag.starts_with("zh")));
    page.picture("chinese");
    // It is remembered, and the whole interface speaks it.
    page.reload();
    page.wait(&id("blame-row"));
    let english = "[...document.querySelectorAll('button, h1, h2, h3, label, th, dt')].map(e => e.innerText.trim())
        .filter(t => /^(Images|Pull|Cancel|Close|Stack|Files|Filter|Merged|Ghosts|Copy|Waste|Blame|Layer)$/i.test(t))";
    assert_eq!(page.eval(&format!("return {english}"), vec![]), json!([]));
    page.click(&id("nav-images"));
    page.wait(&id("image-row"));
    page.finish("chinese-images");
}

/// Text stands out from what is behind it by 4.5 to 1 (WCAG AA), measured as the browser paints it.
pub(crate) const CONTRAST: &str = "
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const paint = (colors) => { canvas.clearRect(0, 0, 1, 1);
        for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; })
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const wrong = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const seen = new Set();
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || seen.has(element) || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        seen.add(element);
        let backs = [], faint = false;
        for (let e = element; e; e = e.parentElement) {
            const style = getComputedStyle(e);
            backs.unshift(style.backgroundColor);
            // Ghosts and what is switched off are faint on purpose and say so in words too; disabled controls likewise.
            if (+style.opacity < 1 || e.matches('.ghost, .off, :disabled, [aria-hidden=true], .skip')) faint = true;
        }
        if (faint) continue;
        const back = paint(['white', ...backs]);
        const front = paint([`rgb(${back[0]} ${back[1]} ${back[2]})`, getComputedStyle(element).color]);
        const [a, b] = [light(back), light(front)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) wrong.push(`${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${walker.currentNode.data.trim().slice(0, 30)}`);
    }
    return wrong;";

#[test]
fn light_and_dark() {
    let Some(page) = visit("/image/demo:latest/files/etc/passwd") else { return };
    page.wait(&id("blame-row"));
    let back = || page.eval("return getComputedStyle(document.body).backgroundColor", vec![]);
    let mut seen = Vec::new();
    for scheme in ["light", "dark"] {
        page.prefer_scheme(scheme);
        seen.push(back());
        // Backgrounds that still fade from one to the other have no colour to judge.
        page.wait_for("rest", "document.getAnimations().every(one => one.playState !== 'running')");
        page.picture(&format!("explorer-{scheme}"));
        assert_eq!(page.eval(CONTRAST, vec![]), json!([]), "in {scheme}");
    }
    assert_ne!(seen[0], seen[1], "the page follows the system");
    // The page's own switch overrules the system and is remembered.
    page.prefer_scheme("light");
    page.wait_for("light", "document.documentElement.dataset.theme === 'auto'");
    page.click(&id("theme"));
    page.click(&id("theme"));
    page.wait_for("dark", "document.documentElement.dataset.theme === 'dark'");
    assert_eq!(back(), seen[1]);
    page.reload();
    page.wait(&id("blame-row"));
    assert_eq!(back(), seen[1]);
    page.click(&id("nav-images"));
    page.wait(&id("image-row"));
    assert_eq!(page.eval(CONTRAST, vec![]), json!([]), "images in dark");
    page.prefer_scheme("dark");
    page.click(&id("theme"));
    page.finish("images-dark");
}

/// Whether the page is as wide as the window, and what reaches out of it that isn't in something that scrolls.
pub(crate) const OVERFLOW: &str = "
    const wide = [...document.querySelectorAll('body *')].filter(e => e.getClientRects().length
            && e.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(e).position !== 'fixed')
        .filter(e => { for (let p = e.parentElement; p; p = p.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(p).overflowX)) return false; return true; })
        .map(e => e.tagName + '.' + e.className).slice(0, 5);
    return [document.scrollingElement.scrollWidth <= innerWidth, wide]";

/// What somebody who can't see the page meets: controls without a name, the same id twice, references to nothing.
pub(crate) const NAMELESS: &str = "
    const seen = e => e.getClientRects().length && e.checkVisibility({ visibilityProperty: true }) && !e.closest('[aria-hidden=true]');
    const text = id => document.getElementById(id)?.innerText ?? '';
    const name = e => [e.getAttribute('aria-label'), (e.getAttribute('aria-labelledby') ?? '').split(' ').map(text).join(' '),
        e.labels?.[0]?.innerText, e.innerText, e.title, e.placeholder].some(one => one?.trim());
    const kind = e => `${e.tagName} ${e.dataset.testid ?? e.getAttribute('class')}`;
    const controls = 'button, a[href], input, select, textarea, dialog[open], [tabindex=\"0\"], [role=button], [role=tab], [role=tree], [role=treeitem], [role=listbox], [role=slider]';
    const wrong = [...document.querySelectorAll(controls)].filter(e => seen(e) && !name(e)).map(e => 'no name: ' + kind(e));
    const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
    wrong.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => 'twice: ' + id));
    for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-activedescendant'])
        for (const e of document.querySelectorAll(`[${attribute}]`)) if (seen(e))
            wrong.push(...e.getAttribute(attribute).split(' ').filter(id => id && !document.getElementById(id)).map(id => `${attribute} ${id}: ${kind(e)}`));
    if (document.querySelectorAll('h1').length === 0) wrong.push('no h1');
    return [...new Set(wrong)];";

#[test]
fn from_phone_to_wide_screen() {
    let Some(page) = visit("/") else { return };
    for path in ["/", "/image/demo:latest", "/image/demo:latest/layer/2/etc/passwd?waste=on"] {
        page.open(&format!("{}{path}", site().strata.home()));
        page.wait(if path == "/" { "[data-testid='image-row']" } else { "[data-testid='sheet']" });
        for (width, height) in [(320, 640), (375, 800), (768, 1024), (1280, 800), (2560, 1300)] {
            page.resize(width, height);
            page.eval_async("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))", vec![]);
            let fits = page.eval(OVERFLOW, vec![]);
            assert_eq!(fits, json!([true, []]), "{path} at {width}");
            assert_eq!(page.eval(NAMELESS, vec![]), json!([]), "{path} at {width}");
            page.picture(&format!("{}-{width}", path.replace(['/', ':', '?', '='], "_")));
        }
        // On a phone nothing is lost, only below: the files are there to scroll to.
        if path != "/" {
            page.resize(375, 800);
            page.eval("document.querySelector(\"[data-testid='tree']\").scrollIntoView()", vec![]);
            page.wait(&id("row"));
        }
    }
    page.finish("widths");
}

#[test]
fn a_visitor_without_a_session_is_told_what_to_do() {
    if skip_without(&["chromedriver", "chromium"]) {
        return;
    }
    let strata = Strata::start();
    let browser = Browser::start();
    browser.open(&strata.home());
    browser.wait_for(
        "a hint",
        "document.body.innerText.includes('token') || document.body.innerText.includes('strata serve')",
    );
    assert_eq!(browser.count(&id("images")), 0);
    // The printed address opens it, once; the address bar keeps no ticket.
    browser.open(strata.url());
    browser.wait(&id("no-images"));
    assert!(!browser.address().contains("token"), "{}", browser.address());
    let cookie = browser.eval("return document.cookie", vec![]);
    assert_eq!(cookie, "", "scripts can't read the session");
}
