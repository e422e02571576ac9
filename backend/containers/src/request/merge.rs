//! A request completed from the config of its image.

use strata_oci::{ContainerConfig, HealthConfig};

use crate::Error;

/// Fills what `config` leaves open from `image`, and checks that there is something to run.
pub(crate) fn merge(config: &mut ContainerConfig, image: Option<&ContainerConfig>) -> Result<(), Error> {
    if let Some(image) = image {
        fill(config, image);
    }
    // `--entrypoint ""` takes the image's away.
    if config.entrypoint.as_deref().is_some_and(|list| list.len() == 1 && list[0].is_empty()) {
        config.entrypoint = None;
    }
    if is_empty(&config.entrypoint) && is_empty(&config.cmd) {
        return Err(Error::invalid("No command specified"));
    }
    Ok(())
}

fn fill(config: &mut ContainerConfig, image: &ContainerConfig) {
    fill_text(&mut config.user, &image.user);
    fill_text(&mut config.working_dir, &image.working_dir);
    if let Some(ports) = &image.exposed_ports {
        let own = config.exposed_ports.get_or_insert_default();
        own.extend(ports.iter().map(|(port, nothing)| (port.clone(), *nothing)));
    }
    if let Some(env) = &image.env {
        let own = config.env.get_or_insert_default();
        let given: Vec<String> = own.iter().map(|entry| key(entry).to_owned()).collect();
        own.extend(env.iter().filter(|entry| !given.iter().any(|name| name == key(entry))).cloned());
    }
    let labels = config.labels.get_or_insert_default();
    for (name, value) in image.labels.iter().flatten() {
        labels.entry(name.clone()).or_insert_with(|| value.clone());
    }
    if is_empty(&config.entrypoint) {
        if is_empty(&config.cmd) {
            config.cmd.clone_from(&image.cmd);
        }
        if config.entrypoint.is_none() {
            config.entrypoint.clone_from(&image.entrypoint);
        }
    }
    match (&mut config.healthcheck, &image.healthcheck) {
        (Some(own), Some(image)) => fill_health(own, image),
        (own @ None, Some(image)) => *own = Some(image.clone()),
        (_, None) => {}
    }
    config.volumes = config.volumes.take().filter(|volumes| !volumes.is_empty());
    if let Some(volumes) = &image.volumes {
        let own = config.volumes.get_or_insert_default();
        own.extend(volumes.iter().map(|(path, nothing)| (path.clone(), *nothing)));
    }
    if config.stop_signal.as_deref().unwrap_or_default().is_empty() {
        config.stop_signal.clone_from(&image.stop_signal);
    }
    if config.stop_timeout.is_none() {
        config.stop_timeout = image.stop_timeout;
    }
    if is_empty(&config.shell) {
        config.shell.clone_from(&image.shell);
    }
}

fn fill_health(own: &mut HealthConfig, image: &HealthConfig) {
    if is_empty(&own.test) {
        own.test.clone_from(&image.test);
    }
    let fill = |own: &mut Option<i64>, image: Option<i64>| {
        if own.unwrap_or(0) == 0 {
            *own = image;
        }
    };
    fill(&mut own.interval, image.interval);
    fill(&mut own.timeout, image.timeout);
    fill(&mut own.start_period, image.start_period);
    fill(&mut own.start_interval, image.start_interval);
    fill(&mut own.retries, image.retries);
}

fn fill_text(own: &mut String, image: &str) {
    if own.is_empty() {
        image.clone_into(own);
    }
}

fn is_empty(list: &Option<Vec<String>>) -> bool {
    list.as_deref().unwrap_or_default().is_empty()
}

fn key(entry: &str) -> &str {
    entry.split_once('=').map_or(entry, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Option<Vec<String>> {
        Some(items.iter().map(|item| (*item).to_owned()).collect())
    }

    fn command(entrypoint: Option<&[&str]>, cmd: Option<&[&str]>) -> ContainerConfig {
        ContainerConfig {
            entrypoint: entrypoint.and_then(list),
            cmd: cmd.and_then(list),
            ..ContainerConfig::default()
        }
    }

    #[test]
    fn entrypoint_and_command_are_completed_as_docker_does() {
        type Words<'a> = Option<&'a [&'a str]>;
        let image = command(Some(&["/entry"]), Some(&["serve"]));
        let table: [(Words, Words, Words, Words); 5] = [
            (None, None, Some(&["/entry"]), Some(&["serve"])),
            (None, Some(&["other"]), Some(&["/entry"]), Some(&["other"])),
            (Some(&["sh"]), None, Some(&["sh"]), None),
            (Some(&["sh"]), Some(&["-c"]), Some(&["sh"]), Some(&["-c"])),
            (Some(&[""]), Some(&["ls"]), None, Some(&["ls"])),
        ];
        for (entrypoint, cmd, wanted_entrypoint, wanted_cmd) in table {
            let mut config = command(entrypoint, cmd);
            merge(&mut config, Some(&image)).expect("something to run");
            let wanted = command(wanted_entrypoint, wanted_cmd);
            assert_eq!((config.entrypoint, config.cmd), (wanted.entrypoint, wanted.cmd));
        }
        let mut nothing = command(Some(&[""]), None);
        assert_eq!(merge(&mut nothing, Some(&image)), Err(Error::invalid("No command specified")));
        assert_eq!(merge(&mut command(None, None), None), Err(Error::invalid("No command specified")));
    }

    #[test]
    fn env_labels_ports_and_volumes_are_joined_with_the_requests_first() {
        let image: ContainerConfig = serde_json::from_str(
            r#"{"Env":["PATH=/bin","A=image"],"Labels":{"a":"image","b":"image"},"ExposedPorts":{"80/tcp":{}},
            "Volumes":{"/data":{}},"User":"web","WorkingDir":"/srv","StopSignal":"SIGQUIT","Cmd":["x"]}"#,
        )
        .expect("valid");
        let mut config: ContainerConfig = serde_json::from_str(
            r#"{"Env":["A=mine","C"],"Labels":{"a":"mine"},"ExposedPorts":{"81/udp":{}},"User":"root"}"#,
        )
        .expect("valid");
        merge(&mut config, Some(&image)).expect("something to run");
        assert_eq!(config.env, list(&["A=mine", "C", "PATH=/bin"]));
        let labels = config.labels.expect("labels");
        assert_eq!((labels["a"].as_str(), labels["b"].as_str()), ("mine", "image"));
        assert!(config.exposed_ports.expect("ports").keys().eq(["80/tcp", "81/udp"]));
        assert_eq!((config.user.as_str(), config.working_dir.as_str()), ("root", "/srv"));
        assert_eq!(config.stop_signal.as_deref(), Some("SIGQUIT"));
        assert!(config.volumes.expect("volumes").contains_key("/data"));
    }
}
