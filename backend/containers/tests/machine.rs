//! What a container sees of the machine: names, networks, limits, privileges; and that it outlives the server.

mod support;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use strata_containers::{Condition, ListQuery, Streams};
use strata_network::NetworkConfig;
use support::{Place, collect, with_bench};

#[test]
fn privileges_are_few_and_limits_hold() {
    with_bench(|bench| async move {
        let script = "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; cat /proc/self/oom_score_adj; ls -ld /dev/null /dev/shm | cut -c1-10; hostname; mount -t tmpfs x /tmp 2>&1; mkdir /sys/x 2>&1; echo 1 2>&1 > /proc/sys/vm/swappiness; cat /proc/kcore | head -c1; ulimit -n";
        let request = format!(
            r#"{{"Cmd":["sh","-c","{script}"],"Hostname":"boxy","HostConfig":{{"SecurityOpt":["no-new-privileges"],"OomScoreAdj":7,
            "Memory":16777216,"NanoCpus":500000000,"PidsLimit":20,"Ulimits":[{{"Name":"nofile","Soft":99,"Hard":100}}]}}}}"#
        );
        let (_, out, err) = bench.run("confined", &request).await;
        for line in ["CapEff:\t00000000800425fb", "NoNewPrivs:\t1", "Seccomp:\t2", "7", "boxy", "99"] {
            assert!(out.lines().any(|have| have == line), "{line} in {out}{err}");
        }
        assert!(out.contains("mount: permission denied"), "{out}");
        assert!(out.contains("Read-only file system") || err.contains("Read-only file system"), "{out}{err}");
        let host = bench.containers.inspect("confined", false).await.expect("there").host_config;
        assert_eq!(host.resources.memory_swap, 33_554_432);
        let (code, ..) = bench
            .run("hungry", r#"{"Cmd":["sh","-c","dd if=/dev/zero of=/dev/null bs=64M count=1"],"HostConfig":{"Memory":8388608,"MemorySwap":8388608}}"#)
            .await;
        let state = bench.containers.inspect("hungry", false).await.expect("there").state;
        assert!(code == 137 && state.oom_killed, "{state:?}");
        let (_, out, _) = bench
            .run("mighty", r#"{"Cmd":["grep","CapEff","/proc/self/status"],"HostConfig":{"CapAdd":["ALL"]}}"#)
            .await;
        let own = std::fs::read_to_string("/proc/self/status").expect("reads");
        let own = own.lines().find_map(|line| line.strip_prefix("CapBnd:")).expect("there");
        assert_eq!(out, format!("CapEff:{own}\n"));
    });
}

