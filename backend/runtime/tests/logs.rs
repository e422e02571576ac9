//! Reading logs while they are written and rotated.

mod support;

use std::time::Duration;

use strata_runtime::{LogLine, LogLines, LogOptions, LogQuery, Stream};
use support::{Bench, Kind, Small, bench, everything, id, key, patient};

async fn read(mut lines: LogLines) -> Vec<LogLine> {
    let mut all = Vec::new();
    while let Some(line) = patient(lines.next()).await.expect("readable") {
        all.push(line);
    }
    all
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| String::from_utf8_lossy(&line.bytes).trim_end().to_owned()).collect()
}

async fn query(bench: &Bench, query: LogQuery) -> Vec<LogLine> {
    read(bench.supervisor.logs(&id("c"), &bench.log("c"), query).await.expect("a log")).await
}

#[tokio::test]
async fn queries_select() {
    let Some(bench) = bench().await else { return };
    let script = "echo 1; sleep 0.1; echo 2 >&2; sleep 0.1; echo 3; sleep 0.1; printf 'no newline'";
    let mut attached = bench
        .run("c", &["/bin/sh", "-c", &script.replace("printf", "/bin/busybox printf")], Kind::default())
        .await;
    everything(&mut attached).await;
    let all = query(&bench, LogQuery::default()).await;
    assert_eq!(texts(&all), ["1", "2", "3", "no newline"]);
    assert_eq!(all.iter().map(|line| line.stream).collect::<Vec<_>>(), {
        use Stream::{Stderr, Stdout};
        [Stdout, Stderr, Stdout, Stdout]
    });
    assert!(all.is_sorted_by_key(|line| line.time));
    let select = |change: fn(&mut LogQuery)| {
        let mut selected = LogQuery::default();
        change(&mut selected);
        query(&bench, selected)
    };
    assert_eq!(texts(&select(|query| query.stdout = false).await), ["2"]);
    assert_eq!(texts(&select(|query| query.tail = Some(2)).await), ["3", "no newline"]);
    assert_eq!(texts(&select(|query| query.tail = Some(0)).await), [""; 0]);
    assert_eq!(texts(&select(|query| query.follow = true).await).len(), 4, "one that ended isn't waited for");
    let since = LogQuery { since: Some(all[2].time.0), ..LogQuery::default() };
    assert_eq!(texts(&query(&bench, since).await), ["3", "no newline"]);
    let until = LogQuery { until: Some(all[1].time.0), ..LogQuery::default() };
    assert_eq!(texts(&query(&bench, until).await), ["1", "2"]);
    let stamped = String::from_utf8(all[0].with_timestamp().to_vec()).expect("UTF-8");
    let (time, text) = stamped.split_once(' ').expect("both");
    assert!(time.len() == "2026-11-21T13:11:05.123456789Z".len() && text == "1\n", "{stamped}");
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn following_sees_every_line_of_a_rotating_log() {
    let Some(bench) = bench().await else { return };
    let options = LogOptions { max_size: Some(64 << 10), max_files: 4, ..bench.log("c") };
    // Slow enough for a reader that may be one rotation behind.
    let script =
        "i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo $i; [ $((i % 500)) = 0 ] && sleep 0.2; done; exit 0";
    bench
        .create("c", &["/bin/sh", "-c", script], Kind { log: Some(options.clone()), ..Kind::default() })
        .await;
    let follow = LogQuery { follow: true, ..LogQuery::default() };
    let followers = [
        bench.supervisor.logs(&id("c"), &options, follow.clone()).await.expect("a log"),
        bench.supervisor.logs(&id("c"), &options, LogQuery { tail: Some(0), ..follow }).await.expect("a log"),
    ];
    bench.supervisor.start(&id("c")).await.expect("started");
    let expected: Vec<String> = (1..=4000).map(|number: u32| number.to_string()).collect();
    for follower in followers {
        let seen = texts(&read(follower).await);
        assert!(seen == expected, "{} lines, the last {:?}", seen.len(), seen.last());
    }
    patient(bench.supervisor.wait(&key("c"))).await.expect("ended");
    let files = std::fs::read_dir(bench.log("c").path.parent().expect("one")).expect("listed").flatten();
    let sizes: Vec<u64> = files
        .filter(|file| file.file_name().to_string_lossy().contains("json.log"))
        .map(|file| file.metadata().expect("there").len())
        .collect();
    assert!(sizes.len() == 4 && sizes.iter().all(|size| *size < 160 << 10), "{sizes:?}");
    let last = read(
        bench
            .supervisor
            .logs(&id("c"), &options, LogQuery { tail: Some(1500), ..LogQuery::default() })
            .await
            .expect("a log"),
    )
    .await;
    assert_eq!(texts(&last), expected[2500..]);
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn following_ends_at_a_time_and_with_its_client() {
    let Some(bench) = bench().await else { return };
    bench
        .create("c", &["/bin/sh", "-c", "while true; do echo tick; sleep 0.05; done"], Kind::default())
        .await;
    bench.supervisor.start(&id("c")).await.expect("started");
    let until = jiff::Timestamp::now() + Duration::from_millis(500);
    let ticks = query(&bench, LogQuery { follow: true, until: Some(until), ..LogQuery::default() }).await;
    assert!(!ticks.is_empty() && ticks.iter().all(|tick| tick.time.0 <= until));
    let follow = LogQuery { follow: true, tail: Some(1), ..LogQuery::default() };
    drop(bench.supervisor.logs(&id("c"), &bench.log("c"), follow).await.expect("a log"));
    bench.finish(&["c"]).await;
}

#[tokio::test]
async fn a_full_disk_costs_log_lines_but_nothing_else() {
    let Some(bench) = bench().await else { return };
    let small = Small::mount(bench.place.directory.path().join("small"), c"size=64k");
    let options = LogOptions::new(small.path().join("log"));
    let kind = || Kind { log: Some(options.clone()), ..Kind::default() };
    let mut attached = bench.run("c", &["/bin/seq", "1", "5000"], kind()).await;
    let (stdout, _, exit) = everything(&mut attached).await;
    assert_eq!((stdout.lines().count(), exit.code), (5000, 0), "the container doesn't notice");
    let lines = texts(
        &read(bench.supervisor.logs(&id("c"), &options, LogQuery::default()).await.expect("a log")).await,
    );
    assert!(lines.len() > 100 && lines.len() < 5000, "{}", lines.len());
    assert!(
        lines.iter().enumerate().all(|(place, line)| *line == (place + 1).to_string()),
        "what is there is whole"
    );

    small.resize(c"size=128k");
    everything(&mut bench.run("c", &["/bin/echo", "again"], kind()).await).await;
    let after = texts(
        &read(bench.supervisor.logs(&id("c"), &options, LogQuery::default()).await.expect("a log")).await,
    );
    assert_eq!(after[..lines.len()], lines);
    assert_eq!(after[lines.len()..], ["again"], "a record that was cut off doesn't spoil the next");
    bench.supervisor.remove(&key("c")).await.expect("removed");
    drop(small);
    bench.finish(&[]).await;
}
