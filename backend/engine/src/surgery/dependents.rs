//! What needs something that is gone.

use strata_api::{
    path,
    workshop::{Dependent, Need},
};
use strata_layer::Union;
use strata_oci::ContainerConfig;

/// Where programs are looked for without a `PATH`, as dockerd sets it.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a layer has, as the page is told.
pub(super) fn wire(dependent: &strata_layer::Dependent) -> Dependent {
    let (needs, target) = match &dependent.needs {
        strata_layer::Need::Directory(target) => (Need::Directory, target),
        strata_layer::Need::Target(target) => (Need::Link, target),
    };
    Dependent {
        layer: Some(dependent.layer),
        path: path::encode(dependent.path.as_bytes()),
        needs,
        target: path::encode(target.as_bytes()),
    }
}

/// Settings that name what was there before and is not afterwards: the program and the directory that a container
/// starts with.
pub(super) fn of_settings(config: Option<&ContainerConfig>, before: &Union, after: &Union) -> Vec<Dependent> {
    let Some(config) = config else { return Vec::new() };
    let search =
        config.env.iter().flatten().find_map(|variable| variable.strip_prefix("PATH=")).unwrap_or(PATH);
    let mut found = Vec::new();
    let mut lost = |setting: &str, candidates: Vec<String>| {
        let there = candidates.iter().find(|path| before.follow(path.as_bytes()).is_some());
        let still = candidates.iter().any(|path| after.follow(path.as_bytes()).is_some());
        if let Some(path) = there.filter(|_| !still) {
            let target = path::encode(path.trim_start_matches('/').as_bytes());
            found.push(Dependent { layer: None, path: setting.into(), needs: Need::Setting, target });
        }
    };
    let commands = [("ENTRYPOINT", config.entrypoint.as_ref()), ("CMD", config.cmd.as_ref())];
    // Behind an entrypoint, the command is only its arguments.
    let program = commands.into_iter().find(|(_, words)| words.is_some_and(|words| !words.is_empty()));
    if let Some((setting, words)) = program
        && let Some(program) = words.and_then(|words| words.first())
    {
        let candidates = if program.contains('/') {
            vec![program.clone()]
        } else {
            search.split(':').map(|directory| format!("{directory}/{program}")).collect()
        };
        lost(setting, candidates);
    }
    if !config.working_dir.is_empty() {
        lost("WORKDIR", vec![config.working_dir.clone()]);
    }
    found
}
