//! What a container sees of files: its own, volumes, binds; what it changed; copies in and out.

mod support;

use std::{collections::BTreeMap, fs, process::Command};

use strata_api::engine::VolumeCreate;
use strata_containers::{Filters, Kind};
use support::with_bench;

fn tar_list(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), bytes).expect("writes");
    let listed = Command::new("tar").arg("tf").arg(file.path()).output().expect("tar runs");
    String::from_utf8_lossy(&listed.stdout).into_owned()
}

#[test]
fn volumes_are_filled_shared_and_kept() {
    with_bench(|bench| async move {
        let request = r#"{"Cmd":["sh","-c","cat /data/sub/file; echo more > /data/more"],
            "HostConfig":{"Binds":["store:/data"]},"Volumes":{"/anon":{}}}"#;
        let (code, out, err) = bench.run("writer", request).await;
        assert_eq!((code, out.as_str(), err.as_str()), (0, "from the image", ""));
        let (_, out, _) = bench
            .run("reader", r#"{"Cmd":["sh","-c","cat /data/more; touch /data/no"],"HostConfig":{"Binds":["store:/data:ro"]}}"#)
            .await;
        assert_eq!(out, "more\n");
        let seen = bench.containers.inspect("writer", true).await.expect("there");
        let mounts: Vec<_> =
            seen.mounts.iter().map(|m| (m.destination.as_str(), m.kind.as_str(), m.writable)).collect();
        assert_eq!(mounts, [("/anon", "volume", true), ("/data", "volume", true)]);
        let volume = bench.containers.inspect_volume("store").await.expect("there");
        assert!(volume.mountpoint.ends_with("/volumes/store/_data"));
        let error = bench.containers.remove_volume("store", false).await.expect_err("in use");
        assert_eq!(error.kind, Kind::Conflict);
        assert!(error.message.starts_with("remove store: volume is in use - ["), "{error}");
        assert_eq!(bench.containers.list_volumes(Filters::default()).await.expect("lists").len(), 2);
        bench.containers.remove("writer", false, true).await.expect("removes");
        assert_eq!(bench.containers.list_volumes(Filters::default()).await.expect("lists").len(), 1);
        bench.containers.remove("reader", false, true).await.expect("removes");
        let pruned = bench.containers.prune_volumes(Filters::default()).await.expect("prunes");
        assert_eq!(pruned.volumes_deleted, None, "it has a name");
        let all = Filters(BTreeMap::from([("all".into(), vec!["true".into()])]));
        let pruned = bench.containers.prune_volumes(all).await.expect("prunes");
        assert_eq!(pruned.volumes_deleted, Some(vec!["store".into()]));
        let error = bench.containers.inspect_volume("store").await.expect_err("gone");
        assert_eq!(error.message, "get store: no such volume");
        let wanted = VolumeCreate { name: "x/y".into(), ..VolumeCreate::default() };
        assert_eq!(
            bench.containers.create_volume(wanted).await.expect_err("no name").kind,
            Kind::InvalidArgument
        );
        assert!(fs::read_dir(bench.root.join("volumes")).expect("lists").next().is_none());
    });
}

