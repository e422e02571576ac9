//! What the run dialog asks for, as the body of `POST /containers/create`.

mod command;
mod ports;
mod volumes;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::words::{Lang, Word};
pub use command::quote;

/// The dialog as it was filled in; lists have one item per line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The image.
    pub image: String,
    /// The container's name; empty for one that the engine makes up.
    pub name: String,
    /// What runs; empty for what the image says.
    pub command: String,
    /// Whether it has a terminal.
    pub tty: bool,
    /// `NAME=value`
    pub env: String,
    /// `[[address:]port:]port[/protocol]`
    pub ports: String,
    /// `name:/path[:ro]`, `/path`
    pub volumes: String,
    /// Whether it is removed when it ends.
    pub remove: bool,
}

/// A field of the dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The image.
    Image,
    /// The name.
    Name,
    /// The command.
    Command,
    /// The environment.
    Env,
    /// Published ports.
    Ports,
    /// Volumes.
    Volumes,
}

/// What is wrong with a field: the word that says it, and the part that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub field: Field,
    /// What.
    pub word: Word,
    /// Which part.
    pub part: String,
}

impl Problem {
    fn new(field: Field, word: Word, part: &str) -> Self {
        Self { field, word, part: part.to_owned() }
    }

    /// In words.
    pub fn say(&self, lang: Lang) -> String {
        self.word.with(lang, &[&crate::names::text(&self.part)])
    }
}

/// The body of `POST /containers/create`, as far as the page fills it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Create {
    image: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cmd: Vec<String>,
    env: Vec<String>,
    tty: bool,
    open_stdin: bool,
    attach_stdin: bool,
    attach_stdout: bool,
    attach_stderr: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exposed_ports: BTreeMap<String, Empty>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    volumes: BTreeMap<String, Empty>,
    host_config: HostConfig,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    auto_remove: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    binds: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    port_bindings: BTreeMap<String, Vec<Binding>>,
}

/// Where a port is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Binding {
    host_ip: String,
    host_port: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Empty {}

impl Form {
    /// A dialog for an image: with a terminal, as most who come from the page want one.
    pub fn of(image: &str) -> Self {
        Self { image: image.to_owned(), tty: true, ..Self::default() }
    }

    /// The body, or everything that is wrong.
    pub fn create(&self) -> Result<Create, Vec<Problem>> {
        let mut problems = Vec::new();
        let image = self.image.trim();
        if image.is_empty() {
            problems.push(Problem::new(Field::Image, Word::RunNeedsImage, ""));
        }
        if !self.name.is_empty() && !is_name(&self.name) {
            problems.push(Problem::new(Field::Name, Word::WrongContainerName, &self.name));
        }
        let cmd = command::split(&self.command).unwrap_or_else(|quote| {
            problems.push(Problem::new(Field::Command, Word::WrongQuote, &quote.to_string()));
            Vec::new()
        });
        let mut create = Create {
            image: image.to_owned(),
            cmd,
            tty: self.tty,
            open_stdin: self.tty,
            attach_stdin: self.tty,
            attach_stdout: true,
            attach_stderr: true,
            ..Create::default()
        };
        create.host_config.auto_remove = self.remove;
        for line in items(&self.env) {
            match line.split_once('=') {
                Some((name, _)) if !name.trim().is_empty() => create.env.push(line.to_owned()),
                _ => problems.push(Problem::new(Field::Env, Word::WrongEnv, line)),
            }
        }
        for line in items(&self.ports) {
            match ports::read(line) {
                Ok(published) => published.into_iter().for_each(|port| create.publish(port)),
                Err((word, part)) => problems.push(Problem::new(Field::Ports, word, &part)),
            }
        }
        for line in items(&self.volumes) {
            match volumes::read(line) {
                Ok(volumes::Volume::Anonymous(target)) => drop(create.volumes.insert(target, Empty {})),
                Ok(volumes::Volume::Bind(bind)) => create.host_config.binds.push(bind),
                Err((word, part)) => problems.push(Problem::new(Field::Volumes, word, &part)),
            }
        }
        if problems.is_empty() { Ok(create) } else { Err(problems) }
    }

