//! The networks of this server, kept in a file.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Network, NetworkError};

const FILE: &str = "networks.json";

#[derive(Serialize, Deserialize)]
struct Records {
    version: u32,
    networks: Vec<Network>,
}

/// What was written last, by identifier; nothing if nothing was.
///
/// # Errors
/// If the file can't be read, or isn't what [`write`] writes.
pub fn read(dir: &Path) -> Result<BTreeMap<String, Network>, NetworkError> {
    let path = dir.join(FILE);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        other => other.map_err(|source| NetworkError::Io { action: "read", path: path.clone(), source })?,
    };
    let records: Records =
        serde_json::from_slice(&bytes).map_err(|source| NetworkError::Damaged { path, source })?;
    Ok(records.networks.into_iter().map(|network| (network.id.clone(), network)).collect())
}

/// Replaces what was written last, durably and in one step.
///
/// # Errors
/// If the file can't be written; the old one stays.
pub fn write(dir: &Path, networks: &BTreeMap<String, Network>) -> Result<(), NetworkError> {
    let records = Records { version: 1, networks: networks.values().cloned().collect() };
    let path = dir.join(FILE);
    let failed = |source: io::Error| NetworkError::Io { action: "write", path: path.clone(), source };
    let bytes = serde_json::to_vec_pretty(&records).map_err(|error| failed(error.into()))?;
    replace(dir, &path, &bytes).map_err(failed)
}

fn replace(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary: PathBuf = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_record_is_named_and_left() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().is_empty());
        write(dir.path(), &BTreeMap::new()).unwrap();
        assert!(read(dir.path()).unwrap().is_empty());
        fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(read(dir.path()).unwrap_err().to_string().contains("networks.json is damaged"));
        assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), b"{");
    }
}
