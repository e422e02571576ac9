//! `/etc/hosts`, `/etc/hostname`, `/etc/resolv.conf`: files of the engine, mounted into a container.

use std::{fs, io, path::Path};

use strata_network::{Endpoint, ExtraHost, hosts_file};

use crate::{Error, containers::Inner, network, record::Record, request::container_of, spec::EngineFile};

const FILES: [(&str, &str); 3] =
    [("hosts", "/etc/hosts"), ("hostname", "/etc/hostname"), ("resolv.conf", "/etc/resolv.conf")];

impl Inner {
    /// The files of a container on the host; one that shares another's network shares its files.
    pub(crate) fn engine_files(&self, record: &Record) -> Vec<EngineFile> {
        let owner = container_of(&record.host.network_mode).unwrap_or(&record.id);
        let folder = self.folder(owner);
        let file = |(name, destination): (&str, &'static str)| EngineFile {
            source: folder.join(name).display().to_string(),
            destination,
        };
        FILES.into_iter().map(file).collect()
    }

    /// Writes the files before a start; addresses come later.
    pub(crate) fn write_files(&self, record: &Record) -> Result<(), Error> {
        if container_of(&record.host.network_mode).is_some() {
            return Ok(());
        }
        let networks = record.endpoints.keys().map(String::as_str);
        let resolv =
            self.stores.networks.resolv_conf(&network::dns(record)?, networks).map_err(network::error)?;
        let folder = self.folder(&record.id);
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            write_in_place(&path, text)
                .map_err(|error| Error::internal(format!("cannot write {}", path.display()), &error))
        };
        write("resolv.conf", &resolv)?;
        write("hostname", &format!("{}\n", record.hostname()))?;
        self.write_hosts(record)
    }

    /// Writes `/etc/hosts` with the addresses that the container has now.
    pub(crate) fn write_hosts(&self, record: &Record) -> Result<(), Error> {
        let path = self.folder(&record.id).join("hosts");
        let text = if record.host.network_mode == "host" {
            let mut text = fs::read_to_string("/etc/hosts").unwrap_or_default();
            for ExtraHost { name, address } in self.extra_hosts(record) {
                text += &format!("{address}\t{name}\n");
            }
            text
        } else {
            let addresses: Vec<_> = record.attached.iter().flat_map(Endpoint::addresses).collect();
            hosts_file(record.hostname(), &record.config.domainname, &addresses, &self.extra_hosts(record))
        };
        write_in_place(&path, &text)
            .map_err(|error| Error::internal(format!("cannot write {}", path.display()), &error))
    }

    /// `--add-host` and `--link`.
    fn extra_hosts(&self, record: &Record) -> Vec<ExtraHost> {
        let mut all = Vec::new();
        for entry in record.host.extra_hosts.iter().flatten() {
            let Some((name, address)) = entry.split_once(':') else { continue };
            let address = match address {
                "host-gateway" => self.stores.networks.host_gateway(),
                text => text.parse().ok(),
            };
            all.extend(address.map(|address| ExtraHost { name: name.to_owned(), address }));
        }
        all.extend(self.link_hosts(record));
        all
    }
}

/// The file may be mounted in a container, so it must stay the same inode.
fn write_in_place(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}
