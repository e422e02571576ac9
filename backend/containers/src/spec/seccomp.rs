//! Which system calls a container may make. What isn't listed fails with EPERM.
//!
//! The default profile and one that a client sends have the same form, docker's: rules that hold under conditions
//! (capabilities, architecture), which are settled here into what the runtime reads.

use serde::Deserialize;
use serde_json::{Value, json};

use super::syscalls;
use crate::{Error, Kind};

const ALLOW: &str = "SCMP_ACT_ALLOW";
/// ENOSYS.
const NOT_THERE: u32 = 38;
/// Namespace flags of clone, which only CAP_SYS_ADMIN may set.
const NEW_NAMESPACES: u64 = 0x7e02_0000;
/// Sockets to the kernel's cryptography, and to the hypervisor, are how containers were left before.
const REFUSED_FAMILIES: [u64; 2] = [38, 40];
const FAMILIES: u64 = 46;

/// A profile in docker's form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    default_action: String,
    #[serde(default)]
    default_errno_ret: Option<u32>,
    #[serde(default)]
    architectures: Option<Vec<String>>,
    #[serde(default)]
    arch_map: Option<Vec<Architecture>>,
    #[serde(default)]
    flags: Option<Vec<String>>,
    #[serde(default)]
    syscalls: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Architecture {
    architecture: String,
    #[serde(default)]
    sub_architectures: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    names: Option<Vec<String>>,
    action: String,
    #[serde(default)]
    errno_ret: Option<u32>,
    #[serde(default)]
    args: Option<Vec<Value>>,
    #[serde(default)]
    includes: Option<Condition>,
    #[serde(default)]
    excludes: Option<Condition>,
}

#[derive(Default, Deserialize)]
struct Condition {
    #[serde(default)]
    caps: Option<Vec<String>>,
    #[serde(default)]
    arches: Option<Vec<String>>,
}

