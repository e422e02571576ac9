//! A client that loses no time, and its words for "all of it".
#![allow(dead_code)] // each test program uses its own part

use std::{sync::Arc, time::Duration};

use strata_oci::{Descriptor, Reference, Repository, Verifier};
use strata_registry::{Anonymous, Client, Error, Options, Retry, Timeouts};

/// Settings for impatient tests: nobody is logged in, waits are short.
pub fn options() -> Options {
    Options {
        credentials: Arc::new(Anonymous),
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            response: Duration::from_secs(2),
            stall: Duration::from_millis(400),
        },
        retry: Retry {
            attempts: 4,
            first_wait: Duration::from_millis(5),
            longest_wait: Duration::from_millis(20),
            asked_wait: Duration::from_secs(3),
        },
        ..Options::default()
    }
}

/// A client with those.
pub fn client() -> Client {
    Client::new(options()).expect("valid options")
}

pub fn reference(text: &str) -> Reference {
    text.parse().expect("a reference")
}

pub fn repository(text: &str) -> Repository {
    text.parse().expect("a repository")
}

/// Fetches a blob whole; the digest is checked as its consumer does.
pub async fn fetch(client: &Client, repository: &Repository, blob: &Descriptor) -> Result<Vec<u8>, Error> {
    let mut stream = client.blob(repository, blob);
    let mut verifier = Verifier::new(blob.digest.clone(), Some(blob.size));
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.chunk().await? {
        verifier.update(&chunk).expect("no more bytes than announced");
        bytes.extend_from_slice(&chunk);
    }
    verifier.finish().expect("the bytes are the right ones");
    Ok(bytes)
}

/// Bytes that repeat nowhere, so that a piece in the wrong place is found.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(length).collect()
}
