//! The demo image: every way in which a layer can change what lies below it, each by an instruction that says so.

use anyhow::Result;
use strata_forge::{Entry, Form, Image, Layer, Noise, Texture};

use super::{content, copy};

const WEB: u64 = 33;

/// A small web site on busybox, with the mistakes that people make.
pub fn demo(busybox: &Image) -> Result<Image> {
    let image = busybox
        .clone()
        .form(Form::Oci)
        .row("LABEL org.opencontainers.image.title=demo org.opencontainers.image.description=\"A site in layers 分层的网站\"")
        .row("ENV WEB_ROOT=/srv/www")
        .layer("COPY site /srv/www", copy(Layer::new().dir("srv").dir("srv/www"), "site", "srv/www")?)
        .layer("COPY deploy.key /root/.ssh/id_ed25519", key()?)
        .layer("ADD samples.tar /var/cache/samples", samples())
        .layer("COPY update /", copy(Layer::new(), "update", "")?)
        .layer("RUN chown -R www-data:www-data /srv/www/private && chmod 0750 /srv/www/private", private()?)
        .layer("RUN rm -rf /srv/www/drafts /var/cache/samples/day-2.bin /root/.ssh", deletions())
        .layer(NETWORK, network())
        .layer("COPY --chmod=4755 whereami /usr/local/bin/", program()?)
        .layer(LINKS, links()?)
        .row("EXPOSE map[80/tcp:{}]")
        .row("WORKDIR /srv/www")
        .row("CMD [\"httpd\" \"-f\" \"-v\" \"-h\" \"/srv/www\"]");
    Ok(image.config(|config| {
        config.env.get_or_insert_default().push("WEB_ROOT=/srv/www".into());
        config.exposed_ports = Some([("80/tcp".to_owned(), Default::default())].into());
        config.working_dir = "/srv/www".into();
        config.cmd = Some(["httpd", "-f", "-v", "-h", "/srv/www"].map(str::to_owned).into());
        let labels = [("title", "demo"), ("description", "A site in layers 分层的网站")];
        config.labels =
            Some(labels.map(|(key, value)| (format!("org.opencontainers.image.{key}"), value.into())).into());
    }))
}

/// One script on busybox, so that two images share a layer.
pub fn hello(busybox: &Image) -> Result<Image> {
    let script = Entry::file("usr/local/bin/hello", content("parts/hello")?).mode(0o755);
    let layer = Layer::new().dir("usr").dir("usr/local").dir("usr/local/bin").with(script);
    let image = busybox.clone().layer("COPY --chmod=755 hello /usr/local/bin/", layer).row("CMD [\"hello\"]");
    Ok(image.config(|config| config.cmd = Some(vec!["hello".into()])))
}

/// A secret that a later layer deletes: it stays readable in this one.
fn key() -> Result<Layer> {
    let home = [Entry::dir("root").mode(0o700), Entry::dir("root/.ssh").mode(0o700)];
    let key = Entry::file("root/.ssh/id_ed25519", content("parts/deploy.key")?).mode(0o600);
    Ok(home.into_iter().fold(Layer::new(), Layer::with).with(key))
}

/// Three megabytes, two of which are deleted later and pulled all the same.
fn samples() -> Layer {
    let day = |n: u64, size| {
        Entry::file(format!("var/cache/samples/day-{n}.bin"), Noise::bytes(n, Texture::Binary, size))
    };
    let layer = Layer::new().dir("var").dir("var/cache").dir("var/cache/samples");
    layer.with(day(1, 1 << 20).xattr("user.origin", "made for the demo")).with(day(2, 2 << 20))
}

/// Only owner and mode change, yet each file is stored a second time.
fn private() -> Result<Layer> {
    let dir = Entry::dir("srv/www/private").mode(0o750).owner(WEB, WEB);
    let layer = Layer::new().dir("srv").dir("srv/www").with(dir);
    ["access.log", "visitors.csv"].into_iter().try_fold(layer, |layer, name| {
        let bytes = content(&format!("site/private/{name}"))?;
        Ok(layer.with(Entry::file(format!("srv/www/private/{name}"), bytes).owner(WEB, WEB)))
    })
}

fn deletions() -> Layer {
    Layer::new()
        .with(Entry::dir("root").mode(0o700))
        .whiteout("root/.ssh")
        .dir("srv")
        .dir("srv/www")
        .whiteout("srv/www/drafts")
        .dir("var")
        .dir("var/cache")
        .dir("var/cache/samples")
        .whiteout("var/cache/samples/day-2.bin")
}

const NETWORK: &str = "RUN rm -rf /etc/network && mkdir /etc/network && \
    printf 'auto lo\\niface lo inet loopback\\n' > /etc/network/interfaces";

/// A directory that was removed and made again hides what it held.
fn network() -> Layer {
    let layer = Layer::new().dir("etc").dir("etc/network").opaque("etc/network");
    layer.file("etc/network/interfaces", "auto lo\niface lo inet loopback\n")
}

fn program() -> Result<Layer> {
    let program = Entry::file("usr/local/bin/whereami", content("parts/whereami")?).mode(0o4755);
    Ok(Layer::new().dir("usr").dir("usr/local").dir("usr/local/bin").with(program))
}

const LINKS: &str = "RUN ln /usr/local/bin/whereami /usr/local/bin/where && \
    ln -s v2.json /srv/www/releases/latest.json && ln -s /srv/www /var/www/site && \
    ln -s /opt/nothing /srv/www/missing";

/// A second name for a file copies it up from the layer below; symbolic links cost nothing.
fn links() -> Result<Layer> {
    let layer = Layer::new()
        .dir("srv")
        .dir("srv/www")
        .symlink("srv/www/missing", "/opt/nothing")
        .dir("srv/www/releases")
        .symlink("srv/www/releases/latest.json", "v2.json");
    let program = Entry::file("usr/local/bin/whereami", content("parts/whereami")?).mode(0o4755);
    Ok(layer
        .dir("usr")
        .dir("usr/local")
        .dir("usr/local/bin")
        .with(program)
        .with(Entry::hardlink("usr/local/bin/where", "usr/local/bin/whereami").mode(0o4755))
        .dir("var")
        .dir("var/www")
        .symlink("var/www/site", "/srv/www"))
}
