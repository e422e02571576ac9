//! docker-py with its own integration tests, which only some of its source distributions contain.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::{
    place,
    shell::{command, run, step},
};

/// The last version whose source distribution has the tests.
const VERSION: &str = "6.1.3";
/// What the client and its tests import, as they were then: newer requests don't know its unix sockets.
const LIBRARIES: [&str; 6] = [
    "requests==2.31.0",
    "urllib3==2.6.3",
    "websocket-client==1.8.0",
    "paramiko==3.5.1",
    "pytest==7.4.4",
    "pytest-timeout==2.3.1",
];

/// Where it is once installed: the libraries in `lib`, its tests in `tests`.
pub fn docker_py() -> PathBuf {
    place::tools().join(format!("docker-py-{VERSION}"))
}

/// Installs both, beside what the machine's Python has.
pub fn install_docker_py() -> Result<()> {
    let whole = docker_py();
    if whole.exists() {
        return Ok(());
    }
    step(&format!("installing docker-py {VERSION} and its tests"));
    let part = whole.with_extension("part");
    let _ = fs::remove_dir_all(&part);
    fs::create_dir_all(&part)?;
    let package = format!("docker=={VERSION}");
    let pip = || {
        let mut pip = command("python3");
        pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"])
            .env("PIP_ROOT_USER_ACTION", "ignore");
        pip
    };
    let source = ["download", "--no-deps", "--no-binary=docker", "--dest"];
    run(pip().args(source).arg(&part).arg(&package)).context("cannot fetch docker-py")?;
    let packed = part.join(format!("docker-{VERSION}.tar.gz"));
    let mut unpack = command("tar");
    unpack.arg("-xzf").arg(&packed).arg("-C").arg(&part).arg("--strip-components=1");
    run(unpack.arg(format!("docker-{VERSION}/tests")))?;
    fs::remove_file(packed)?;
    // To a directory, which needs no virtual environment.
    run(pip().args(["install", "--target"]).arg(part.join("lib")).arg(&package).args(LIBRARIES))?;
    fs::rename(&part, &whole).with_context(|| format!("cannot make {}", whole.display()))
}
