//! dockerd and Strata with networks: each on bridges in a network namespace of its own, so that their addresses are
//! the same.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use strata_forge::Layer;

use crate::{Docker, Dockerd, NetNs, Scratch, Strata, duel::Duel, fixture};

/// The two engines.
pub struct Pair {
    dockerd: Dockerd,
    strata: Strata,
    // Both have one set of containers each: scenarios take turns.
    turn: Mutex<()>,
}

impl Pair {
    /// Starts both, with an image `box` that is busybox.
    #[track_caller]
    pub fn start() -> Self {
        let (dockerd, strata) = (Dockerd::start_bridged(&NetNs::new()), Strata::start_in(&NetNs::new()));
        let scratch = Scratch::new("pair");
        let archive = scratch.join("box.tar");
        std::fs::write(&archive, Layer::tar(&fixture::busybox_layer()))
            .expect("the scratch directory is writable");
        for socket in [dockerd.socket(), strata.socket()] {
            let change = ["--change", "CMD [\"sh\"]"];
            let archive = archive.display().to_string();
            Docker::new(&socket).run(&[&["import"], &change[..], &[&archive, "box"]].concat()).ok();
        }
        Self { dockerd, strata, turn: Mutex::new(()) }
    }

    /// A scenario driven by the client `program`; it removes what it makes.
    #[track_caller]
    pub fn scenario(&self, program: &Path) -> Duel<'_> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Duel::between(program, [&self.dockerd.socket(), &self.strata.socket()], turn)
    }
}
