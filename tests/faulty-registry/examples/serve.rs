//! Serves a small image until its input ends, to try other clients on: prints the reference to pull.
//!
//! `cargo run -p strata-faulty-registry --example serve [cut|slow|token]`

use strata_faulty_registry::{Auth, Fault, FaultyRegistry, Layer, When};

fn main() {
    let registry = FaultyRegistry::start();
    // An empty tar: two blocks of zeros.
    registry.add_image("demo:v1", &[Layer::gzip(&[0; 1024]), Layer::gzip(&[0; 10240])]);
    match std::env::args().nth(1).as_deref() {
        Some("cut") => registry.fault(When::path("/blobs/").nth(2), Fault::Reset { after: 10 }),
        Some("slow") => registry.fault(When::path("/blobs/"), Fault::Slow { bytes_per_second: 10 }),
        Some("token") => registry.require(Auth::anonymous_bearer()),
        _ => {}
    }
    println!("{}/demo:v1", registry.domain());
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    for request in registry.requests() {
        println!("{} {}", request.method, request.path);
    }
}
