//! Files in and out of containers.

use bollard::{
    body_full, body_try_stream,
    query_parameters::{
        ContainerArchiveInfoOptionsBuilder, DownloadFromContainerOptionsBuilder,
        UploadToContainerOptionsBuilder,
    },
};
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use serde_json::json;
use strata_forge::{Compression, Layer, compress};

use crate::scene::{both, bytes};

#[test]
fn files_are_copied_in_and_out() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, "sdk-files");
        engine.create(name, json!({ "Cmd": ["sh", "-c", "cat /tmp/a /tmp/b /tmp/c; rm /etc/group"] })).await;
        let to = |path: &str| UploadToContainerOptionsBuilder::default().path(path).build();
        let plain = Layer::new().file("a", "first\n").tar();
        docker
            .upload_to_container(name, Some(to("/tmp")), body_full(plain.into()))
            .await
            .expect("it takes a tar");
        // Packed and in pieces, as bollard's own examples do.
        for (file, packing) in [("b", Compression::Gzip(6)), ("c", Compression::Zstd(3))] {
            let packed = compress(&Layer::new().file(file, "packed\n").tar(), packing);
            // dockerd 20.10 doesn't know zstd.
            if file == "b" || docker.client_version().minor_version > 41 {
                let pieces: Vec<_> = packed.chunks(32).map(Bytes::copy_from_slice).map(Ok).collect();
                let body = body_try_stream(stream::iter(pieces));
                docker
                    .upload_to_container(name, Some(to("/tmp")), body)
                    .await
                    .expect("it takes a packed tar");
            }
        }
        tale.refused(
            "to nowhere",
            docker.upload_to_container(name, Some(to("/none")), body_full(Bytes::new())).await,
        );
        tale.refused(
            "to a file",
            docker.upload_to_container(name, Some(to("/etc/passwd")), body_full(Bytes::new())).await,
        );
        docker.start_container(name, None).await.expect("it can be started");
        engine.ended(name).await;
        let from = |path: &str| DownloadFromContainerOptionsBuilder::default().path(path).build();
        let tar = bytes(docker.download_from_container(name, Some(from("/tmp/b")))).await;
        assert!(tar.windows(7).any(|window| window == b"packed\n"));
        tale.refused(
            "from nowhere",
            docker.download_from_container(name, Some(from("/none"))).try_collect::<Vec<_>>().await,
        );
        let about = |path: &str| ContainerArchiveInfoOptionsBuilder::default().path(path).build();
        for path in ["/tmp/b", "/bin/sh", "/etc"] {
            let seen = docker.get_container_archive_info(name, Some(about(path))).await.expect("it is there");
            tale.tell(path, &(seen.name, seen.link_target, seen.file_mode));
        }
        let mut changes = docker.container_changes(name).await.expect("they can be told").unwrap_or_default();
        changes.retain(|change| change.path != "/tmp/c");
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        tale.tell("changes", &changes);
        let all = bytes(docker.export_container(name)).await;
        assert!(all.windows(7).any(|window| window == b"packed\n"));
        engine.remove(&[name]).await;
        tale.refused("changes", docker.container_changes(name).await);
        tale.refused("export", docker.export_container(name).try_collect::<Vec<_>>().await);
    });
}
