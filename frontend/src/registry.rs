//! What the page makes of what registries tell: order, names of kinds, sums.

use std::{cmp::Ordering, iter::Peekable, str::Chars};

use strata_api::registry::{Referrer, TroubleKind};
use strata_oci::Platform;

use crate::words::Talk;

/// Tags as people look for them: `latest` first, then the highest version, then what belongs to something else.
pub fn order(mut tags: Vec<String>) -> Vec<String> {
    tags.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| natural(b, a)));
    tags.dedup();
    tags
}

fn rank(tag: &str) -> u8 {
    match tag {
        "latest" => 0,
        tag if belongs(tag) => 2,
        _ => 1,
    }
}

/// Whether a tag is where clients keep signatures and attestations of a digest: `sha256-<hex>[.sig]`.
pub fn belongs(tag: &str) -> bool {
    tag.strip_prefix("sha256-").is_some_and(|rest| {
        let hex = rest.split('.').next().unwrap_or_default();
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// Compares with runs of digits as numbers: `1.9` comes before `1.10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.chars().peekable(), b.chars().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return Ordering::Equal,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                number(&mut a).cmp(&number(&mut b))
            }
            // What goes on with a letter or a dash, as a release candidate does, comes before what ends here.
            (None, Some(more)) => return if *more == '-' { Ordering::Greater } else { Ordering::Less },
            (Some(more), None) => return if *more == '-' { Ordering::Less } else { Ordering::Greater },
            (Some(x), Some(y)) => {
                let order = x.cmp(y);
                a.next();
                b.next();
                order
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A run of digits as its length and text, which compare as its value does.
fn number(chars: &mut Peekable<Chars<'_>>) -> (usize, String) {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        if digits != "0" {
            digits.push(digit);
        } else {
            digits = digit.to_string();
        }
    }
    (digits.len(), digits)
}

/// `amd64`, `arm64`, `arm/v7`: the system is said only where it isn't Linux.
pub fn platform(platform: &Platform) -> String {
    let text = platform.to_string();
    text.strip_prefix("linux/").map_or(text.clone(), str::to_owned)
}

/// The first of `platforms` by name, and how many more there are.
pub fn platforms(platforms: &[Platform], shown: usize) -> (Vec<String>, usize) {
    let mut names: Vec<String> = platforms.iter().map(platform).collect();
    names.dedup();
    let more = names.len().saturating_sub(shown);
    names.truncate(shown);
    (names, more)
}

/// A media type in a word or two; the whole for what isn't known.
pub fn kind(media_type: &str) -> &str {
    match media_type {
        "application/vnd.oci.image.index.v1+json" => "OCI index",
        "application/vnd.oci.image.manifest.v1+json" => "OCI",
        "application/vnd.docker.distribution.manifest.list.v2+json" => "docker list",
        "application/vnd.docker.distribution.manifest.v2+json" => "docker",
        "application/vnd.oci.image.layer.v1.tar" => "tar",
        "application/vnd.oci.image.layer.v1.tar+gzip"
        | "application/vnd.docker.image.rootfs.diff.tar.gzip" => "tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd" => "tar+zstd",
        other => other,
    }
}

/// What something that refers to an image is.
pub fn label(referrer: &Referrer) -> Talk {
    let types: Vec<String> = referrer.types.iter().map(|kind| kind.to_ascii_lowercase()).collect();
    let has = |part: &str| types.iter().any(|kind| kind.contains(part));
    match () {
        () if has("cosign") || has("notary") || has("signature") || has(".sig") || has("sigstore") => {
            Talk::Signature
        }
        () if has("spdx") || has("cyclonedx") || has("sbom") || has("syft") => Talk::Sbom,
        () if has("provenance") || has("slsa") => Talk::Provenance,
        () if has("vuln") || has("sarif") || has("openvex") => Talk::Findings,
        () if has("in-toto") || has("attestation") => Talk::Attestation,
        () => Talk::Artifact,
    }
}

/// What can be done about trouble with a registry.
pub fn advice(kind: TroubleKind) -> (Talk, Talk) {
    match kind {
        TroubleKind::Unauthorized => (Talk::Unauthorized, Talk::UnauthorizedHow),
        TroubleKind::Denied => (Talk::Denied, Talk::DeniedHow),
        TroubleKind::NotFound => (Talk::NotThere, Talk::NotThereHow),
        TroubleKind::Unreachable => (Talk::Unreachable, Talk::UnreachableHow),
        TroubleKind::Tls => (Talk::Tls, Talk::TlsHow),
        TroubleKind::NotRegistry => (Talk::NotRegistry, Talk::NotRegistryHow),
        TroubleKind::NotOffered => (Talk::NotOffered, Talk::NotOfferedHow),
        TroubleKind::TooMany => (Talk::TooMany, Talk::TooManyHow),
        TroubleKind::Malformed => (Talk::Malformed, Talk::MalformedHow),
    }
}

/// The registries that names of images begin with, each once, without `own`; Docker Hub last.
pub fn hosts<'a>(names: impl Iterator<Item = &'a str>, own: &str) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for name in names {
        let Ok(reference) = name.parse::<strata_oci::Reference>() else { continue };
        let domain = reference.repository().domain();
        if domain != own && domain != "docker.io" && !hosts.iter().any(|known| known == domain) {
            hosts.push(domain.to_owned());
        }
    }
    hosts.sort();
    hosts.push("docker.io".to_owned());
    hosts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use strata_oci::Digest;

    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let signature = format!("sha256-{}.sig", "a".repeat(64));
        let tags = ["1.9", "latest", "1.10", &signature, "1.10-rc1", "edge", "1.2.3", "01", "1.10"];
        let ordered = order(tags.map(str::to_owned).to_vec());
        assert_eq!(ordered, ["latest", "edge", "1.10", "1.10-rc1", "1.9", "1.2.3", "01", &signature]);
        let many = order((0..3000).map(|number| format!("v{number}")).collect());
        assert_eq!((many[0].as_str(), many[2999].as_str()), ("v2999", "v0"));
    }

    #[test]
    fn what_refers_is_never_unknown() {
        let of = |kind: &str| {
            label(&Referrer {
                digest: Digest::of(b""),
                size: 1,
                types: vec![kind.into()],
                subject: None,
                annotations: BTreeMap::new(),
            })
        };
        let cases = [
            ("application/vnd.dev.cosign.artifact.sig.v1+json", Talk::Signature),
            ("application/vnd.cncf.notary.signature", Talk::Signature),
            ("application/spdx+json", Talk::Sbom),
            ("https://spdx.dev/Document", Talk::Sbom),
            ("application/vnd.cyclonedx+json", Talk::Sbom),
            ("https://slsa.dev/provenance/v0.2", Talk::Provenance),
            ("attestation-manifest", Talk::Attestation),
            ("application/vnd.example.thing", Talk::Artifact),
        ];
        for (kind, label) in cases {
            assert_eq!(of(kind), label, "{kind}");
        }
    }

    #[test]
    fn platforms_are_short() {
        let list = [
            Platform::new("linux", "amd64", None),
            Platform::new("linux", "arm", Some("v7")),
            Platform::new("windows", "amd64", None),
        ];
        assert_eq!(platforms(&list, 2), (vec!["amd64".into(), "arm/v7".into()], 1));
        assert_eq!(platform(&list[2]), "windows/amd64");
    }

    #[test]
    fn registries_are_known_by_names_of_images() {
        let names =
            ["alpine:3", "127.0.0.1:5000/a:1", "quay.io/x/y:1", "127.0.0.1:7878/own:1", "quay.io/z:2"];
        assert_eq!(hosts(names.into_iter(), "127.0.0.1:7878"), ["127.0.0.1:5000", "quay.io", "docker.io"]);
    }
}