#[test]
fn binds_tmpfs_and_a_read_only_root() {
    with_bench(|bench| async move {
        let folder = tempfile::tempdir().expect("a directory");
        fs::write(folder.path().join("file"), "of the host").expect("writes");
        let host = folder.path().display();
        let script = "cat /host/file; touch /root-file; touch /host/no; touch /scratch/yes && echo scratch; grep ' /scratch ' /proc/mounts | grep -o size=64k";
        let request = format!(
            r#"{{"Cmd":["sh","-c","{script}"],"HostConfig":{{"ReadonlyRootfs":true,"Binds":["{host}:/host:ro"],
            "Tmpfs":{{"/scratch":"size=64k"}}}}}}"#
        );
        let (_, out, err) = bench.run("confined", &request).await;
        assert_eq!(out, "of the hostscratch\nsize=64k\n");
        assert_eq!(err.matches("Read-only file system").count(), 2, "{err}");
        let missing = format!("{host}/made");
        bench.run("maker", &format!(r#"{{"Cmd":["true"],"HostConfig":{{"Binds":["{missing}:/x"]}}}}"#)).await;
        assert!(fs::metadata(&missing).expect("made").is_dir());
        let request = r#"{"HostConfig":{"Mounts":[{"Type":"bind","Source":"/no/such","Target":"/x"}]}}"#;
        let error = bench.create("none", request).await.expect_err("isn't there");
        assert_eq!(
            error.message,
            "invalid mount config for type \"bind\": bind source path does not exist: /no/such"
        );
        for name in ["confined", "maker"] {
            bench.containers.remove(name, false, false).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn changes_show_and_nothing_else() {
    with_bench(|bench| async move {
        let script = "rm /etc/plain; echo x > /etc/new; mkdir /made; chmod 700 /data";
        bench.run("changer", &format!(r#"{{"Cmd":["sh","-c","{script}"],"WorkingDir":"/tmp"}}"#)).await;
        let mut changes: Vec<_> = bench
            .containers
            .diff("changer")
            .await
            .expect("reads")
            .into_iter()
            .map(|c| (c.path, c.kind))
            .collect();
        changes.sort();
        let wanted = [("/data", 0), ("/etc", 0), ("/etc/new", 1), ("/etc/plain", 2), ("/made", 1)];
        assert_eq!(changes, wanted.map(|(path, kind)| (path.to_owned(), kind)));
        bench.run("idle", r#"{"Cmd":["true"]}"#).await;
        assert!(bench.containers.diff("idle").await.expect("reads").is_empty());
    });
}

#[test]
fn copies_go_in_and_out_whether_it_runs_or_not() {
    with_bench(|bench| async move {
        bench
            .create(
                "box",
                r#"{"Cmd":["sleep","60"],"HostConfig":{"Binds":["store:/data"],"Tmpfs":{"/scratch":""}}}"#,
            )
            .await
            .expect("creates");
        let mut tar = Vec::new();
        let made = bench.containers.archive("box", "/data/sub").await.expect("found");
        assert_eq!((made.stat.name.as_str(), made.stat.mode >> 31), ("sub", 1));
        made.write(&mut tar).expect("writes");
        assert_eq!(tar_list(&tar), "sub/\nsub/file\n");
        bench
            .containers
            .extract("box", "/tmp", std::io::Cursor::new(tar.clone()), false, false)
            .await
            .expect("extracts");
        bench.containers.start("box").await.expect("starts");
        let (_, out, _) = bench.exec("box", &["cat", "/tmp/sub/file"]).await.expect("runs");
        assert_eq!(out, "from the image");
        bench
            .containers
            .extract("box", "/scratch", std::io::Cursor::new(tar), false, false)
            .await
            .expect("extracts");
        let (_, out, _) = bench.exec("box", &["cat", "/scratch/sub/file"]).await.expect("runs");
        assert_eq!(out, "from the image");
        let error = bench.containers.stat_path("box", "/none").await.expect_err("isn't there");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (Kind::NotFound, "Could not find the file /none in container box")
        );
        let stat = bench.containers.stat_path("box", "bin/sh").await.expect("there");
        assert_eq!((stat.mode >> 27, stat.link_target.as_str()), (1, "/bin/busybox"));
        let mut all = Vec::new();
        bench.containers.export("box").await.expect("exports").write(&mut all).expect("writes");
        let list = tar_list(&all);
        assert!(
            list.contains("bin/busybox\n") && list.contains("tmp/sub/file\n") && !list.contains("data/more"),
            "{list}"
        );
        bench.containers.remove("box", true, false).await.expect("removes");
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn a_working_directory_in_proc_is_refused() {
    with_bench(|bench| async move {
        for (name, cwd) in
            [("aa", "/proc/self/fd/7"), ("bb", "/link"), ("cc", "/link/deeper"), ("dd", "/proc/../proc/1")]
        {
            if name == "bb" {
                std::os::unix::fs::symlink("/proc/self/fd/8", bench.layer.join("link")).expect("links");
            }
            bench
                .create(name, &format!(r#"{{"Cmd":["true"],"WorkingDir":"{cwd}"}}"#))
                .await
                .expect("creates");
            let error = bench.containers.start(name).await.expect_err(cwd);
            assert!(error.message.contains("leads into /proc"), "{error}");
            bench.containers.remove(name, false, false).await.expect("removes");
        }
        let (_, out, _) = bench.run("ok", r#"{"Cmd":["pwd"],"WorkingDir":"/made/deep"}"#).await;
        assert_eq!(out, "/made/deep\n");
    });
}

#[test]
fn a_part_of_a_volume_is_mounted() {
    with_bench(|bench| async move {
        let (code, _, err) = bench
            .run("maker", r#"{"Cmd":["sh","-c","mkdir -p /v/a/b && echo deep > /v/a/b/f && ln -s /etc /v/out && ln -s a /v/in"],"HostConfig":{"Binds":["parts:/v"]}}"#)
            .await;
        assert_eq!((code, err.as_str()), (0, ""));
        let body = |subpath: &str| {
            format!(
                r#"{{"Cmd":["sh","-c","cat /p/f && echo more > /p/g"],"HostConfig":{{"Mounts":[{{"Type":"volume","Source":"parts","Target":"/p","VolumeOptions":{{"Subpath":"{subpath}"}}}}]}}}}"#
            )
        };
        for (name, subpath) in [("direct", "a/b"), ("linked", "in/./b")] {
            let (code, out, err) = bench.run(name, &body(subpath)).await;
            assert_eq!((code, out.as_str(), err.as_str()), (0, "deep\n", ""), "{subpath}");
        }
        // Of a container that doesn't run too.
        bench.containers.stat_path("direct", "/p/g").await.expect("it was written");
        let volume = bench.containers.inspect_volume("parts").await.expect("there");
        assert!(std::path::Path::new(&volume.mountpoint).join("a/b/g").exists());
        for subpath in ["../x", "/a", "a/../.."] {
            let error = bench.create("wrong", &body(subpath)).await.expect_err(subpath);
            assert!(error.message.ends_with("subpath must be a relative path within the volume"), "{error}");
        }
        for subpath in ["out", "none", "a/b/../../out"] {
            bench.create("refused", &body(subpath)).await.expect("creates");
            let error = bench.containers.start("refused").await.expect_err(subpath);
            assert!(
                error.message.starts_with(&format!("cannot access path {subpath} of volume parts")),
                "{error}"
            );
            bench.containers.remove("refused", true, false).await.expect("removes");
        }
    });
}
