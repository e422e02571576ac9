//! A keystroke in the browser's own machine: parse, lint, forecast and format, and how long that takes.
#![cfg(target_family = "wasm")]

use std::collections::BTreeMap;

use strata_dockerfile::{Dockerfile, apply, context::Listing, forecast, format, lint};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

const BLOCK: &str = "FROM debian:12 AS build
ENV VERSION=1 NAME=\"a name\"
COPY src include/ /src/
RUN set -eux; \\
    apt-get update; \\
    apt-get install -y --no-install-recommends gcc=12.* make=4.*; \\
    for file in *.c; do make \"${file%.c}\"; done; \\
    rm -rf /var/lib/apt/lists/*
EXPOSE 80/tcp
CMD [\"/src/tool\"]
";

#[wasm_bindgen_test]
fn two_hundred_lines() {
    let text = BLOCK.repeat(20);
    let (request, bases) = (forecast::Request::default(), BTreeMap::new());
    let (context, cache) = (Listing::default(), forecast::Cache::default());
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let start = js_sys::Date::now();
        let file = Dockerfile::parse(&text);
        let found = lint::lint(&file, &text, &lint::Options::default());
        let forecast = forecast::forecast(&file, &request, &bases, &context, &cache);
        best = f64::min(best, js_sys::Date::now() - start);
        assert_eq!(file.instructions.len(), 120);
        assert!(found.iter().any(|finding| finding.code == "DL3024"));
        assert!(!forecast.steps.is_empty());
        assert_ne!(apply(&text, &format::format(&file, &text)), "");
    }
    console_log!("200 lines: {best} ms");
}
