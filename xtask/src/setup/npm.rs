//! The few npm packages that the page's JavaScript is made of, in exact versions, and the bundler.
//!
//! They are fetched one by one, not by npm: what they depend on is in the list too.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use strata_oci::{Algorithm, Hasher};

use super::tools::fetch;
use crate::{
    place,
    shell::{command, run, step},
};

/// A package of the npm registry.
struct Package {
    /// Where it lies below `node_modules`.
    name: &'static str,
    version: &'static str,
    integrity: &'static str,
}

/// What is bundled: the terminal, the editor, and what they stand on.
const LIBRARIES: [Package; 16] = [
    Package {
        name: "@xterm/xterm",
        version: "6.0.0",
        integrity: "sha512-TQwDdQGtwwDt+2cgKDLn0IRaSxYu1tSUjgKarSDkUM0ZNiSRXFpjxEsvc/Zgc5kq5omJ+V0a8/kIM2WD3sMOYg==",
    },
    Package {
        name: "@xterm/addon-fit",
        version: "0.11.0",
        integrity: "sha512-jYcgT6xtVYhnhgxh3QgYDnnNMYTcf8ElbxxFzX0IZo+vabQqSPAjC3c1wJrKB5E19VwQei89QCiZZP86DCPF7g==",
    },
    Package {
        name: "@codemirror/autocomplete",
        version: "6.20.4",
        integrity: "sha512-yF8RhOf2SXlg00+qtupzLhrglcas61boqaONiNcbPIebHCpJocpqTBA6dyrtUrQO47hqyTdeob/3XnYilT7TaQ==",
    },
    Package {
        name: "@codemirror/commands",
        version: "6.11.1",
        integrity: "sha512-O/4hG3SC1YwcmQ0d2UVNDs+AsaNWd1iHVxbTeEBuqH+6bExAiPK3iS/BvpY6rZGURALv4ZD3sIgcCmRvw3ehBg==",
    },
    Package {
        name: "@codemirror/language",
        version: "6.13.1",
        integrity: "sha512-zfvU2r3TyylQLMj/te+5CnQ0rSqZi8B1oTCBbQkagcLW4Xc6imab6qN+pEJhsuNOLaJqiRyBXp9UhWA1DhVvDw==",
    },
    Package {
        name: "@codemirror/lint",
        version: "6.9.8",
        integrity: "sha512-qNvtcE73xUto/D1RvtgSRI4A1Hg8ekxlvtZpjHpdpisLBnhyu82EUEJMEgaxkjuQCA8vqnrylENWKOsEDCOHcw==",
    },
    Package {
        name: "@codemirror/state",
        version: "6.7.6",
        integrity: "sha512-kAz+AncRtKuIknedxT1bq4XwXv4UowhbkHU1myPrtVb/jZtImWuV5BXzv5vK6i3kYACsdiZiQKFQQ5Mq7elW8w==",
    },
    Package {
        name: "@codemirror/streamparser",
        version: "6.0.0",
        integrity: "sha512-JTFPF6xrfjt0mnfGPgzcLiMwYmvIyNaoizp8BYzv8FE8KrT6GBGDZ190rtt+O7Wke3gG/MFHyiY9YGNeimof4w==",
    },
    Package {
        name: "@codemirror/view",
        version: "6.43.15",
        integrity: "sha512-HHsfpqFeHyXLs983pSRe38Xajs0vFWZQ2BuX0m7Ki8w3jZ5iD8cuR3lBz2/5/X53Dhf32SBHKh6rtSTB6tKeGw==",
    },
    Package {
        name: "@lezer/common",
        version: "1.5.5",
        integrity: "sha512-Pw7PVCndruF1pb3ebCxpSVpkMHSDjwRCLcTRw+RizUKco5QbWylwq2g4lnG/RYN7yTTQDXE9F77MwtkAyphrjg==",
    },
    Package {
        name: "@lezer/highlight",
        version: "1.2.5",
        integrity: "sha512-O1GMVKgtf5YspFaRzpmqkVgMtIk2HG9uMAbH6wdAIdNh3TVzCsch/+cRi+6l2//UGDKe6NB9BW3cvuR5ezMQ0w==",
    },
    Package {
        name: "@lezer/lr",
        version: "1.4.12",
        integrity: "sha512-On9HU4oMMiHPMkQDgoTnGahjgG5n/MkN38CgG77sMraKLL+3JBbeQNi1FcCXV9QRqwF9/BUXP3caHyJC1fBOTQ==",
    },
    Package {
        name: "@marijn/find-cluster-break",
        version: "1.0.4",
        integrity: "sha512-Wy0V7+SGUjnF9/TkiM1hKVDPj7jKXduPNboMVtHTA8dySMURWqfg/JZ9E2Sq8JgSJmkl7k7Qe9FLeMSrSraWmQ==",
    },
    Package {
        name: "crelt",
        version: "1.0.7",
        integrity: "sha512-aK6BbWfhf4U/wCcLHKPJl/xa6VkVstRaPywWtMKGwuOLc/wZTyQYuoxgvZnNsBvv7Kg3YTBQYYBCggcviQczuA==",
    },
    Package {
        name: "style-mod",
        version: "4.1.4",
        integrity: "sha512-XXWIQt633/EpAFx8aZDOTjBzrCaGmhvEQlQo6MVPfa2OzO2cWo+4hV9h+6UkHYlXGfy+ODXKUdP7Pthmcu5ATw==",
    },
    Package {
        name: "w3c-keyname",
        version: "2.2.8",
        integrity: "sha512-dpojBhNsCNN7T82Tm7k26A6G9ML3NkhDsnw9n/eoxSRlVBB4CEtIQ/KTCLI2Fwf3ataSXRhYFkQi3SlnFwPvPQ==",
    },
];
#[cfg(target_arch = "aarch64")]
const ESBUILD: Package = Package {
    name: "@esbuild/linux-arm64",
    version: "0.28.2",
    integrity: "sha512-pW4AC0P3it8c7do9MVM4p51FzHzdM/TZrerurgRcHJ2WTa1VQ1CIq18xncfpBJw4ojkiZZrKW2yIBWBP92j6Ug==",
};
#[cfg(not(target_arch = "aarch64"))]
const ESBUILD: Package = Package {
    name: "@esbuild/linux-x64",
    version: "0.28.2",
    integrity: "sha512-4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
};

