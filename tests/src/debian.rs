//! A small Debian, made of its packages: the base of images that install more of them.

use std::{
    env, fs,
    net::{TcpStream, ToSocketAddrs as _},
    path::PathBuf,
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use crate::{Scratch, run, run::which};

/// Where packages come from.
pub const MIRROR: &str = "deb.debian.org";
/// How old it may get; packages that it lists are replaced by newer ones then.
const OLDEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// The tar of Debian 12 with `apt` and little else; nothing, with a word about it, where no mirror answers.
///
/// It is made once and kept in the cache of tools, where there is one. Ask [`crate::skip_without`] for `mmdebstrap` first.
pub fn base() -> Option<PathBuf> {
    static BASE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = || {
        if !mirror_answers() {
            // Also in continuous integration: what isn't there is no program of this machine.
            eprintln!("skipped: {MIRROR} can't be reached");
            return None;
        }
        let place = cache().unwrap_or_else(env::temp_dir).join("debian-12.tar");
        let age =
            fs::metadata(&place).and_then(|known| known.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_none_or(|age| age > OLDEST) {
            make(&place);
        }
        Some(place)
    };
    BASE.get_or_init(made).clone()
}

fn mirror_answers() -> bool {
    let addresses = (MIRROR, 80).to_socket_addrs().into_iter().flatten();
    addresses.take(4).any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok())
}

/// `$STRATA_TOOLS`, or `strata/tools` in the user's cache directory, as `cargo xtask setup` has it.
fn cache() -> Option<PathBuf> {
    let given = |name: &str| env::var_os(name).filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let user = || given("XDG_CACHE_HOME").or_else(|| Some(given("HOME")?.join(".cache")));
    let dir = given("STRATA_TOOLS").or_else(|| Some(user()?.join("strata/tools")))?;
    fs::create_dir_all(&dir).is_ok().then_some(dir)
}

/// Makes the tar and puts it in its place whole.
fn make(place: &std::path::Path) {
    // Thousands of small files that nobody keeps: in memory where that is possible.
    let memory = PathBuf::from("/dev/shm");
    let room = if memory.is_dir() { memory } else { env::temp_dir() };
    let scratch = Scratch::below(&room, "debian");
    let part = place.with_extension(format!("{}.part", std::process::id()));
    let mmdebstrap = which("mmdebstrap").expect("it was asked for before");
    let mut command = Command::new(mmdebstrap);
    command.env("TMPDIR", scratch.path()).args(["--quiet", "--variant=apt"]);
    command.args(["--dpkgopt=force-unsafe-io", "--aptopt=Acquire::Languages \"none\""]);
    for left_out in ["doc", "locale", "man", "info"] {
        command.arg(format!("--dpkgopt=path-exclude=/usr/share/{left_out}/*"));
    }
    run(command.arg("--format=tar").arg("bookworm").arg(&part).arg(format!("http://{MIRROR}/debian"))).ok();
    fs::rename(&part, place).expect("the cache is writable");
}
