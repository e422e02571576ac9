use strata_api::engine::Resources;

use super::*;

const MACHINE: Machine = Machine {
    cpus: 2,
    swap_limit: true,
    unified: false,
    limits: true,
    nodes: 1,
    disk_weight: false,
    device_weight: false,
};

fn check(text: &str) -> Result<Vec<String>, String> {
    let mut request: CreateRequest = serde_json::from_str(text).expect("valid JSON");
    validate(&mut request, MACHINE).map_err(|error| error.message)
}

#[test]
fn sense_is_let_through() {
    for text in [
        "{}",
        r#"{"HostConfig":{"Memory":6291456,"MemorySwap":-1,"NanoCpus":2000000000,"CpusetCpus":"0-1"}}"#,
        r#"{"HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}}}"#,
        r#"{"HostConfig":{"CapAdd":["net_admin","CAP_SYS_TIME","ALL"],"ExtraHosts":["a:1.2.3.4","b:::1"]}}"#,
        r#"{"WorkingDir":"/x","StopSignal":"SIGINT","Env":["A","B=","C=1"]}"#,
    ] {
        assert_eq!(check(text), Ok(vec![]), "{text}");
    }
}

#[test]
fn nonsense_is_refused_in_dockerds_words() {
    let table = [
        (r#"{"HostConfig":{"Memory":1}}"#, "Minimum memory limit allowed is 6MB"),
        (
            r#"{"HostConfig":{"Memory":8388608,"MemorySwap":7340032}}"#,
            "Minimum memoryswap limit should be larger than memory limit, see usage",
        ),
        (
            r#"{"HostConfig":{"MemorySwap":7340032}}"#,
            "You should always set the Memory limit when using Memoryswap limit, see usage",
        ),
        (
            r#"{"HostConfig":{"NanoCpus":3000000000}}"#,
            "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
        ),
        (
            r#"{"HostConfig":{"CpusetCpus":"0-7"}}"#,
            "Requested CPUs are not available - requested 0-7, available: 0-1",
        ),
        (
            r#"{"HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}}"#,
            "can't create 'AutoRemove' container with restart policy",
        ),
        (r#"{"HostConfig":{"RestartPolicy":{"Name":"x"}}}"#, "invalid restart policy 'x'"),
        (
            r#"{"HostConfig":{"RestartPolicy":{"Name":"always","MaximumRetryCount":1}}}"#,
            "maximum retry count cannot be used with restart policy 'always'",
        ),
        (r#"{"HostConfig":{"CapAdd":["foo"]}}"#, "invalid CapAdd: unknown capability: \"CAP_FOO\""),
        (r#"{"WorkingDir":"x"}"#, "the working directory 'x' is invalid, it needs to be an absolute path"),
        (r#"{"StopSignal":"FOO"}"#, "Invalid signal: FOO"),
        (r#"{"Env":["=x"]}"#, "invalid environment variable: =x"),
        (
            r#"{"HostConfig":{"NetworkMode":"container:"}}"#,
            "Invalid network mode: invalid container format container:<name|id>",
        ),
        (
            r#"{"Hostname":"h","HostConfig":{"NetworkMode":"container:a"}}"#,
            "conflicting options: hostname and the network mode",
        ),
        (
            r#"{"HostConfig":{"NetworkMode":"container:a","PublishAllPorts":true}}"#,
            "conflicting options: port publishing and the container type network mode",
        ),
        (
            r#"{"HostConfig":{"OomScoreAdj":2000}}"#,
            "Invalid value 2000, range for oom score adj is [-1000, 1000]",
        ),
        (r#"{"HostConfig":{"Runtime":"x"}}"#, "Unknown runtime specified x"),
        (
            r#"{"HostConfig":{"LogConfig":{"Type":"syslogg"}}}"#,
            "error looking up logging plugin syslogg: plugin \"syslogg\" not found",
        ),
        (
            r#"{"HostConfig":{"LogConfig":{"Config":{"foo":"1"}}}}"#,
            "unknown log opt 'foo' for json-file log driver",
        ),
        (r#"{"Healthcheck":{"Interval":1}}"#, "Interval in Healthcheck cannot be less than 1ms"),
        (r#"{"HostConfig":{"ExtraHosts":["a"]}}"#, "bad format for add-host: \"a\""),
        (r#"{"HostConfig":{"ExtraHosts":["a:b"]}}"#, "invalid IP address in add-host: \"b\""),
        (r#"{"HostConfig":{"Tmpfs":{"x":""}}}"#, "invalid mount path: 'x' mount path must be absolute"),
        (
            r#"{"NetworkingConfig":{"EndpointsConfig":{"n":{"IPAMConfig":{"IPv4Address":"x"}}}}}"#,
            "invalid IPv4 address: x",
        ),
        (r#"{"HostConfig":{"PidMode":"x"}}"#, "invalid PID mode: x"),
    ];
    for (text, message) in table {
        assert_eq!(check(text), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn what_the_machine_cannot_do_is_a_warning() {
    let mut request: CreateRequest =
        serde_json::from_str(r#"{"HostConfig":{"Memory":8388608}}"#).expect("valid");
    let machine = Machine { swap_limit: false, ..MACHINE };
    let warnings = validate(&mut request, machine).expect("valid");
    assert!(warnings[0].starts_with("Your kernel does not support swap limit"));
    assert_eq!(request.host_config.resources.memory_swap, -1);
}

#[test]
fn without_a_cgroup_limits_are_discarded_with_a_warning_each() {
    let machine = Machine { limits: false, ..MACHINE };
    let mut limits = Resources {
        memory: 64 << 20,
        memory_swap: 128 << 20,
        nano_cpus: 99_000_000_000,
        cpuset_cpus: "0-99".into(),
        pids_limit: Some(5),
        ..Resources::default()
    };
    let warnings =
        validate_resources(&mut limits, machine, false).expect("nothing is left that could be wrong");
    assert_eq!(limits, Resources::default());
    let about = |what: &str| warnings.iter().filter(|text| text.contains(what)).count();
    assert_eq!(
        (warnings.len(), about("memory limit"), about("pids limit"), about("discarded.")),
        (4, 1, 1, 4)
    );
    assert_eq!(validate_resources(&mut limits, machine, false), Ok(Vec::new()));
}
