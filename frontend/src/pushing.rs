//! What a push is called: the name that was typed, or why it is none.

use strata_oci::{Reference, ReferenceError};

/// Docker Hub's domain.
const HUB: &str = "docker.io";

/// Where an image is pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The registry's domain.
    pub registry: String,
    /// The repository as docker prints it.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

/// Why a name can't be pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It isn't a name.
    Name(ReferenceError),
    /// It has a digest, which a registry finds out itself.
    Digest,
}

impl Target {
    /// Reads what was typed.
    pub fn read(typed: &str) -> Result<Self, Wrong> {
        let reference: Reference = typed.trim().parse().map_err(Wrong::Name)?;
        if reference.digest().is_some() {
            return Err(Wrong::Digest);
        }
        let repository = reference.repository();
        Ok(Self {
            registry: repository.domain().to_owned(),
            repository: repository.familiar(),
            tag: reference.locator(),
        })
    }

    /// The whole name.
    pub fn name(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }
}

/// The name that is suggested for an image called `handle`: its own, or one at the server's own registry for what would go to
/// Docker Hub.
pub fn suggestion(handle: &str, own: &str) -> String {
    match Target::read(handle) {
        Ok(target) if target.registry == HUB => format!("{own}/{}", target.name()),
        Ok(target) => target.name(),
        // An id, or a pinned name: half a name is a better start than none.
        Err(_) => format!("{own}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_to() {
        let target = Target::read(" 127.0.0.1:5000/team/app ").expect("a name");
        assert_eq!(
            (&*target.registry, &*target.repository, &*target.tag),
            ("127.0.0.1:5000", "127.0.0.1:5000/team/app", "latest")
        );
        let digest = strata_oci::Digest::of(b"");
        assert_eq!(Target::read(&format!("a@{digest}")), Err(Wrong::Digest));
        assert!(matches!(Target::read("A"), Err(Wrong::Name(_))));
    }

    #[test]
    fn what_has_a_registry_keeps_it() {
        assert_eq!(suggestion("h:5000/demo:1", "own:7878"), "h:5000/demo:1");
        assert_eq!(suggestion("demo:latest", "own:7878"), "own:7878/demo:latest");
        assert_eq!(suggestion(&"a".repeat(64), "own:7878"), "own:7878/");
    }
}
