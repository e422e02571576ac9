//! Volumes: directories that outlive containers.

use crate::Error;

pub(crate) fn invalid_name(name: &str) -> Error {
    if name.len() == 1 {
        return Error::invalid(
            "volume name is too short, names should be at least two alphanumeric characters",
        );
    }
    Error::invalid(format!(
        "create {name}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
    ))
}
