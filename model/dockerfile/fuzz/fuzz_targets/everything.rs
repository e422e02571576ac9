//! Any text: parsed, linted, formatted, forecast. Nothing may panic, nothing may take long.
#![no_main]

use strata_dockerfile::{Dockerfile, context::Listing, forecast, format, lint};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let file = Dockerfile::parse(text);
    let edits = format::format(&file, text);
    strata_dockerfile::apply(text, &edits);
    lint::lint(&file, text, &lint::Options::default());
    let (request, bases) = (forecast::Request::default(), Default::default());
    forecast::forecast(&file, &request, &bases, &Listing::default(), &forecast::Cache::default());
});
