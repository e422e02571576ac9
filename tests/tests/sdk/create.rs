//! Containers as they were asked for.

use bollard::query_parameters::CreateContainerOptionsBuilder;
use serde_json::{Value, json};

use crate::scene::{both, of_box};

/// As much as a host without extra devices can give.
fn everything() -> Value {
    json!({
        "Hostname": "sdk-host",
        "Domainname": "example.org",
        "User": "0:0",
        "Env": ["A=1", "B=two words"],
        "Cmd": ["sh", "-c", "hostname; env; id; cat /tmpfs-is-there; ulimit -n"],
        "Labels": { "kind": "full", "empty": "" },
        "WorkingDir": "/root",
        "StopSignal": "SIGQUIT",
        "StopTimeout": 3,
        "ExposedPorts": { "80/tcp": {}, "53/udp": {} },
        "Volumes": { "/anonymous": {} },
        "Healthcheck": { "Test": ["CMD-SHELL", "true"], "Interval": 3_000_000_000_i64, "Timeout": 2_000_000_000_i64, "Retries": 2, "StartPeriod": 0 },
        "HostConfig": merged([resources(), mounts(), others()]),
    })
}

fn merged(parts: [Value; 3]) -> Value {
    let fields = parts.into_iter().flat_map(|part| part.as_object().cloned().unwrap_or_default());
    Value::Object(fields.collect())
}

fn resources() -> Value {
    json!({
        "CpuShares": 512, "Memory": 64 << 20, "MemoryReservation": 32 << 20, "MemorySwap": 128 << 20, "MemorySwappiness": 10,
        "CpuPeriod": 100_000, "CpuQuota": 50_000, "CpusetCpus": "0", "CpusetMems": "0",
        "PidsLimit": 50, "OomKillDisable": false, "Init": false, "OomScoreAdj": 100,
        "Ulimits": [{ "Name": "nofile", "Soft": 128, "Hard": 256 }],
    })
}

fn mounts() -> Value {
    json!({
        "Binds": ["/etc:/host-etc:ro", "sdk-named:/named"],
        "Mounts": [
            { "Type": "tmpfs", "Target": "/memory", "TmpfsOptions": { "SizeBytes": 1 << 20, "Mode": 448 } },
            { "Type": "bind", "Source": "/usr", "Target": "/host-usr", "ReadOnly": true, "BindOptions": { "Propagation": "rprivate" } },
            { "Type": "volume", "Source": "sdk-mounted", "Target": "/mounted", "VolumeOptions": { "NoCopy": true, "Labels": { "of": "sdk" } } },
        ],
        "Tmpfs": { "/scratch": "size=1m" },
    })
}

