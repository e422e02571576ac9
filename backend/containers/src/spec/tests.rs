use serde_json::{Value, json};

use super::*;

fn spec(config: &str, host: &str, change: impl FnOnce(&mut Input<'_>)) -> Value {
    let config: ContainerConfig = serde_json::from_str(config).expect("valid");
    let host: HostConfig = serde_json::from_str(host).expect("valid");
    let security = crate::request::security(host.security_opt.as_deref().unwrap_or_default()).expect("valid");
    let mut input = Input {
        id: "4f1c",
        config: &config,
        host: &host,
        args: &["sh".into(), "-c".into()],
        links: &[],
        hostname: "box",
        rootfs: "/merged".into(),
        who: Who { uid: 1, gid: 2, groups: vec![2, 3], home: "/".into() },
        mounts: &[],
        files: &[],
        security: &security,
        shm: None,
        init: None,
        joined: Vec::new(),
        devices: Vec::new(),
        resources: types::Resources::default(),
        cgroup_parent: "/strata",
        own_capabilities: (1 << 41) - 1,
        bounds: None,
        ordinary: None,
    };
    change(&mut input);
    serde_json::to_value(build(input).expect("makes sense")).expect("serialises")
}

fn kinds(spec: &Value) -> Vec<&str> {
    let all = spec["linux"]["namespaces"].as_array().expect("namespaces");
    all.iter().map(|namespace| namespace["type"].as_str().expect("a kind")).collect()
}

#[test]
fn a_plain_container_is_confined() {
    let plain = spec("{}", r#"{"MaskedPaths":["/proc/kcore"],"ReadonlyPaths":["/proc/sys"]}"#, |_| {});
    assert_eq!(kinds(&plain), ["mount", "network", "uts", "pid", "ipc"]);
    assert_eq!(plain["process"]["args"], json!(["sh", "-c"]));
    assert_eq!(plain["process"]["cwd"], "/");
    assert_eq!(plain["process"]["user"], json!({"uid": 1, "gid": 2, "additionalGids": [2, 3]}));
    assert_eq!(plain["process"]["capabilities"]["bounding"].as_array().map(Vec::len), Some(12));
    assert_eq!(plain["root"], json!({"path": "/merged", "readonly": false}));
    assert_eq!(plain["hostname"], "box");
    assert_eq!(plain["linux"]["cgroupsPath"], "/strata/4f1c");
    assert_eq!(plain["linux"]["maskedPaths"], json!(["/proc/kcore"]));
    assert_eq!(plain["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ERRNO");
    assert_eq!(plain["linux"]["resources"]["devices"][0], json!({"allow": false, "access": "rwm"}));
    assert_eq!(plain["linux"]["sysctl"]["net.ipv4.ip_unprivileged_port_start"], "0");
}

#[test]
fn a_privileged_container_is_not() {
    let all = spec("{}", r#"{"Privileged":true,"CgroupnsMode":"private"}"#, |_| {});
    assert!(all["linux"].get("seccomp").is_none());
    assert_eq!(all["linux"]["maskedPaths"], json!([]));
    assert_eq!(all["linux"]["resources"]["devices"], json!([{"allow": true, "access": "rwm"}]));
    assert_eq!(all["process"]["capabilities"]["effective"].as_array().map(Vec::len), Some(41));
    assert_eq!(kinds(&all), ["mount", "network", "uts", "pid", "ipc", "cgroup"]);
}

#[test]
fn namespaces_are_shared_as_asked_for() {
    let host = r#"{"NetworkMode":"host","PidMode":"host","IpcMode":"host","UTSMode":"host"}"#;
    let shared = spec("{}", host, |_| {});
    assert_eq!(kinds(&shared), ["mount"]);
    assert!(shared.get("hostname").is_none());
    assert!(shared["linux"].get("sysctl").is_none());
    let joined = spec("{}", r#"{"NetworkMode":"container:x","PidMode":"container:x"}"#, |input| {
        input.joined = vec![("network", "/proc/7/ns/net".into()), ("pid", "/proc/7/ns/pid".into())];
    });
    assert_eq!(joined["linux"]["namespaces"][1], json!({"type": "network", "path": "/proc/7/ns/net"}));
    assert_eq!(kinds(&joined), ["mount", "network", "uts", "pid", "ipc"]);
}

#[test]
fn what_is_asked_for_is_there() {
    let config = r#"{"Tty":true,"WorkingDir":"/srv","Env":["A=1"],"Domainname":"lan"}"#;
    let host = r#"{"ReadonlyRootfs":true,"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges","seccomp=unconfined"],
        "Ulimits":[{"Name":"nofile","Soft":10,"Hard":20},{"Name":"core","Soft":-1,"Hard":-1}],"OomScoreAdj":7,
        "Sysctls":{"net.core.somaxconn":"9"},"ConsoleSize":[24,80],"CgroupParent":"../../own/"}"#;
    let spec = spec(config, host, |input| input.init = Some("/usr/bin/tini".into()));
    assert_eq!(spec["process"]["args"], json!(["/sbin/docker-init", "--", "sh", "-c"]));
    assert_eq!(spec["process"]["consoleSize"], json!({"height": 24, "width": 80}));
    assert_eq!(spec["process"]["cwd"], "/srv");
    assert_eq!(spec["process"]["noNewPrivileges"], true);
    assert_eq!(spec["process"]["oomScoreAdj"], 7);
    assert_eq!(
        spec["process"]["rlimits"],
        json!([{"type": "RLIMIT_NOFILE", "hard": 20, "soft": 10},
               {"type": "RLIMIT_CORE", "hard": u64::MAX, "soft": u64::MAX}])
    );
    assert_eq!(spec["process"]["capabilities"]["bounding"], json!([]));
    assert_eq!(spec["root"]["readonly"], true);
    assert_eq!(spec["linux"]["sysctl"]["net.core.somaxconn"], "9");
    assert_eq!(spec["linux"]["sysctl"]["kernel.domainname"], "lan");
    assert_eq!(spec["linux"]["cgroupsPath"], "/own/4f1c");
    let last = spec["mounts"].as_array().and_then(|all| all.last()).expect("mounts");
    assert_eq!(last["destination"], "/sbin/docker-init");
}

#[test]
fn an_engine_gives_no_more_than_it_has() {
    let host = r#"{"OomScoreAdj":-500,"Ulimits":[{"Name":"nofile","Soft":500,"Hard":1000},{"Name":"core","Soft":1,"Hard":2}]}"#;
    let spec = spec("{}", host, |input| {
        let rlimits = BTreeMap::from([("RLIMIT_NOFILE".to_owned(), 300)]);
        input.bounds = Some(Bounds { oom_score_adj: 100, rlimits });
    });
    assert_eq!(spec["process"]["oomScoreAdj"], 100);
    assert_eq!(
        spec["process"]["rlimits"],
        json!([{"type": "RLIMIT_NOFILE", "hard": 300, "soft": 300}, {"type": "RLIMIT_CORE", "hard": 2, "soft": 1}])
    );
}

#[test]
fn an_ordinary_users_container_has_its_own_ids() {
    let single = Ordinary { uid: 1000, gid: 1001, ..Ordinary::default() };
    let plain = spec("{}", r#"{"Memory":8388608}"#, |input| input.ordinary = Some(single));
    let linux = &plain["linux"];
    assert!(kinds(&plain).contains(&"user"));
    assert_eq!(linux["uidMappings"], json!([{"containerID": 0, "hostID": 1000, "size": 1}]));
    assert_eq!(linux["gidMappings"], json!([{"containerID": 0, "hostID": 1001, "size": 1}]));
    assert!(linux.get("cgroupsPath").is_none());
    assert_eq!(linux["resources"], json!({}));
    assert_eq!(plain["process"]["user"], json!({"uid": 1, "gid": 2}));
    let mounts = plain["mounts"].as_array().expect("mounts");
    let at = |destination: &str| mounts.iter().find(|mount| mount["destination"] == destination);
    assert_eq!(at("/sys").expect("there")["source"], "/sys");
    assert!(at("/sys/fs/cgroup").is_none());
    assert!(!at("/dev/pts").expect("there").to_string().contains("gid=5"));
    let many = Ordinary { sub_uids: Some((100_000, 65536)), sub_gids: Some((200_000, 65536)), ..single };
    let rich = spec("{}", "{}", |input| input.ordinary = Some(many));
    assert_eq!(rich["linux"]["gidMappings"][1], json!({"containerID": 1, "hostID": 200_000, "size": 65536}));
    assert_eq!(rich["process"]["user"]["additionalGids"], json!([2, 3]));
}

#[test]
fn an_unknown_limit_is_refused() {
    let host: HostConfig =
        serde_json::from_str(r#"{"Ulimits":[{"Name":"x","Soft":1,"Hard":1}]}"#).expect("valid");
    assert_eq!(rlimits(&host), Err(Error::invalid("invalid ulimit type: x")));
}
