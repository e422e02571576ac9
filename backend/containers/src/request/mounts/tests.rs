use super::*;

fn bind(text: &str) -> Result<MountPlan, String> {
    parse_bind(text).map_err(|error| error.message)
}

#[test]
fn a_bind_is_a_path_or_a_volume() {
    let plan = bind("/src/../a:/b/:ro,rslave").expect("valid");
    assert_eq!((plan.kind, plan.source.as_str(), plan.destination.as_str()), (MountKind::Bind, "/a", "/b"));
    assert!(!plan.writable && plan.create_source && !plan.anonymous);
    assert_eq!(plan.propagation, "rslave");
    let plan = bind("data:/data").expect("valid");
    assert_eq!((plan.kind, plan.name.as_str(), plan.mode.as_str()), (MountKind::Volume, "data", "z"));
    assert!(plan.copy && plan.writable);
    let plan = bind("/data").expect("valid");
    assert!(plan.anonymous && plan.kind == MountKind::Volume && plan.destination == "/data");
    assert!(!bind("data:/data:nocopy").expect("valid").copy);
}

#[test]
fn wrong_binds_are_refused_in_dockers_words() {
    let table = [
        ("", "invalid volume specification: ''"),
        (":/b", "invalid volume specification: ':/b'"),
        ("/a:/b:ro:x", "invalid volume specification: '/a:/b:ro:x'"),
        ("/a:rw", "invalid volume specification: '/a:rw'"),
        ("/a:/b:foo", "invalid mode: foo"),
        ("/a:/b:ro,rw", "invalid mode: ro,rw"),
        (
            "/a:b",
            "invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute",
        ),
        (
            "/a:/",
            "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
        ),
        (
            "a/b:/c",
            "create a/b: \"a/b\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path",
        ),
    ];
    for (text, message) in table {
        assert_eq!(bind(text), Err(message.to_owned()));
    }
}

#[test]
fn mounts_are_checked_as_docker_does() {
    let check = |text: &str| {
        let mount: Mount = serde_json::from_str(text).expect("valid");
        parse_mount(&mount).map_err(|error| error.message)
    };
    let table = [
        (r#"{"Type":"bind"}"#, "invalid mount config for type \"bind\": field Target must not be empty"),
        (
            r#"{"Type":"bind","Target":"/a"}"#,
            "invalid mount config for type \"bind\": field Source must not be empty",
        ),
        (
            r#"{"Type":"tmpfs","Target":"/a","Source":"/x"}"#,
            "invalid mount config for type \"tmpfs\": field Source must not be specified",
        ),
        (r#"{"Type":"x","Target":"/a"}"#, "invalid mount config for type \"x\": mount type unknown"),
        (
            r#"{"Type":"volume","Target":"/a","ReadOnly":true}"#,
            "invalid mount config for type \"volume\": must not set ReadOnly mode when using anonymous volumes",
        ),
    ];
    for (text, message) in table {
        assert_eq!(check(text), Err(message.to_owned()));
    }
    let tmpfs = check(r#"{"Type":"tmpfs","Target":"/a","TmpfsOptions":{"SizeBytes":4096,"Mode":511}}"#);
    assert_eq!(tmpfs.expect("valid").options, "mode=777,size=4096");
}

#[test]
fn later_sorts_of_mounts_win_and_doubles_are_refused() {
    let plan = |text: &str| {
        let host: HostConfig = serde_json::from_str(text).expect("valid");
        let inherited =
            MountPlan { source: "/old".into(), destination: "/data".into(), ..MountPlan::default() };
        plan_mounts(&host, vec![inherited], ["/data", "/log/"].into_iter())
    };
    let all = plan(r#"{"Binds":["/new:/data"]}"#).expect("valid");
    let sources: Vec<_> = all.iter().map(|m| (m.destination.as_str(), m.source.as_str())).collect();
    assert_eq!(sources, [("/data", "/new"), ("/log", "")]);
    let twice = plan(r#"{"Binds":["/a:/x","/b:/x/"]}"#).expect_err("twice");
    assert_eq!(twice.message, "Duplicate mount point: /x");
    let twice = plan(r#"{"Binds":["/a:/x"],"Tmpfs":{"/x":""}}"#).expect_err("twice");
    assert_eq!(twice.message, "Duplicate mount point: /x");
}

#[test]
fn mounts_of_others_may_be_made_read_only() {
    assert_eq!(volumes_from("web"), Ok(("web", true)));
    assert_eq!(volumes_from("web:ro"), Ok(("web", false)));
    assert_eq!(volumes_from("web:x").expect_err("no mode").message, "invalid mode: x");
    assert!(volumes_from("web:rslave").is_err());
    assert!(volumes_from("").is_err());
}
