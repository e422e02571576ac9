//! 300,000 entries in the browser's own machine: decoded, stacked, and how long that takes.
#![cfg(target_family = "wasm")]

use std::sync::Arc;

use strata_layer::{
    Device, Entry, Kind, LayerBuilder, LayerIndex, LayerPath, LayerSet, Limits, Stack, Timestamp, Union,
    waste,
};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

fn layer(files: usize, per: usize, salt: usize) -> LayerIndex {
    let mut builder = LayerBuilder::new(&Limits::default());
    for file in 0..files {
        let (package, module) = (file / per / 8, file / per % 8);
        let path = format!("usr/lib/node_modules/package-{package}/lib/module{module}/part-{file}.js");
        let entry = Entry {
            path: LayerPath::parse(path.as_bytes()).expect("a path"),
            kind: Kind::File,
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: Timestamp { seconds: 1_700_000_000, nanos: 0 },
            size: 20,
            offset: 1024 * file as u64,
            link: Box::default(),
            device: Device::default(),
            xattrs: Vec::new(),
            sparse: None,
            implied: false,
            opaque: false,
            replaces: None,
        };
        let hash = ((file ^ salt) as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        builder.put(&entry, hash).expect("accepted");
    }
    builder.finish()
}

fn timed<T>(what: &str, mut work: impl FnMut() -> T) -> T {
    let mut best = f64::INFINITY;
    let mut result = work();
    for _ in 0..5 {
        let start = js_sys::Date::now();
        result = work();
        best = best.min(js_sys::Date::now() - start);
    }
    console_log!("{what}: {best} ms");
    result
}

#[wasm_bindgen_test]
fn three_hundred_thousand_entries() {
    let base = layer(270_000, 12, 0);
    let bytes = base.encode();
    console_log!("{} entries, {} bytes encoded", base.len(), bytes.len());
    let decoded = timed("decode", || LayerIndex::decode(&bytes).expect("valid"));
    assert_eq!(decoded, base);
    let mut layers = vec![Arc::new(base)];
    layers.extend((1..4).map(|salt| Arc::new(layer(27_000, 12, salt))));
    let stack = Stack::new(layers);
    let mut set = LayerSet::all(stack.len());
    let union = timed("union of four", || Union::of(&stack, &set));
    assert_eq!(union.nodes().iter().filter(|node| node.is_ghost()).count(), 81_000);
    set.toggle(2);
    let union = timed("union of three", || Union::of(&stack, &set));
    assert_eq!(union.nodes().iter().filter(|node| node.is_ghost()).count(), 54_000);
    let waste = timed("waste", || waste(&stack));
    assert_eq!(waste.paths.len(), 27_000);
}