/// Where the packages are: a directory per set of versions, so that checkouts that want others don't quarrel.
pub fn modules() -> PathBuf {
    let set: String =
        LIBRARIES.iter().chain([&ESBUILD]).map(|p| format!("{} {}\n", p.name, p.integrity)).collect();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(set.as_bytes());
    place::tools().join("npm").join(&hasher.finish().hex()[..16]).join("node_modules")
}

/// The bundler.
pub fn esbuild() -> PathBuf {
    modules().join(ESBUILD.name).join("bin/esbuild")
}

/// Fetches what is missing.
pub fn install() -> Result<()> {
    for package in LIBRARIES.iter().chain([&ESBUILD]) {
        let target = modules().join(package.name);
        if target.join("package.json").is_file() {
            continue;
        }
        step(&format!("fetching {} {} from npm", package.name, package.version));
        let place = target.parent().expect("it lies in node_modules");
        fs::create_dir_all(place).with_context(|| format!("cannot create {}", place.display()))?;
        let bare = package.name.rsplit('/').next().unwrap_or(package.name);
        let scratch = place.join(format!(".{bare}-{}", std::process::id()));
        fs::create_dir_all(&scratch)?;
        let tarball = scratch.join("package.tgz");
        let path = format!("{}/-/{bare}-{}.tgz", package.name, package.version);
        fetch(&path, package.integrity, &tarball)
            .with_context(|| format!("cannot fetch {} from the npm registry", package.name))?;
        run(command("tar")
            .args(["--no-same-owner", "--strip-components=1", "-xzf"])
            .arg(&tarball)
            .arg("-C")
            .arg(&scratch))?;
        fs::remove_file(tarball)?;
        // Another checkout may have been quicker.
        if fs::rename(&scratch, &target).is_err() && !target.join("package.json").is_file() {
            bail!("cannot move {} to {}", scratch.display(), target.display());
        }
        fs::remove_dir_all(&scratch).ok();
    }
    Ok(())
}
