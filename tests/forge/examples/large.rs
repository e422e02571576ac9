//! Writes benchmark images into an OCI layout: `large DIR [NAME…]`.

use std::{path::PathBuf, time::Instant};

use strata_forge::Large;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().expect("usage: large DIR [NAME…]"));
    let names: Vec<String> = arguments.collect();
    for large in
        Large::ALL.into_iter().filter(|large| names.is_empty() || names.iter().any(|n| n == large.name()))
    {
        let start = Instant::now();
        let stored = large.image().write_layout(&dir, large.name())?;
        println!("{} {} {:.1} s", large.name(), stored.digest, start.elapsed().as_secs_f64());
    }
    Ok(())
}