    /// The command that a docker user would type.
    pub fn docker(&self) -> String {
        let mut words = vec!["docker run".to_owned()];
        words.push(if self.tty { "-it".into() } else { "-d".into() });
        let mut option = |name: &str, value: &str| words.push(format!("{name} {}", command::quote(value)));
        if !self.name.is_empty() {
            option("--name", &self.name);
        }
        items(&self.env).for_each(|line| option("-e", line));
        items(&self.ports).for_each(|line| option("-p", line));
        items(&self.volumes).for_each(|line| option("-v", line));
        if self.remove {
            words.push("--rm".into());
        }
        words.push(match self.image.trim() {
            "" => "IMAGE".to_owned(),
            image => command::quote(image),
        });
        if let Ok(command) = command::split(&self.command) {
            words.extend(command.iter().map(|word| command::quote(word)));
        }
        words.join(" ")
    }
}

impl Create {
    fn publish(&mut self, port: ports::Published) {
        self.exposed_ports.insert(port.inside.clone(), Empty {});
        let bindings = self.host_config.port_bindings.entry(port.inside).or_default();
        bindings.push(Binding { host_ip: port.address, host_port: port.outside });
    }
}

/// Lines, and items that commas or spaces part are one line each only for those who put them so.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `[a-zA-Z0-9][a-zA-Z0-9_.-]+`, as docker has it for containers and volumes.
pub(crate) fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let goes_on = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
    begins && goes_on && name.len() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_what_the_docker_cli_sends() {
        let form = Form {
            image: " demo:latest ".into(),
            name: "web".into(),
            command: "sh -c 'echo \"$A b\"'".into(),
            tty: true,
            env: "A=1\n\n B=x=y \n".into(),
            ports: "8080:80\n127.0.0.1::53/udp".into(),
            volumes: "data:/data:ro\n/cache".into(),
            remove: true,
        };
        let body = serde_json::to_value(form.create().expect("is right")).expect("serialises");
        let expected = serde_json::json!({
            "Image": "demo:latest", "Cmd": ["sh", "-c", "echo \"$A b\""], "Env": ["A=1", "B=x=y"],
            "Tty": true, "OpenStdin": true, "AttachStdin": true, "AttachStdout": true, "AttachStderr": true,
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "Volumes": {"/cache": {}},
            "HostConfig": {"AutoRemove": true, "Binds": ["data:/data:ro"], "PortBindings": {
                "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
                "53/udp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}}
        });
        assert_eq!(body, expected);
        assert_eq!(
            form.docker(),
            "docker run -it --name web -e A=1 -e B=x=y -p 8080:80 -p 127.0.0.1::53/udp -v data:/data:ro \
             -v /cache --rm demo:latest sh -c 'echo \"$A b\"'"
        );
    }

    #[test]
    fn little_is_needed() {
        let body = serde_json::to_value(Form::of("busybox").create().expect("is right")).expect("serialises");
        assert_eq!(body["HostConfig"], serde_json::json!({"AutoRemove": false}));
        assert!(body.get("Cmd").is_none(), "the image's own command runs");
        assert_eq!(Form::of("busybox").docker(), "docker run -it busybox");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let form = Form {
            name: "-x".into(),
            command: "sh -c 'open".into(),
            env: "=1\nA".into(),
            ports: "80:http".into(),
            volumes: "data:rel".into(),
            ..Form::default()
        };
        let problems = form.create().expect_err("is wrong");
        let said: Vec<_> = problems.iter().map(|p| (p.field, p.word, p.part.as_str())).collect();
        let expected = [
            (Field::Image, Word::RunNeedsImage, ""),
            (Field::Name, Word::WrongContainerName, "-x"),
            (Field::Command, Word::WrongQuote, "'"),
            (Field::Env, Word::WrongEnv, "=1"),
            (Field::Env, Word::WrongEnv, "A"),
            (Field::Ports, Word::WrongPort, "http"),
            (Field::Volumes, Word::WrongTarget, "rel"),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn names_as_docker_takes_them() {
        assert!(["ab", "web-1", "A_b.c", "0a"].into_iter().all(is_name));
        assert!(!["a", "", "-a", "a b", "a/b", "é1"].into_iter().any(is_name));
    }
}
