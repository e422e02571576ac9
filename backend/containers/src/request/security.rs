//! `--security-opt`.

use crate::Error;

/// Which system calls are filtered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum SeccompChoice {
    /// Our profile.
    #[default]
    Default,
    /// None.
    Unconfined,
    /// This profile: its JSON.
    Profile(String),
}

/// What the options of a container say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Security {
    /// Whether a process can't gain privileges by executing.
    pub no_new_privileges: bool,
    /// Which system calls are filtered.
    pub seccomp: SeccompChoice,
    /// AppArmor profile; empty for none.
    pub apparmor: String,
    /// Whether nothing in /proc is masked or read-only.
    pub unconfined_paths: bool,
}

/// Reads the options.
pub(crate) fn security(options: &[String]) -> Result<Security, Error> {
    let mut security = Security::default();
    for option in options {
        let Some((name, value)) = option.split_once('=').or_else(|| option.split_once(':')) else {
            match option.as_str() {
                "no-new-privileges" => security.no_new_privileges = true,
                "disable" => {}
                _ => return Err(Error::invalid(format!("invalid --security-opt 1: {option:?}"))),
            }
            continue;
        };
        let wrong = || Error::invalid(format!("invalid --security-opt 2: {option:?}"));
        match name {
            // SELinux labels: there is nothing to label here.
            "label" => {}
            "apparmor" => security.apparmor = value.to_owned(),
            "seccomp" if value == "unconfined" => security.seccomp = SeccompChoice::Unconfined,
            "seccomp" if value == "builtin" => security.seccomp = SeccompChoice::Default,
            "seccomp" => security.seccomp = SeccompChoice::Profile(value.to_owned()),
            "no-new-privileges" => security.no_new_privileges = parse_bool(value).ok_or_else(wrong)?,
            "systempaths" if value == "unconfined" => security.unconfined_paths = true,
            _ => return Err(wrong()),
        }
    }
    Ok(security)
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &[&str]) -> Result<Security, String> {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        security(&options).map_err(|error| error.message)
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        assert!(read(&["no-new-privileges"]).expect("valid").no_new_privileges);
        assert!(read(&["no-new-privileges:true"]).expect("valid").no_new_privileges);
        assert!(!read(&["no-new-privileges=false"]).expect("valid").no_new_privileges);
        assert_eq!(read(&["seccomp=unconfined"]).expect("valid").seccomp, SeccompChoice::Unconfined);
        let profile = read(&["seccomp={\"a\":1}"]).expect("valid").seccomp;
        assert_eq!(profile, SeccompChoice::Profile("{\"a\":1}".into()));
        assert_eq!(read(&["label=disable", "disable"]), Ok(Security::default()));
        assert_eq!(read(&["foo"]), Err("invalid --security-opt 1: \"foo\"".into()));
        assert_eq!(read(&["foo=bar"]), Err("invalid --security-opt 2: \"foo=bar\"".into()));
        assert_eq!(
            read(&["no-new-privileges=x"]),
            Err("invalid --security-opt 2: \"no-new-privileges=x\"".into())
        );
    }
}