#[test]
fn a_terminal_and_input_reach_the_process() {
    with_bench(|bench| async move {
        bench.create("tty", r#"{"Cmd":["sh","-c","stty size; tty; read x; echo got $x"],"Tty":true,"OpenStdin":true,"HostConfig":{"ConsoleSize":[33,77]}}"#).await.expect("creates");
        let later = bench.containers.attach("tty", Streams::ALL).await.expect("attaches");
        bench.containers.start("tty").await.expect("starts");
        let mut attached = later.ready().await.expect("attached");
        attached.input.write(b"hello\n").await.expect("writes");
        let (code, out, _) = collect(attached).await;
        assert_eq!(code, 0);
        assert!(
            out.contains("33 77\r\n") && out.contains("/dev/pts/0\r\n") && out.contains("got hello\r\n"),
            "{out}"
        );
        bench.create("cat", r#"{"Cmd":["cat"],"OpenStdin":true,"StdinOnce":true}"#).await.expect("creates");
        let later = bench.containers.attach("cat", Streams::ALL).await.expect("attaches");
        bench.containers.start("cat").await.expect("starts");
        let mut attached = later.ready().await.expect("attached");
        attached.input.write(b"through").await.expect("writes");
        attached.input.close().await.expect("closes");
        assert_eq!(collect(attached).await.1, "through");
    });
}

#[test]
fn a_bridge_gives_an_address_names_and_a_way_in() {
    with_bench(|bench| async move {
        let request = r#"{"Cmd":["sh","-c","mkdir /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www"],
            "ExposedPorts":{"80/tcp":{}},"HostConfig":{"NetworkMode":"bridge","PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":""}]},
            "ExtraHosts":["elsewhere:192.0.2.7"],"Dns":["192.0.2.8"]}}"#;
        let id = bench.create("web", request).await.expect("creates");
        bench.containers.start("web").await.expect("starts");
        let seen = bench.containers.inspect("web", false).await.expect("there");
        let settings = &seen.network_settings;
        let ip = settings.networks["bridge"].ip_address.clone();
        assert!(!ip.is_empty() && settings.ip_address == ip, "{settings:?}");
        let (_, hosts, _) =
            bench.exec("web", &["cat", "/etc/hosts", "/etc/resolv.conf"]).await.expect("runs");
        assert!(hosts.contains(&format!("{ip}\t{}", &id[..12])), "{hosts}");
        assert!(hosts.contains("192.0.2.7\telsewhere") && hosts.contains("nameserver 192.0.2.8"), "{hosts}");
        let port = settings.ports["80/tcp"].as_ref().expect("published")[0]
            .host_port
            .parse::<u16>()
            .expect("a port");
        let mut page = String::new();
        for _ in 0..50 {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
                stream.set_read_timeout(Some(Duration::from_secs(2))).expect("sets");
                stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("asks");
                let _ = stream.read_to_string(&mut page);
            }
            if page.contains("page") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(page.contains("page"), "{page}");
        let rows = bench.containers.list(ListQuery::default()).await.expect("lists");
        assert_eq!((rows.len(), rows[0].ports[0].public_port), (1, Some(port)));
        assert!(rows[0].status.starts_with("Up "), "{}", rows[0].status);
        let request = format!(
            r#"{{"Cmd":["wget","-q","-O","-","http://127.0.0.1/"],"HostConfig":{{"NetworkMode":"container:{id}"}}}}"#
        );
        let (_, out, err) = bench.run("guest", &request).await;
        assert_eq!(out, "page\n", "{err}");
        let unknown = r#"{"HostConfig":{"NetworkMode":"nowhere"}}"#;
        bench.create("lost", unknown).await.expect("creates");
        let error = bench.containers.start("lost").await.expect_err("no network");
        assert_eq!(error.message, "network nowhere not found");
        for name in ["web", "guest", "lost"] {
            bench.containers.remove(name, true, false).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn health_is_probed() {
    with_bench(|bench| async move {
        let request = r#"{"Cmd":["sleep","60"],"Healthcheck":{"Test":["CMD-SHELL","echo probing; test -e /tmp/ok"],
            "Interval":100000000,"Retries":2}}"#;
        bench.create("sick", request).await.expect("creates");
        bench.containers.start("sick").await.expect("starts");
        let health = async |word: &str| {
            let state = bench.containers.inspect("sick", false).await.expect("there").state;
            state.health.is_some_and(|health| health.status == word)
        };
        bench.until("unhealthy", || health("unhealthy")).await;
        bench.exec("sick", &["touch", "/tmp/ok"]).await.expect("runs");
        bench.until("healthy", || health("healthy")).await;
        let state = bench.containers.inspect("sick", false).await.expect("there").state;
        assert_eq!(state.health.expect("probed").log.last().expect("a probe").output, "probing\n");
        // What an inspection shows is told a moment later.
        let told = async || {
            let actions = bench.actions();
            ["unhealthy", "healthy"].iter().all(|word| actions.contains(&format!("health_status: {word}")))
        };
        bench.until("both told", told).await;
        bench.containers.remove("sick", true, false).await.expect("removes");
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn containers_outlive_the_server() {
    let Some(place) = Place::new() else { return };
    place.serve(|bench| async move {
        for (name, script, policy) in [
            ("stays", "while true; do echo tick; sleep 0.1; done", ""),
            ("ends", "sleep 1; echo bye; exit 9", ""),
            ("again", "sleep 1; exit 1", r#","HostConfig":{"RestartPolicy":{"Name":"always"}}"#),
        ] {
            bench
                .create(name, &format!(r#"{{"Cmd":["sh","-c","{script}"]{policy}}}"#))
                .await
                .expect("creates");
            bench.containers.start(name).await.expect("starts");
        }
        bench.create("new", "{}").await.expect("creates");
    });
    // Nobody is there while one of them ends.
    std::thread::sleep(Duration::from_millis(1500));
    place.serve(|bench| async move {
        let state = async |name: &str| bench.containers.inspect(name, false).await.expect("there").state;
        assert_eq!(state("stays").await.status, "running");
        let ended = state("ends").await;
        assert_eq!((ended.status.as_str(), ended.exit_code), ("exited", 9));
        assert!(bench.logs("ends").await.ends_with("bye\n"));
        assert_eq!(state("new").await.status, "created");
        bench.until("a restart", || async { state("again").await.running }).await;
        let (code, ..) = bench.exec("stays", &["true"]).await.expect("runs");
        assert_eq!(code, 0);
        let wait = bench.containers.wait("stays", Condition::NotRunning).expect("waits");
        bench.containers.kill("stays", "").await.expect("kills");
        assert_eq!(wait.done().await.status_code, 137);
        for name in ["stays", "ends", "again", "new"] {
            bench.containers.remove(name, true, false).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}

#[test]
fn networks_are_joined_and_left_while_it_runs() {
    with_bench(|bench| async move {
        let request = r#"{"Cmd":["sleep","60"],"HostConfig":{"NetworkMode":"bridge","Init":true}}"#;
        bench.create("box", request).await.expect("creates");
        let extra = bench.networks.create(NetworkConfig::new("extra")).await.expect("creates");
        bench.containers.start("box").await.expect("starts");
        let (_, first, _) = bench.exec("box", &["cat", "/proc/1/comm"]).await.expect("runs");
        assert!(first.contains("init"), "{first}");
        bench.containers.connect("box", &extra, Default::default()).await.expect("joins");
        let seen = bench.containers.inspect("box", false).await.expect("there").network_settings;
        let ip = seen.networks["extra"].ip_address.clone();
        let (_, hosts, _) = bench.exec("box", &["cat", "/etc/hosts"]).await.expect("runs");
        assert!(!ip.is_empty() && hosts.contains(&ip), "{hosts}");
        let error = bench.containers.connect("box", &extra, Default::default()).await.expect_err("is there");
        assert!(error.message.contains("already exists in network extra"), "{error}");
        bench.containers.disconnect("box", &extra).await.expect("leaves");
        let seen = bench.containers.inspect("box", false).await.expect("there").network_settings;
        assert!(seen.networks.keys().eq(["bridge"]), "{seen:?}");
        bench.containers.remove("box", true, false).await.expect("removes");
        bench.networks.remove("extra").await.expect("removes");
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}
