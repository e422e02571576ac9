//! The parameters of a build.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use serde::de::DeserializeOwned;
use strata_api::engine::{Resources, Ulimit};
use strata_engine::{Error, Kind, builder::Options};
use strata_oci::Platform;

use crate::{
    docker::{Failure, Powers},
    http::Query,
};

/// Reads `dockerfile`, `t` (several), `buildargs`, `labels`, `target`, `nocache`, `pull`, `rm`, `forcerm`, `cachefrom`,
/// `networkmode`, `platform`, `squash`, `extrahosts` (several), `securityopt`, `memory`, `memswap`, `cpushares`, `cpuperiod`,
/// `cpuquota`, `cpusetcpus`, `cpusetmems`, `cgroupparent`, `ulimits`, `shmsize`, `isolation`, `version`, `buildid`.
pub(super) fn options(query: &Query, powers: Powers) -> Result<Options, Failure> {
    if query.text("version").is_some_and(|version| version == "2") {
        let message = "Strata has the classic builder only, not BuildKit: set DOCKER_BUILDKIT=0";
        return Err(Error::new(Kind::Unsupported, message).into());
    }
    let isolation = query.text("isolation").unwrap_or_default();
    if !matches!(isolation.to_ascii_lowercase().as_str(), "" | "default") {
        return Err(Failure::invalid(format!("Unsupported isolation: \"{isolation}\"")));
    }
    // Also dockerd has them on Windows only.
    if query.text("securityopt").is_some() {
        let message = "The daemon on this platform does not support setting security options on build";
        return Err(Failure::invalid(message));
    }
    let platform = query.text("platform").filter(|platform| !platform.is_empty());
    if let Some(Err(error)) = platform.as_deref().map(str::parse::<Platform>) {
        return Err(Failure::invalid(error.to_string()));
    }
    let text = |key: &str| query.text(key).unwrap_or_default();
    let forced = query.flag("forcerm");
    let options = Options {
        id: query.text("buildid"),
        dockerfile: text("dockerfile"),
        tags: query.texts("t"),
        args: read::<Option<BTreeMap<String, Option<String>>>>(query, "buildargs", "build args")?
            .flatten()
            .unwrap_or_default(),
        target: query.text("target"),
        no_cache: query.flag("nocache"),
        pull: query.flag("pull"),
        // Without a word containers go.
        remove: forced || query.text("rm").is_none() || query.flag("rm"),
        force_remove: forced,
        labels: read::<Option<BTreeMap<String, String>>>(query, "labels", "labels")?
            .flatten()
            .unwrap_or_default(),
        cache_from: read::<Option<Vec<String>>>(query, "cachefrom", "cache-from")?
            .flatten()
            .unwrap_or_default(),
        network: query.text("networkmode").unwrap_or_else(|| "default".into()),
        platform,
        squash: query.flag("squash"),
        resources: Resources {
            memory: number(query, "memory")?,
            memory_swap: number(query, "memswap")?,
            cpu_shares: number(query, "cpushares")?,
            cpu_period: number(query, "cpuperiod")?,
            cpu_quota: number(query, "cpuquota")?,
            cpuset_cpus: text("cpusetcpus"),
            cpuset_mems: text("cpusetmems"),
            cgroup_parent: text("cgroupparent"),
            ulimits: read::<Option<Vec<Ulimit>>>(query, "ulimits", "ulimits")?.flatten(),
            ..Resources::default()
        },
        shm_size: number(query, "shmsize")?,
        extra_hosts: query.texts("extrahosts"),
        ..Options::default()
    };
    match powers {
        Powers::All => Ok(options),
        Powers::Contained => contain(options),
    }
}

/// The logins of an `X-Registry-Config` header, by registry domain. One that can't be read has none, as with dockerd.
pub(super) fn logins(header: Option<&str>) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let text = text.trim_end_matches('=');
        URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
    };
    let Some(json) = header.and_then(decode) else { return BTreeMap::new() };
    let logins: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&json).unwrap_or_default();
    let domain = |server: String| match server.as_str() {
        "https://index.docker.io/v1/" | "index.docker.io" => "docker.io".to_owned(),
        other => {
            let other = other.trim_start_matches("https://").trim_start_matches("http://");
            other.split('/').next().unwrap_or_default().to_owned()
        }
    };
    logins.into_iter().map(|(server, login)| (domain(server), URL_SAFE.encode(login.to_string()))).collect()
}

