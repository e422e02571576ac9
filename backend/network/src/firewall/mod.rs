//! Packet filter rules around the bridges.
//!
//! All rules of a server are in chains of its own, and a chain is always written as a whole: what should be there
//! is a value ([`Plan`]), its text a pure function of it, and one run of `iptables-restore --noflush` per address
//! family makes it so in one transaction. Of the chains that everybody shares, only one jump each is inserted (and
//! one day removed); nothing of theirs is flushed, and no policy is changed.
//!
//! | chain | from | holds |
//! | --- | --- | --- |
//! | `STRATA-TAG-NAT` | nat POSTROUTING | the host's address on what leaves a network |
//! | `STRATA-TAG-DNAT` | nat PREROUTING, to local addresses | published ports; clients keep their address |
//! | `STRATA-TAG-ISO` | mangle FORWARD | networks don't reach each other, and nobody outside reaches an unpublished port; in this table since another server's filter rule may accept first |
//! | `STRATA-TAG-FWD` | filter FORWARD | what is let through, though docker's policy be DROP |
//! | `STRATA-TAG-IN` | filter INPUT | ports of the host that containers don't reach |
//!
//! Connections to published ports from the host itself, from internal networks, and from a container to its own go
//! through the proxy. Where the iptables programs are absent, nft is told the same.

mod iptables;
mod nft;
mod plan;
mod program;

use std::sync::Mutex;

pub use plan::{Forward, Plan, Range};

use crate::NetworkError;

/// The packet filter as this server has written it.
#[derive(Debug, Default)]
pub struct Firewall {
    written: Mutex<Option<Plan>>,
}

impl Firewall {
    /// Makes the rules be those of a plan, which is asked for once it is our turn: of several callers that wait, one
    /// writes for all. With `check`, what others may have removed is written again.
    ///
    /// # Errors
    /// [`NetworkError::Firewall`] in the words of the program.
    pub fn apply(&self, check: bool, plan: impl FnOnce() -> Plan) -> Result<(), NetworkError> {
        let mut written = self.written.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let plan = plan();
        if !check && written.as_ref() == Some(&plan) {
            return Ok(());
        }
        let before = written.take().filter(|_| !check);
        match iptables::write(before.as_ref(), &plan) {
            Err(error) if program::is_absent(&error) => nft::write(&plan)?,
            other => other?,
        }
        *written = Some(plan);
        Ok(())
    }
}