fn others() -> Value {
    json!({
        "LogConfig": { "Type": "json-file", "Config": { "max-size": "1m", "max-file": "2" } },
        "NetworkMode": "bridge",
        "PortBindings": { "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "0" }], "53/udp": [{ "HostIp": "", "HostPort": "0" }] },
        "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 2 },
        "CapAdd": ["NET_ADMIN"], "CapDrop": ["MKNOD"],
        "CgroupnsMode": "private", "IpcMode": "private", "PidMode": "",
        "Dns": ["192.0.2.1"], "DnsOptions": ["ndots:2"], "DnsSearch": ["example.org"], "ExtraHosts": ["far:192.0.2.7"],
        "GroupAdd": ["7"], "Privileged": false, "PublishAllPorts": false, "ReadonlyRootfs": false,
        "SecurityOpt": ["no-new-privileges"], "ShmSize": 1 << 20, "Sysctls": { "net.ipv4.ip_forward": "1" },
        "Devices": [{ "PathOnHost": "/dev/null", "PathInContainer": "/dev/nothing", "CgroupPermissions": "rw" }],
        "DeviceCgroupRules": ["c 1:5 r"],
        "MaskedPaths": ["/proc/kcore"], "ReadonlyPaths": ["/proc/sys"],
    })
}

#[test]
fn everything_that_can_be_asked_for_is_kept() {
    both(async |engine, tale| {
        let options = CreateContainerOptionsBuilder::default().name("sdk-full").build();
        let made = engine.docker.create_container(Some(options), of_box(everything())).await;
        tale.tell("made", &made.expect("it can be made"));
        tale.tell("created", &engine.docker.inspect_container("sdk-full", None).await.expect("it is there"));
        engine.docker.start_container("sdk-full", None).await.expect("it can be started");
        engine.ended("sdk-full").await;
        engine.remove(&["sdk-full"]).await;
        for name in ["sdk-named", "sdk-mounted"] {
            tale.tell(name, &engine.docker.inspect_volume(name).await.expect("it stays"));
            engine
                .docker
                .remove_volume(name, None::<bollard::query_parameters::RemoveVolumeOptions>)
                .await
                .expect("it can go");
        }
    });
}

#[test]
fn the_least_has_dockerds_defaults() {
    both(async |engine, tale| {
        engine.create("sdk-least", json!({ "Cmd": ["true"], "HostConfig": {} })).await;
        tale.tell("created", &engine.docker.inspect_container("sdk-least", None).await.expect("it is there"));
        engine.docker.start_container("sdk-least", None).await.expect("it can be started");
        engine.ended("sdk-least").await;
        let mut ended = engine.docker.inspect_container("sdk-least", None).await.expect("it is there");
        if let Some(network) = &mut ended.network_settings {
            // What it had, dockerd 20.10 still names; newer ones don't.
            (network.sandbox_id, network.sandbox_key) = (None, None);
        }
        tale.tell("ended", &ended);
        engine.remove(&["sdk-least"]).await;
    });
}

#[test]
fn what_cannot_be_is_refused() {
    both(async |engine, tale| {
        engine.create("sdk-taken", json!({ "Cmd": ["true"] })).await;
        for (what, name, body) in [
            ("a name that is taken", "sdk-taken", json!({})),
            ("a wrong name", "sdk/wrong", json!({})),
            ("no such image", "sdk-x", json!({ "Image": "sdk-nothing" })),
            ("no command", "sdk-x", json!({ "Entrypoint": [], "Cmd": [], "Image": "imported-nothing" })),
            ("too little memory", "sdk-x", json!({ "HostConfig": { "Memory": 1000 } })),
            (
                "swap below memory",
                "sdk-x",
                json!({ "HostConfig": { "Memory": 8 << 20, "MemorySwap": 4 << 20 } }),
            ),
            ("a wrong port", "sdk-x", json!({ "HostConfig": { "PortBindings": { "http/tcp": [{}] } } })),
            (
                "no such bind",
                "sdk-x",
                json!({ "HostConfig": { "Mounts": [{ "Type": "bind", "Source": "/sdk-none", "Target": "/x" }] } }),
            ),
            ("two mounts at a place", "sdk-x", json!({ "HostConfig": { "Binds": ["/etc:/x", "/usr:/x"] } })),
            (
                "a wrong restart policy",
                "sdk-x",
                json!({ "HostConfig": { "RestartPolicy": { "Name": "always", "MaximumRetryCount": 2 } } }),
            ),
            ("no such capability", "sdk-x", json!({ "HostConfig": { "CapAdd": ["NO_SUCH"] } })),
            ("a relative directory", "sdk-x", json!({ "WorkingDir": "relative" })),
            ("a wrong log driver", "sdk-x", json!({ "HostConfig": { "LogConfig": { "Type": "nothing" } } })),
            ("volumes from nowhere", "sdk-x", json!({ "HostConfig": { "VolumesFrom": ["sdk-none"] } })),
            ("a runtime that isn't there", "sdk-x", json!({ "HostConfig": { "Runtime": "none" } })),
        ] {
            let options = CreateContainerOptionsBuilder::default().name(name).build();
            tale.refused(what, engine.docker.create_container(Some(options), of_box(body)).await);
        }
        engine.remove(&["sdk-taken"]).await;
    });
}
