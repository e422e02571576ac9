//! `docker commit --change`: instructions that change a config.

use strata_dockerfile::{
    Command, Dockerfile,
    evaluate::{Arguments, Scope, configure, directory},
    expand::Expander,
};
use strata_oci::ContainerConfig;

use crate::Error;

/// The instructions that dockerd takes; what is done for any other one is no change of a container's config.
const KNOWN: [&str; 10] =
    ["cmd", "entrypoint", "healthcheck", "env", "expose", "label", "onbuild", "user", "volume", "workdir"];

/// Applies the instructions of `docker commit --change` to a config.
///
/// # Errors
/// [`crate::Kind::InvalidArgument`], for instructions that need more than a config too.
pub fn apply_changes(config: &mut ContainerConfig, changes: &[String]) -> Result<(), Error> {
    let file = Dockerfile::parse(&changes.join("\n"));
    if file.instructions.is_empty() && !changes.is_empty() {
        return Err(Error::invalid("file with no instructions"));
    }
    let keywords = file.instructions.iter().map(|instruction| instruction.keyword.text.to_ascii_lowercase());
    if let Some(other) = keywords.into_iter().find(|keyword| !KNOWN.contains(&keyword.as_str())) {
        return Err(Error::invalid(format!("{other} is not a valid change command")));
    }
    let expander = Expander::new(file.directives.escape());
    let mut has_command = false;
    for instruction in &file.instructions {
        match &instruction.command {
            Command::Invalid => {
                let found = file.diagnostics.iter().find(|found| instruction.span.touches(found.span.start));
                let message = found.map_or_else(String::new, |found| found.message.to_string());
                return Err(Error::invalid(message));
            }
            Command::Cmd(_) => has_command = true,
            Command::Workdir(path) => {
                let env = config.env.clone().unwrap_or_default();
                let path =
                    expander.word(&path.text, &env[..]).map_err(|error| Error::invalid(error.to_string()))?;
                config.working_dir = directory(&config.working_dir, &path);
                continue;
            }
            _ => {}
        }
        let env = config.env.clone().unwrap_or_default();
        let scope = Scope { env: &env, args: &Arguments::default() };
        configure(config, instruction, &expander, &scope, has_command)
            .map_err(|error| Error::invalid(error.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(changes: &[&str]) -> Result<ContainerConfig, Error> {
        let mut config = ContainerConfig { env: Some(vec!["PATH=/bin".into()]), ..Default::default() };
        let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
        apply_changes(&mut config, &changes).map(|()| config)
    }

    fn list(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn instructions_change_the_config() {
        let config = changed(&[
            "CMD [\"a\", \"b c\"]",
            "entrypoint run $it",
            "ENV A=1 B=\"2 3\"",
            "ENV PATH=$PATH:/x",
            "ENV OLD the old form",
            "LABEL k=v",
            "EXPOSE 80 81/udp 90-91",
            "VOLUME /data /more",
            "USER nobody",
            "WORKDIR /srv",
            "WORKDIR app/../www",
            "ONBUILD RUN make",
            "HEALTHCHECK --interval=1m30s --retries=2 CMD curl localhost",
        ])
        .expect("all are right");
        assert_eq!(config.cmd, list(&["a", "b c"]));
        assert_eq!(config.entrypoint, list(&["/bin/sh", "-c", "run $it"]));
        assert_eq!(config.env, list(&["PATH=/bin:/x", "A=1", "B=2 3", "OLD=the old form"]));
        let ports: Vec<String> = config.exposed_ports.expect("some").into_keys().collect();
        assert_eq!(ports, ["80/tcp", "81/udp", "90/tcp", "91/tcp"]);
        assert_eq!(config.volumes.expect("some").into_keys().collect::<Vec<_>>(), ["/data", "/more"]);
        assert_eq!((config.user.as_str(), config.working_dir.as_str()), ("nobody", "/srv/www"));
        assert_eq!(config.labels.expect("some")["k"], "v");
        let health = config.healthcheck.expect("some");
        assert_eq!((health.interval, health.retries), (Some(90_000_000_000), Some(2)));
        assert_eq!(health.test, list(&["CMD-SHELL", "curl localhost"]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("RUN make", "run is not a valid change command"),
            ("NONSENSE", "nonsense is not a valid change command"),
            ("STOPSIGNAL 9", "stopsignal is not a valid change command"),
            ("", "file with no instructions"),
            ("# nothing", "file with no instructions"),
            ("ENV", "ENV requires at least one argument"),
            ("ENV A", "ENV must have two arguments"),
            ("EXPOSE x", "Invalid containerPort: x"),
            ("EXPOSE 1/icmp", "Invalid proto: icmp"),
            ("LABEL =v", "LABEL names can not be blank"),
            ("HEALTHCHECK --interval=soon CMD a", "soon"),
        ];
        for (change, expected) in cases {
            let error = changed(&[change]).expect_err(change);
            assert!(error.message.contains(expected), "{change}: {error}");
        }
    }
}
