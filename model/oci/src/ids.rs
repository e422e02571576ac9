//! Digests with a meaning: which bytes a digest was taken of is part of its type.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Digest, DigestError};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Digest);

        impl $name {
            /// The digest itself.
            pub fn digest(&self) -> &Digest {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = DigestError;
            fn from_str(text: &str) -> Result<Self, DigestError> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id! {
    /// Digest of a layer's uncompressed tar.
    DiffId
}
id! {
    /// Identity of a layer on top of everything below it: `sha256(chain_id(below) + " " + diff_id)`.
    ChainId
}
id! {
    /// Digest of an image's config: what `docker images` shows as IMAGE ID.
    ImageId
}

/// The chain id of every layer of a stack, bottom first.
///
/// See "Layer ChainID" in the OCI image configuration specification.
pub fn chain_ids(diff_ids: &[DiffId]) -> Vec<ChainId> {
    let mut chain: Vec<ChainId> = Vec::with_capacity(diff_ids.len());
    for diff_id in diff_ids {
        chain.push(ChainId(match chain.last() {
            None => diff_id.0.clone(),
            Some(below) => Digest::of(format!("{below} {diff_id}").as_bytes()),
        }));
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_as_the_specification_says() {
        let diff_ids = [DiffId(Digest::of(b"a")), DiffId(Digest::of(b"b")), DiffId(Digest::of(b"c"))];
        let chain = chain_ids(&diff_ids);
        assert_eq!(chain[0].0, diff_ids[0].0);
        assert_eq!(chain[1].0, Digest::of(format!("{} {}", diff_ids[0], diff_ids[1]).as_bytes()));
        assert_eq!(chain[2].0, Digest::of(format!("{} {}", chain[1], diff_ids[2]).as_bytes()));
        assert!(chain_ids(&[]).is_empty());
    }
}
