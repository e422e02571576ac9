//! busybox as one layer, like the official image: one binary under the names of all its applets.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use strata_forge::{Compression, Entry, Form, Image, Layer};
use strata_oci::{Digest, Platform};

use crate::shell::{command, find, output};

/// Debian's busybox-static; a busybox that needs shared libraries would not start in an image without them.
pub fn binary() -> Result<PathBuf> {
    let path = find("busybox").context("busybox is not installed (Debian package busybox-static)")?;
    let elf = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if needs_interpreter(&elf) {
        bail!("{} is not static (Debian package busybox-static)", path.display());
    }
    Ok(path)
}

/// The image.
pub fn image() -> Result<Image> {
    let path = binary()?;
    let applets = output(command(&path).arg("--list")).context("busybox doesn't list its applets")?;
    let layer = layer(&fs::read(&path)?, &applets);
    let added = format!("/bin/sh -c #(nop) ADD file:{} in / ", Digest::of(&layer.tar()).hex());
    Ok(Image::new()
        .platform(Platform::host())
        .form(Form::Docker)
        .compression(Compression::Gzip(6))
        .layer(&added, layer)
        .row("/bin/sh -c #(nop)  CMD [\"sh\"]")
        .config(|config| {
            config.cmd = Some(vec!["sh".into()]);
            config.env =
                Some(vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into()]);
        }))
}

fn layer(binary: &[u8], applets: &str) -> Layer {
    let mut layer = Layer::new().dir("bin").with(Entry::file("bin/busybox", binary).mode(0o755));
    for applet in applets.lines().filter(|applet| *applet != "busybox") {
        layer.push(Entry::hardlink(format!("bin/{applet}"), "bin/busybox").mode(0o755));
    }
    layer
        .dir("dev")
        .dir("etc")
        .file("etc/group", GROUP)
        .file("etc/motd", "busybox, from Debian's busybox-static.\n")
        .dir("etc/network")
        .dir("etc/network/if-down.d")
        .dir("etc/network/if-post-down.d")
        .dir("etc/network/if-pre-up.d")
        .dir("etc/network/if-up.d")
        .file("etc/network/interfaces", "auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n")
        .file("etc/passwd", PASSWD)
        .with(Entry::file("etc/shadow", SHADOW).mode(0o600))
        .with(Entry::dir("home").owner(65534, 65534))
        .with(Entry::dir("root").mode(0o700))
        .with(Entry::dir("tmp").mode(0o1777))
        .dir("usr")
        .dir("usr/bin")
        .symlink("usr/bin/env", "/bin/env")
        .with(Entry::dir("usr/sbin").owner(1, 1))
        .dir("var")
        .dir("var/spool")
        .with(Entry::dir("var/spool/mail").owner(8, 8))
        .dir("var/www")
}

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
";

const GROUP: &str = "\
root:x:0:
daemon:x:1:
mail:x:8:
www-data:x:33:
nogroup:x:65534:
";

const SHADOW: &str = "\
root:*:20000:0:99999:7:::
daemon:*:20000:0:99999:7:::
mail:*:20000:0:99999:7:::
www-data:*:20000:0:99999:7:::
nobody:*:20000:0:99999:7:::
";

/// Whether a 64-bit little-endian ELF file names a dynamic loader (a program header of type `PT_INTERP`).
fn needs_interpreter(elf: &[u8]) -> bool {
    let word = |at: usize, width: usize| {
        let bytes = elf.get(at..at + width)?;
        Some(bytes.iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte)) as usize)
    };
    let headers = || Some((word(32, 8)?, word(54, 2)?, word(56, 2)?));
    let Some((start, size, count)) = headers() else { return false };
    (0..count).any(|n| word(start + n * size, 4) == Some(3))
}