/// The default profile for a process with these capabilities.
pub(crate) fn default_profile(capabilities: &[String]) -> Value {
    let has = |name: &str| capabilities.iter().any(|given| given == name);
    let mut rules = vec![json!({"names": syscalls::ALWAYS[..], "action": ALLOW})];
    for (capability, names) in syscalls::WITH_CAPABILITY {
        if has(capability) {
            rules.push(json!({"names": names, "action": ALLOW}));
        }
    }
    for value in [0, 8, 0x20000, 0x20008, 0xffff_ffff_u64] {
        rules.push(rule("personality", json!([{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}])));
    }
    // Only the low half counts for the kernel, so the high half must not matter here.
    for family in (0..FAMILIES).filter(|family| !REFUSED_FAMILIES.contains(family)) {
        let low =
            json!([{"index": 0, "value": 0xffff_ffff_u64, "valueTwo": family, "op": "SCMP_CMP_MASKED_EQ"}]);
        rules.push(rule("socket", low));
    }
    if !has("CAP_SYS_ADMIN") {
        let flags = if cfg!(target_arch = "s390x") { 1 } else { 0 };
        let plain =
            json!([{"index": flags, "value": NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]);
        rules.push(rule("clone", plain));
        // Its flags are behind a pointer, so it can't be filtered; programs fall back to clone.
        rules.push(json!({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": NOT_THERE}));
    }
    json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "architectures": architectures(),
        "syscalls": rules,
    })
}

fn rule(name: &str, args: Value) -> Value {
    json!({"names": [name], "action": ALLOW, "args": args})
}

/// A client's profile for a process with these capabilities.
pub(crate) fn profile(text: &str, capabilities: &[String]) -> Result<Value, Error> {
    let wrong = |error: serde_json::Error| {
        let why = if error.is_eof() { "unexpected end of JSON input".to_owned() } else { error.to_string() };
        Error::new(Kind::InvalidArgument, format!("Decoding seccomp profile failed: {why}"))
    };
    let profile: Profile = serde_json::from_str(text).map_err(wrong)?;
    let mut rules = Vec::new();
    for given in profile.syscalls.into_iter().flatten() {
        let holds = given.includes.as_ref().is_none_or(|wanted| wanted.holds(capabilities, true))
            && !given.excludes.as_ref().is_some_and(|unwanted| unwanted.holds(capabilities, false));
        let names: Vec<String> = given.name.into_iter().chain(given.names.into_iter().flatten()).collect();
        if !holds || names.is_empty() {
            continue;
        }
        let mut rule = json!({"names": names, "action": given.action});
        if let Some(args) = given.args.filter(|args| !args.is_empty()) {
            rule["args"] = args.into();
        }
        if let Some(errno) = given.errno_ret {
            rule["errnoRet"] = errno.into();
        }
        rules.push(rule);
    }
    let mapped =
        profile.arch_map.into_iter().flatten().find(|known| known.architecture == architectures()[0]);
    let architectures = match (profile.architectures, mapped) {
        (Some(given), _) if !given.is_empty() => given,
        (_, Some(known)) => {
            let mut all = vec![known.architecture];
            all.extend(known.sub_architectures.into_iter().flatten());
            all
        }
        _ => architectures().iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut settled =
        json!({"defaultAction": profile.default_action, "architectures": architectures, "syscalls": rules});
    if let Some(errno) = profile.default_errno_ret {
        settled["defaultErrnoRet"] = errno.into();
    }
    if let Some(flags) = profile.flags.filter(|flags| !flags.is_empty()) {
        settled["flags"] = flags.into();
    }
    Ok(settled)
}

impl Condition {
    /// For an inclusion all capabilities must be there, for an exclusion any; the same with architectures.
    fn holds(&self, capabilities: &[String], include: bool) -> bool {
        let has = |name: &String| capabilities.contains(name);
        let here = |name: &String| name == go_architecture();
        let caps = self.caps.as_deref().unwrap_or_default();
        let arches = self.arches.as_deref().unwrap_or_default();
        if include {
            caps.iter().all(has) && (arches.is_empty() || arches.iter().any(here))
        } else {
            caps.iter().any(has) || arches.iter().any(here)
        }
    }
}

fn go_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn architectures() -> &'static [&'static str] {
    match std::env::consts::ARCH {
        "x86_64" => &["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "aarch64" => &["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        "riscv64" => &["SCMP_ARCH_RISCV64"],
        "powerpc64" => &["SCMP_ARCH_PPC64LE"],
        _ => &["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a profile lets a call through, whatever its arguments.
    fn allows(profile: &Value, name: &str) -> bool {
        let rules = profile["syscalls"].as_array().expect("rules");
        rules.iter().any(|rule| {
            rule["action"] == ALLOW
                && rule.get("args").is_none()
                && rule["names"].as_array().is_some_and(|names| names.iter().any(|known| known == name))
        })
    }

    #[test]
    fn the_default_is_closed_and_opens_with_capabilities() {
        let plain = default_profile(&[]);
        for name in ["read", "openat2", "execve", "futex", "clone3_does_not_exist"] {
            assert_eq!(allows(&plain, name), name != "clone3_does_not_exist", "{name}");
        }
        for name in [
            "io_uring_setup",
            "mount",
            "bpf",
            "keyctl",
            "add_key",
            "ptrace_",
            "userfaultfd",
            "kexec_load",
            "clone",
            "clone3",
            "socket",
            "socketcall",
            "unshare",
            "setns",
            "open_by_handle_at",
            "perf_event_open",
            "syslog",
        ] {
            assert!(!allows(&plain, name), "{name}");
        }
        let admin = default_profile(&["CAP_SYS_ADMIN".into()]);
        assert!(allows(&admin, "mount") && allows(&admin, "clone") && !allows(&admin, "io_uring_setup"));
        assert_eq!(plain["defaultAction"], "SCMP_ACT_ERRNO");
    }

    #[test]
    fn dangerous_socket_families_are_refused_whatever_the_high_half_says() {
        let plain = default_profile(&[]);
        let rules = plain["syscalls"].as_array().expect("rules");
        let passes = |argument: u64| {
            rules.iter().filter(|rule| rule["names"][0] == "socket").any(|rule| {
                let arg = &rule["args"][0];
                let mask = arg["value"].as_u64().expect("a mask");
                argument & mask == arg["valueTwo"].as_u64().expect("a value")
            })
        };
        for family in [1, 2, 10, 16, 17] {
            assert!(passes(family), "{family}");
        }
        for family in [38, 40, 38 | (1 << 32), 40 | (7 << 40), 100] {
            assert!(!passes(family), "{family}");
        }
    }

    #[test]
    fn a_clients_profile_is_settled_by_capability() {
        let text = r#"{"defaultAction":"SCMP_ACT_ERRNO","archMap":null,"syscalls":[
            {"names":["read"],"action":"SCMP_ACT_ALLOW","args":[],"includes":{},"excludes":{}},
            {"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
            {"name":"clone","action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_SYS_ADMIN"]}}]}"#;
        let plain = profile(text, &[]).expect("valid");
        assert!(allows(&plain, "read") && allows(&plain, "clone") && !allows(&plain, "mount"));
        let admin = profile(text, &["CAP_SYS_ADMIN".into()]).expect("valid");
        assert!(allows(&admin, "mount") && !allows(&admin, "clone"));
        let error = profile("{", &[]).expect_err("broken");
        assert!(error.message.starts_with("Decoding seccomp profile failed"));
    }
}
