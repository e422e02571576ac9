//! Measures one intake: `cargo run --release -p strata-layers --example intake FILE DIR [PARALLEL]`.
//!
//! Takes FILE, a layer of any compression, into a fresh store below DIR, PARALLEL times at once (1 by default), and
//! publishes it. Prints wall and CPU time and the process's largest resident size. File systems differ a lot in how
//! fast they create files: name what DIR is on when you quote a number, and compare with `tar -xzf` on the same.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use strata_blobs::{BlobStore as _, DiskBlobs};
use strata_layers::{Expected, FromRead, Layers, Limits, Watch};
use strata_oci::{Algorithm, Descriptor, Digest, Hasher};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(file), Some(dir)) = (arguments.next(), arguments.next()) else {
        return Err("usage: intake FILE DIR [PARALLEL]".into());
    };
    let parallel: usize = arguments.next().map_or(Ok(1), |text| text.to_string_lossy().parse())?;
    let (file, dir) = (PathBuf::from(file), PathBuf::from(dir));
    let blob = describe(&file)?;

    let blobs = DiskBlobs::open(&dir.join("blobs"))?;
    let layers = Layers::open(&dir.join("layers"), Limits::default())?;
    let (wall, cpu) = (Instant::now(), cpu_seconds()?);
    let staged = thread::scope(|scope| {
        let taking: Vec<_> =
            (0..parallel).map(|_| scope.spawn(|| take(&layers, &blobs, &file, &blob))).collect();
        taking.into_iter().map(|taking| taking.join().expect("no panic")).collect::<Result<Vec<_>, _>>()
    });
    let staged = staged.map_err(|error| error.to_string())?;
    let taken_in = wall.elapsed();
    let taken = layers.publish(&blobs, staged, Vec::new())?;
    let (all, cpu) = (wall.elapsed(), cpu_seconds()? - cpu);

    let totals = taken[0].totals;
    println!("{} entries, {} bytes of files, {}", totals.entries, totals.bytes, taken[0].diff_id);
    println!(
        "intake {:.3} s, with publish {:.3} s, cpu {cpu:.2} s",
        taken_in.as_secs_f64(),
        all.as_secs_f64()
    );
    println!("cpu per entry {:.1} µs", cpu * 1e6 / (totals.entries as f64 * parallel as f64));
    println!("resident at its peak {}, now {}", status("VmHWM:")?, status("VmRSS:")?);
    Ok(())
}

type Staged = strata_layers::Staged<strata_blobs::DiskStaged>;

fn take(
    layers: &Layers,
    blobs: &DiskBlobs,
    file: &Path,
    blob: &Descriptor,
) -> Result<Staged, Box<dyn Error + Send + Sync>> {
    let writer = blobs.ingest(&blob.digest, Some(blob.size))?;
    let expected = Expected { blob: blob.clone(), diff_id: None };
    Ok(layers.intake(FromRead(File::open(file)?), Some(writer), &expected, &Watch::default())?)
}

fn describe(file: &Path) -> io::Result<Descriptor> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut reader = BufReader::with_capacity(1 << 20, File::open(file)?);
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let length = reader.read(&mut buffer)?;
        if length == 0 {
            let digest: Digest = hasher.finish();
            return Ok(Descriptor::new("", digest, size));
        }
        size += length as u64;
        hasher.update(&buffer[..length]);
    }
}

/// User and system time of this process; the kernel counts in hundredths.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("no such field")?;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}

fn status(field: &str) -> io::Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let value = status.lines().find_map(|line| line.strip_prefix(field));
    Ok(value.unwrap_or("unknown").trim().to_owned())
}
