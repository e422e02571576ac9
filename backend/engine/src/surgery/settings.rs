//! What an image says of containers that it had from its base, where another base says something else. Pure.

use std::collections::BTreeMap;

use strata_oci::{ContainerConfig, ImageConfig};

/// Settings that the new base has otherwise than the image, which had them from the old base: the image keeps its own.
/// Without the old base's config, all that the new one has otherwise.
pub(super) fn left_behind(
    old: Option<&ImageConfig>,
    new: &ImageConfig,
    image: Option<&ContainerConfig>,
) -> Vec<String> {
    let told = |config: Option<&ContainerConfig>| config.map(settings).unwrap_or_default();
    let before = old.map(|config| told(config.config.as_ref()));
    let (offered, kept) = (told(new.config.as_ref()), told(image));
    let inherited = |name: &String| match &before {
        Some(before) => before.get(name) == kept.get(name),
        None => true,
    };
    offered
        .iter()
        .filter(|(name, value)| kept.get(*name) != Some(value) && inherited(name))
        .map(|(name, value)| format!("{name} {value}"))
        .collect()
}

/// Instruction, with the variable's or label's name, → value.
fn settings(config: &ContainerConfig) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for variable in config.env.iter().flatten() {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        found.insert(format!("ENV {name}"), value.to_owned());
    }
    for (name, value) in config.labels.iter().flatten() {
        found.insert(format!("LABEL {name}"), value.clone());
    }
    let mut list = |name: &str, words: Option<&Vec<String>>| {
        if let Some(words) = words.filter(|words| !words.is_empty()) {
            let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            found.insert(name.to_owned(), format!("[{}]", quoted.join(", ")));
        }
    };
    list("ENTRYPOINT", config.entrypoint.as_ref());
    list("CMD", config.cmd.as_ref());
    list("SHELL", config.shell.as_ref());
    for (name, value) in [("USER", &config.user), ("WORKDIR", &config.working_dir)] {
        if !value.is_empty() {
            found.insert(name.to_owned(), value.clone());
        }
    }
    found.extend(config.stop_signal.clone().map(|signal| ("STOPSIGNAL".to_owned(), signal)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(env: &[&str], cmd: &str, user: &str) -> ImageConfig {
        let config = ContainerConfig {
            env: Some(env.iter().map(|text| (*text).to_owned()).collect()),
            cmd: Some(vec![cmd.to_owned()]),
            user: user.to_owned(),
            ..ContainerConfig::default()
        };
        ImageConfig { config: Some(config), ..ImageConfig::default() }
    }

    #[test]
    fn only_what_came_from_the_base_is_told() {
        let old = config(&["A=1", "B=1"], "sh", "");
        let image = config(&["A=1", "B=mine"], "sh", "me");
        let new = config(&["A=2", "B=2", "C=3"], "bash", "root");
        let told = left_behind(Some(&old), &new, image.config.as_ref());
        assert_eq!(told, ["CMD [\"bash\"]", "ENV A 2", "ENV C 3"]);
        let told = left_behind(None, &new, image.config.as_ref());
        assert_eq!(told, ["CMD [\"bash\"]", "ENV A 2", "ENV B 2", "ENV C 3", "USER root"]);
    }
}
