//! Reading, encoding, decoding and stacking 300,000 entries.
#![allow(missing_docs)] // of what criterion's macros make

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use strata_forge::{Entry, TarWriter};
use strata_layer::{LayerIndex, LayerSet, Limits, Stack, Union, read_layer, waste};

/// A layer of small files, `per` in each of its directories.
fn tar(files: usize, per: usize, salt: usize) -> Vec<u8> {
    let mut tar = TarWriter::new(Vec::new());
    for file in 0..files {
        let (package, module) = (file / per / 8, file / per % 8);
        let directory = format!("usr/lib/node_modules/package-{package}/lib/module{module}");
        if file % per == 0 {
            tar.entry(&Entry::dir(&directory)).expect("a vector takes every write");
        }
        let entry =
            Entry::file(format!("{directory}/part-{file}.js"), format!("module.exports = {}", file ^ salt));
        tar.entry(&entry).expect("a vector takes every write");
    }
    tar.finish().expect("a vector takes every write")
}

fn read(tar: &[u8]) -> LayerIndex {
    read_layer(tar, &Limits::default(), &mut ()).expect("a valid layer")
}

fn layer(criterion: &mut Criterion) {
    let base = tar(270_000, 12, 0);
    let mut group = criterion.benchmark_group("layer");
    group.sample_size(10).throughput(Throughput::Elements(293_000));
    group.bench_function("read", |bencher| bencher.iter(|| read(black_box(&base))));
    let index = read(&base);
    let bytes = index.encode();
    println!("{} entries, {} bytes of tar, {} bytes encoded", index.len(), base.len(), bytes.len());
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&index).encode()));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| LayerIndex::decode(black_box(&bytes)).expect("valid"))
    });

    // Three layers over the base touch a tenth of its directories each.
    let mut layers = vec![Arc::new(index)];
    layers.extend((1..4).map(|salt| Arc::new(read(&tar(27_000, 12, salt)))));
    let one = Stack::new(layers[..1].to_vec());
    let stack = Stack::new(layers);
    let all = LayerSet::all(stack.len());
    group.bench_function("union of one", |bencher| bencher.iter(|| Union::of(&one, &LayerSet::all(1))));
    group.bench_function("union of four", |bencher| bencher.iter(|| Union::of(black_box(&stack), &all)));
    group.bench_function("waste of four", |bencher| bencher.iter(|| waste(black_box(&stack))));

    // A hundred layers that all touch every directory.
    let many = (0..100).map(|salt| Arc::new(read(&tar(3_000, 1, salt)))).collect();
    let many = Stack::new(many);
    let all = LayerSet::all(many.len());
    group.bench_function("union of a hundred", |bencher| bencher.iter(|| Union::of(black_box(&many), &all)));
    group.finish();
}

criterion_group!(benches, layer);
criterion_main!(benches);
