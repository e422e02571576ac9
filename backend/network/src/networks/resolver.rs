//! A container's name server.

use std::{fs::File, io, sync::Arc};

use super::{Inner, look::read_host};
use crate::{
    Container, NetworkError,
    dns::{Answer, Lookup, Resolver, Wanted},
    files,
};

impl Inner {
    /// Answers a container's questions for names, if it isn't done already.
    pub(super) fn resolve(
        self: &Arc<Self>,
        container: &Container,
        namespace: &File,
    ) -> Result<(), NetworkError> {
        if self.state().resolvers.contains_key(&container.id) {
            return Ok(());
        }
        let upstreams = files::upstreams(&read_host(), &container.dns);
        // The server must not keep alive what it is part of.
        let (inner, id) = (Arc::downgrade(self), container.id.clone());
        let lookup: Lookup = Arc::new(move |wanted| {
            let Some(inner) = inner.upgrade() else { return Answer::Nowhere };
            let state = inner.state();
            let zone = state.zone(&id);
            match wanted {
                Wanted::Name(name) => zone.find(name),
                Wanted::Address(ip) => zone.reverse(*ip),
            }
        });
        let resolver = match Resolver::start(&container.netns, namespace, upstreams, lookup) {
            Err(NetworkError::Netlink { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {
                tracing::warn!(
                    container = container.name,
                    "runs a name server of its own, and gets none of ours"
                );
                return Ok(());
            }
            other => other?,
        };
        self.state().resolvers.insert(container.id.clone(), resolver);
        Ok(())
    }

    /// Ends the name servers of containers that are on no user network any more.
    pub(super) fn hush(&self) {
        let ended: Vec<Resolver> = {
            let mut state = self.state();
            let idle: Vec<String> =
                state.resolvers.keys().filter(|container| !state.named(container)).cloned().collect();
            idle.iter().filter_map(|container| state.resolvers.remove(container)).collect()
        };
        ended.into_iter().for_each(Resolver::end);
    }
}
