//! What a client asks for: checked, completed from the image, and with docker's defaults filled in. Pure.

mod adapt;
mod limits;
mod merge;
mod mode;
mod mounts;
mod ports;
mod security;
mod validate;

pub(crate) use adapt::adapt;
pub(crate) use limits::{Machine, validate_resources};
pub(crate) use merge::merge;
pub(crate) use mode::{ContainerMode, container_of};
pub(crate) use mounts::{MountKind, MountPlan, plan_mounts, volumes_from};
pub(crate) use ports::{Published, parse_port, port_key, published};
pub(crate) use security::{SeccompChoice, Security, security};
pub(crate) use validate::{validate, validate_restart_policy};
