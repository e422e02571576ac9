//! The engines, a registry for each, and how a scenario is played on all of them.

use std::{collections::HashMap, path::Path, sync::OnceLock, thread};

use bollard::{
    ClientVersion, Docker,
    container::LogOutput,
    errors::Error,
    models::ContainerCreateBody,
    query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder},
};
use futures_util::{Stream, StreamExt, TryStreamExt};
use serde_json::Value;
use strata_tests::{Docker as Cli, DockerRegistry, Dockerd, NetNs, Skopeo, Strata, fixture, skip_without};

use crate::tale::Tale;

/// The version that dockerd 20.10 speaks.
const THEIRS: ClientVersion = ClientVersion { major_version: 1, minor_version: 41 };
/// The newest that Strata speaks.
const OURS: ClientVersion = ClientVersion { major_version: 1, minor_version: 47 };
/// Longest wait for an answer, in seconds.
const PATIENCE: u64 = 120;

struct World {
    dockerd: Dockerd,
    strata: Strata,
    registries: [DockerRegistry; 2],
}

/// An engine as a scenario sees it.
pub(crate) struct Engine {
    /// The SDK.
    pub(crate) docker: Docker,
    /// A registry that the engine can reach, with `box` and `demo`.
    pub(crate) registry: &'static DockerRegistry,
}

impl Engine {
    fn new(socket: &Path, version: &ClientVersion, registry: &'static DockerRegistry) -> Self {
        Self { docker: connect(socket, version), registry }
    }

    /// A reference to `name` in the registry.
    pub(crate) fn remote(&self, name: &str) -> String {
        self.registry.name(name)
    }

    /// Makes a container of `box` as the JSON says.
    pub(crate) async fn create(&self, name: &str, body: Value) -> String {
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        let made = self.docker.create_container(Some(options), of_box(body)).await;
        made.unwrap_or_else(|e| panic!("{name}: {e}")).id
    }

    /// That, started.
    pub(crate) async fn run(&self, name: &str, body: Value) -> String {
        let id = self.create(name, body).await;
        self.docker.start_container(name, None).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        id
    }

    /// Waits for its end; its exit code, which bollard takes for an error if it isn't zero.
    pub(crate) async fn ended(&self, name: &str) -> i64 {
        match self.docker.wait_container(name, None).try_next().await {
            Ok(answer) => answer.expect("the server answers").status_code,
            Err(Error::DockerContainerWaitError { code, .. }) => code,
            Err(error) => panic!("{name}: {error}"),
        }
    }

    /// Removes containers by force.
    pub(crate) async fn remove(&self, names: &[&str]) {
        for name in names {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            self.docker.remove_container(name, Some(options)).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

/// A body of a request, with `box` as the image unless it names one.
pub(crate) fn of_box(mut body: Value) -> ContainerCreateBody {
    if body["Image"].is_null() {
        body["Image"] = "box".into();
    }
    typed(body)
}

/// JSON as one of bollard's types.
#[track_caller]
pub(crate) fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the test writes what bollard's type has")
}

/// Filters of one kind.
pub(crate) fn filter(key: &str, values: &[&str]) -> HashMap<String, Vec<String>> {
    HashMap::from([(key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())])
}

/// All of a stream of output as (stdout or console, stderr).
pub(crate) async fn texts(output: impl Stream<Item = Result<LogOutput, Error>>) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = std::pin::pin!(output);
    while let Some(piece) = output.next().await {
        match piece.expect("the stream holds") {
            LogOutput::StdErr { message } => err.extend(message),
            LogOutput::StdOut { message } | LogOutput::Console { message } | LogOutput::StdIn { message } => {
                out.extend(message);
            }
        }
    }
    (String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
}

/// All bytes of a stream.
pub(crate) async fn bytes(stream: impl Stream<Item = Result<bytes::Bytes, Error>>) -> Vec<u8> {
    let folded = stream.try_fold(Vec::new(), async |mut all: Vec<u8>, piece| {
        all.extend(piece);
        Ok(all)
    });
    folded.await.expect("the stream holds")
}

/// Connects to a socket.
pub(crate) fn connect(socket: &Path, version: &ClientVersion) -> Docker {
    let path = socket.to_str().expect("scratch directories have plain names");
    Docker::connect_with_unix(path, PATIENCE, version).expect("the socket is there")
}

/// The sockets of dockerd and Strata.
pub(crate) fn sockets() -> Option<[std::path::PathBuf; 2]> {
    world().map(|world| [world.dockerd.socket(), world.strata.socket()])
}

fn world() -> Option<&'static World> {
    static WORLD: OnceLock<World> = OnceLock::new();
    if skip_without(&["dockerd", "docker", "docker-registry", "skopeo"]) {
        return None;
    }
    Some(WORLD.get_or_init(|| {
        let networks = [NetNs::new(), NetNs::new()];
        let registries = [0, 1].map(|n: usize| DockerRegistry::start(Some(&networks[n])));
        let (dockerd, strata) = (Dockerd::start_bridged(&networks[0]), Strata::start_in(&networks[1]));
        for ((registry, network), socket) in
            registries.iter().zip(&networks).zip([dockerd.socket(), strata.socket()])
        {
            let skopeo = Skopeo::new(Some(network));
            for (name, image) in [("box", fixture::busybox().build()), ("demo", fixture::demo().build())] {
                fixture::push(&skopeo, &image, &registry.name(name));
            }
            let (cli, remote) = (Cli::new(&socket), registry.name("box"));
            cli.run(&["pull", "--quiet", &remote]).ok();
            cli.run(&["tag", &remote, "box"]).ok();
        }
        World { dockerd, strata, registries }
    }))
}

/// Plays a scenario on dockerd and Strata, which must tell the same.
#[track_caller]
pub(crate) fn both(scenario: impl AsyncFn(&Engine, &mut Tale) + Sync) {
    let Some(world) = world() else { return };
    let [theirs, ours] = &world.registries;
    let play = |socket: &Path, version: &ClientVersion, registry: &'static DockerRegistry| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let mut tale = Tale::new(registry.name(""));
        let engine = Engine::new(socket, version, registry);
        runtime.expect("a runtime can be made").block_on(scenario(&engine, &mut tale));
        tale
    };
    let (dockerd, strata) = thread::scope(|scope| {
        let dockerd = scope.spawn(|| play(&world.dockerd.socket(), &THEIRS, theirs));
        let strata = play(&world.strata.socket(), &OURS, ours);
        (dockerd.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), strata)
    });
    let differences = Tale::differences(&dockerd, &strata);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
