//! A registry, and requests to it.

use serde_json::{Value, json};
use strata_oci::{Digest, MediaType};
use strata_tests::{
    Strata,
    http::{Answer, Request},
};

/// Sends without token or session, as registries' clients do.
pub(crate) struct Remote<'a>(pub(crate) &'a Strata);

impl Remote<'_> {
    #[track_caller]
    pub(crate) fn send(&self, request: Request) -> Answer {
        request.send(&self.0.tcp()).unwrap_or_else(|error| panic!("{request:?}: {error}\n{}", self.0.log()))
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send(Request::get(target))
    }

    /// A request that must be answered with this status.
    #[track_caller]
    pub(crate) fn expect(&self, method: &str, target: &str, body: &[u8], status: u16) -> Answer {
        let mut request = Request::new(method, target);
        if !body.is_empty() || method != "GET" {
            request = request.body(body);
        }
        let answer = self.send(request);
        assert_eq!(answer.status, status, "{method} {target}: {}", answer.text());
        answer
    }

    /// Where a new upload goes.
    #[track_caller]
    pub(crate) fn begin(&self, name: &str) -> String {
        let answer = self.expect("POST", &format!("/v2/{name}/blobs/uploads/"), b"", 202);
        answer.header("location").expect("says where").to_owned()
    }

    /// Pushes a blob whole.
    #[track_caller]
    pub(crate) fn blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let place = self.begin(name);
        self.expect("PUT", &format!("{place}?digest={digest}"), bytes, 201);
        digest
    }

    /// Pushes an image of one layer, and says what its manifest is.
    #[track_caller]
    pub(crate) fn image(&self, name: &str, reference: &str, layer: &[u8], more: &Value) -> (Digest, Vec<u8>) {
        let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
        let descriptor = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": self.blob(name, bytes), "size": bytes.len() });
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_MANIFEST,
            "config": descriptor(MediaType::OCI_CONFIG, config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            manifest[key] = value.clone();
        }
        let bytes = serde_json::to_vec(&manifest).expect("JSON can be written");
        let digest = Digest::of(&bytes);
        let reference = if reference.is_empty() { digest.to_string() } else { reference.to_owned() };
        let answer = self.put(name, &reference, MediaType::OCI_MANIFEST, &bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string().as_str()));
        (digest, bytes)
    }

    #[track_caller]
    pub(crate) fn put(&self, name: &str, reference: &str, kind: &str, bytes: &[u8]) -> Answer {
        let target = format!("/v2/{name}/manifests/{reference}");
        self.send(Request::new("PUT", &target).header("Content-Type", kind).body(bytes))
    }
}

/// The specification's code of an error.
#[track_caller]
pub(crate) fn code(answer: &Answer) -> String {
    answer.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
}

/// Bytes that no other test has.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..length.div_ceil(8)).flat_map(|_| next()).take(length).collect()
}
