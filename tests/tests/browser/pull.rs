//! Pulling and removing images.

use crate::scene::*;
use strata_faulty_registry::{Fault, When};
use strata_forge::{Compression, Form, Image, Layer, Noise, Texture};
use strata_tests::{Docker, fixture};

#[test]
fn an_image_pulled_from_the_page() {
    let Some(page) = visit("/") else { return };
    let site = site();
    let image = fixture::small("pulled by the page").build();
    fixture::offer(&site.registry, &image, "fresh");

    page.fill(&id("pull-reference"), "Upper/Case");
    page.wait_text(&id("pull-hint"), "Case");
    assert_eq!(page.attribute(&id("pull-reference"), "aria-invalid").as_deref(), Some("true"));

    page.fill(&id("pull-reference"), &site.name("fresh"));
    page.click(&id("pull"));
    page.wait(&id("pull-open"));
    page.wait_text(&id("image-row"), "fresh");
    page.click(&id("pull-open"));
    page.wait_text(&id("row"), "text");
    page.finish("pulled");

    // An error says what was wrong beside the box and keeps what was typed.
    page.open(&site.strata.home());
    page.fill(&id("pull-reference"), &site.name("fresh:nosuchtag"));
    page.click(&id("pull"));
    page.wait(&id("pull-outcome"));
    assert!(page.text(&id("pull-outcome")).contains("nosuchtag"), "{}", page.text(&id("pull-outcome")));
    assert_eq!(
        page.eval("return document.querySelector('#pull-reference').value", vec![]),
        site.name("fresh:nosuchtag")
    );
    page.picture("pull-failed");
    page.fill(&id("pull-reference"), "127.0.0.1:1/x");
    page.click(&id("pull"));
    page.wait_text(&id("pull-outcome"), "refused");
}

#[test]
fn a_pull_is_shown_and_cancelled() {
    let Some(page) = visit("/") else { return };
    let site = site();
    let image = Image::new()
        .layer("COPY a", Layer::new().file("a", Noise::bytes(1, Texture::Random, 600_000)))
        .layer("COPY b", Layer::new().file("b", Noise::bytes(2, Texture::Random, 600_000)))
        .form(Form::Docker)
        .compression(Compression::Gzip(1))
        .build();
    fixture::offer(&site.registry, &image, "slow");
    for layer in &image.layers {
        let when = When::path(&format!("/v2/slow/blobs/{}", layer.blob.digest));
        site.registry.fault(when, Fault::Slow { bytes_per_second: 60_000 });
    }
    page.fill(&id("pull-reference"), &site.name("slow"));
    page.click(&id("pull"));
    page.wait_for("two layers", "document.querySelectorAll(\"[data-testid='pull-layer']\").length === 2");
    let shares = "[...document.querySelectorAll(\"[data-testid='pull-layer'] [role='progressbar']\")].map(e => +e.getAttribute('aria-valuenow'))";
    page.wait_for("progress", &format!("{shares}.some(share => share > 5 && share < 95)"));
    page.picture("pulling");
    page.click(&id("pull-cancel"));
    page.wait_text(&id("pull-outcome"), "ancelled");
    assert_eq!(page.count(&id("pull-cancel")), 0);
    let images = site.strata.get("/api/images").text();
    assert!(!images.contains("slow"), "{images}");
    page.finish("cancelled");
}

#[test]
fn an_image_removed_from_the_page() {
    let Some(page) = visit("/") else { return };
    let docker = Docker::new(&site().strata.socket());
    docker.run(&["tag", "demo", "doomed:v1"]).ok();
    page.reload();
    page.wait_text(&id("image-row"), "doomed");
    let row = page.eval(
        "const r = [...document.querySelectorAll(\"[data-testid='image-row']\")].find(r => r.innerText.includes('doomed'));
         r.setAttribute('data-doomed', '1'); return 1",
        vec![],
    );
    assert_eq!(row, 1);
    page.click(&format!("[data-doomed] {}", id("remove")));
    page.wait(&id("remove-ask"));
    page.click(&id("remove-yes"));
    page.wait_for("the row gone", "!document.body.innerText.includes('doomed')");
    docker.run(&["image", "inspect", "doomed:v1"]).fails();
    docker.run(&["image", "inspect", "demo"]).ok();
    page.finish("removed");
}
