//! `docker network connect` and `docker network disconnect`.

use strata_api::engine::EndpointSettings;
use strata_network::Network;

use crate::{Containers, Error, Kind, containers::to_the_end, network, request::ContainerMode};

const HOST: &str = "container cannot be disconnected from host network or connected to host network";
const NONE: &str =
    "container cannot be connected to multiple networks with one of the networks in private (none) mode";

impl Containers {
    /// Puts a container on a further network, at once if it runs, and from its next start on.
    pub async fn connect(&self, name: &str, to: &Network, mut wanted: EndpointSettings) -> Result<(), Error> {
        let container = self.0.find(name)?;
        let (this, to) = (self.clone(), to.clone());
        to_the_end(async move {
            let _alone = container.work.lock().await;
            let record = container.snapshot();
            let own = matches!(ContainerMode::of(&record.host.network_mode), ContainerMode::Other(_));
            if to.name == "host" {
                return Err(Error::invalid(HOST));
            }
            if !own {
                return Err(Error::invalid(
                    "container sharing network namespace with another container or host cannot be connected to any other network",
                ));
            }
            if record.endpoints.contains_key(&to.name) {
                let message = format!(
                    "endpoint with name {} already exists in network {}",
                    record.name, to.name
                );
                return Err(Error::new(Kind::Forbidden, message));
            }
            let alone = |name: &str| name == "none";
            if record.endpoints.keys().any(|name| alone(name)) || (alone(&to.name) && !record.endpoints.is_empty()) {
                return Err(Error::invalid(NONE));
            }
            let settings = network::settings(&wanted, Vec::new())?;
            let endpoint = match record.state.status.has_process() {
                true => {
                    let member = network::member(&record, record.state.pid)?;
                    let attached = this.0.stores.networks.attach(&member, &to.id, &settings).await;
                    Some(attached.map_err(network::error)?)
                }
                false => None,
            };
            this.0
                .change(&container, |record| {
                    if to.resolves_names() {
                        network::add_short_id(&mut wanted, &record.id);
                    }
                    record.endpoints.insert(to.name.clone(), wanted);
                    record.attached.extend(endpoint);
                })
                .await?;
            let record = container.snapshot();
            if record.state.status.has_process() {
                this.0.tell_network("connect", &to.id, &to.name, &record.id);
            }
            this.0.blocking(move |inner| inner.write_hosts(&record)).await
        })
        .await
    }

    /// Takes a container off a network.
    pub async fn disconnect(&self, name: &str, from: &Network) -> Result<(), Error> {
        let container = self.0.find(name)?;
        let (this, from) = (self.clone(), from.clone());
        to_the_end(async move {
            let _alone = container.work.lock().await;
            let record = container.snapshot();
            if !record.endpoints.contains_key(&from.name) {
                let message = format!("container {} is not connected to network {}", record.id, from.name);
                return Err(Error::new(Kind::Internal, message));
            }
            if from.name == "host" {
                return Err(Error::invalid(HOST));
            }
            if record.attached.iter().any(|endpoint| endpoint.network == from.id) {
                let gone = this.0.stores.networks.disconnect(&record.id, &from.id).await;
                gone.map_err(network::error)?;
            }
            this.0
                .change(&container, |record| {
                    record.endpoints.remove(&from.name);
                    record.attached.retain(|endpoint| endpoint.network != from.id);
                })
                .await?;
            let record = container.snapshot();
            this.0.tell_network("disconnect", &from.id, &from.name, &record.id);
            this.0.blocking(move |inner| inner.write_hosts(&record)).await
        })
        .await
    }

    /// Whether there is a container of this name.
    ///
    /// # Errors
    /// If there isn't.
    pub fn knows(&self, name: &str) -> Result<(), Error> {
        self.0.find(name).map(|_| ())
    }

    /// Whether a container has a terminal.
    pub fn has_terminal(&self, name: &str) -> Result<bool, Error> {
        Ok(self.0.find(name)?.record().config.tty)
    }
}
