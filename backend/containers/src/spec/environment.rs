//! The environment of a process.

const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables of a container's first process: docker's own and those of links, replaced or followed by
/// `given`.
///
/// An entry without `=` takes the variable away. `HOME` is the runtime's to set.
pub(crate) fn environment(given: &[String], links: &[String], hostname: &str, terminal: bool) -> Vec<String> {
    let mut all = vec![PATH.to_owned(), format!("HOSTNAME={hostname}")];
    if terminal {
        all.push("TERM=xterm".into());
    }
    all.extend_from_slice(links);
    replace_or_append(all, given)
}

/// `base` with the entries of `given`, which win.
pub(crate) fn replace_or_append(mut base: Vec<String>, given: &[String]) -> Vec<String> {
    for entry in given {
        let (name, set) = entry.split_once('=').map_or((entry.as_str(), false), |(name, _)| (name, true));
        let position = base.iter().position(|known| known.split_once('=').is_some_and(|(n, _)| n == name));
        match (position, set) {
            (Some(position), true) => base[position].clone_from(entry),
            (Some(position), false) => {
                base.remove(position);
            }
            (None, true) => base.push(entry.clone()),
            (None, false) => {}
        }
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_variables_win_and_can_take_away() {
        let given = ["A=1".to_owned(), "PATH=/x".into(), "HOSTNAME".into(), "A=2".into(), "B".into()];
        assert_eq!(environment(&given, &[], "h", true), ["PATH=/x", "TERM=xterm", "A=2"]);
        assert_eq!(environment(&[], &["L=1".into()], "h", false), [PATH, "HOSTNAME=h", "L=1"]);
    }
}