/// Refuses what leads out of a step, and takes away what may make it more powerful than it starts.
fn contain(mut options: Options) -> Result<Options, Failure> {
    let refused = [
        (options.network == "host", "--network host"),
        (!options.resources.cgroup_parent.is_empty(), "--cgroup-parent"),
    ];
    if let Some((_, what)) = refused.iter().find(|(asked, _)| *asked) {
        let message = format!("{what} is only allowed through the unix socket, not from the page");
        return Err(Error::new(Kind::Forbidden, message).into());
    }
    options.security = vec!["no-new-privileges".into()];
    options.contained = true;
    Ok(options)
}

/// A parameter that is JSON; `null` is nothing.
fn read<T: DeserializeOwned>(query: &Query, key: &str, what: &str) -> Result<Option<T>, Failure> {
    let Some(text) = query.text(key) else { return Ok(None) };
    let read = serde_json::from_str(&text);
    read.map(Some).map_err(|error| Failure::invalid(format!("error reading {what}: {error}")))
}

fn number(query: &Query, key: &str) -> Result<i64, Failure> {
    let Some(text) = query.text(key) else { return Ok(0) };
    text.parse().map_err(|_| Failure::invalid(format!("{key}: {text:?} is not a number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Options, Failure> {
        options(&Query::parse(query), Powers::All)
    }

    #[test]
    fn parameters_are_those_of_the_command_line() {
        let query = "t=a&t=b:1&buildargs=%7B%22A%22%3A%221%22%2C%22B%22%3Anull%7D&labels=%7B%22l%22%3A%22v%22%7D&rm=0\
                     &cachefrom=%5B%22x%22%5D&memory=9&ulimits=%5B%7B%22Name%22%3A%22nofile%22%2C%22Hard%22%3A2%2C%22Soft%22%3A1%7D%5D\
                     &networkmode=none&target=one&nocache=1&extrahosts=a:1.2.3.4&cachefrom=null";
        let options = read(query).expect("all are right");
        assert_eq!(options.tags, ["a", "b:1"]);
        assert_eq!(options.args["A"].as_deref(), Some("1"));
        assert_eq!(options.args["B"], None);
        assert_eq!(options.labels["l"], "v");
        assert_eq!((options.remove, options.force_remove, options.no_cache), (false, false, true));
        assert_eq!((options.network.as_str(), options.resources.memory), ("none", 9));
        assert_eq!(options.resources.ulimits.expect("some")[0].name, "nofile");
        assert!(read("").expect("defaults").remove);
        assert!(read("forcerm=1&rm=0").expect("both").remove);
        assert_eq!(read("platform=arm64").expect("a platform").platform.as_deref(), Some("arm64"));
        for wrong in [
            "buildargs=x",
            "memory=much",
            "version=2",
            "isolation=hyperv",
            "securityopt=x",
            "platform=a/b/c/d",
        ] {
            read(wrong).expect_err(wrong);
        }
    }

    #[test]
    fn logins_are_by_domain() {
        let header = URL_SAFE
            .encode(r#"{"https://index.docker.io/v1/":{"username":"u"},"r.lan:5000":{"username":"v"}}"#);
        let found = logins(Some(&header));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["docker.io", "r.lan:5000"]);
        let login = URL_SAFE.decode(&found["r.lan:5000"]).expect("encoded");
        assert_eq!(login, br#"{"username":"v"}"#);
        assert!(logins(Some("nonsense!")).is_empty() && logins(None).is_empty());
    }

    #[test]
    fn pages_get_no_way_out() {
        for query in ["networkmode=host", "cgroupparent=/x"] {
            options(&Query::parse(query), Powers::Contained).expect_err(query);
        }
        let options = options(&Query::parse(""), Powers::Contained).expect("plain");
        assert_eq!(options.security, ["no-new-privileges"]);
    }
}
