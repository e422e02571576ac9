//! What programs use: SDKs that parse every answer into types, against Strata and against dockerd beside it.
//!
//! Scenarios with bollard, which speaks each engine's newest version of the API, are told as a [`tale::Tale`], which must be
//! the same for both. docker-py plays its own integration tests ([`docker_py`]).

mod builds;
mod commit;
mod containers;
mod create;
mod docker_py;
mod events;
mod exec;
mod files;
mod images;
mod lifecycle;
mod networks;
mod scene;
mod streams;
mod system;
mod tale;
mod volumes;
