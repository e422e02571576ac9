//! What a stage is like at a step.

use strata_dockerfile::evaluate::{Arguments, StageState, shell};
use strata_oci::ContainerConfig;

use crate::workbench::Chain;

/// What a stage is like at a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stage {
    /// The image so far.
    pub chain: Chain,
    /// What its instructions said so far.
    pub state: StageState,
}

impl Stage {
    /// A stage on an image, and the triggers that come first.
    pub(crate) fn begin(base: Chain, arguments: &Arguments) -> (Self, Vec<String>) {
        let (state, triggers) = StageState::begin(base.config.config.as_ref(), arguments);
        let mut stage = Self { chain: base, state };
        stage.go_on();
        (stage, triggers)
    }

    /// A step is done: the next one is on its image.
    pub(crate) fn go_on(&mut self) {
        self.state.config.image = self.chain.id.as_ref().map(ToString::to_string).unwrap_or_default();
    }

    /// The config of a container that is there for its command only, which says what the step did. WORKDIR, COPY and ADD have
    /// it in one piece, for the sake of old caches.
    pub(crate) fn commented(&self, comment: &str, one_piece: bool) -> ContainerConfig {
        let mut config = self.state.config.clone();
        let mut command = shell(&config);
        match one_piece {
            true => command.push(format!("#(nop) {comment}")),
            false => command.extend(["#(nop) ".to_owned(), comment.to_owned()]),
        }
        config.cmd = Some(command);
        config
    }
}
