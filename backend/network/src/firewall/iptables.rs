//! Writing the rules with the iptables programs.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    process::{Command, Stdio},
    thread,
};

use super::plan::{CHAINS, Plan};
use crate::NetworkError;

/// Makes the rules of both families be those of a plan; an empty plan leaves nothing of ours.
pub fn write(plan: &Plan) -> Result<(), NetworkError> {
    let (four, six) = thread::scope(|scope| {
        let six = scope.spawn(|| family(plan, false));
        (family(plan, true), six.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    four?;
    match six {
        // A kernel without IPv6 has nothing to filter either.
        Err(error) if plan.networks.iter().all(|range| range.subnets.iter().all(|subnet| subnet.is_v4())) => {
            tracing::warn!(%error, "IPv6 packets are not filtered");
            Ok(())
        }
        other => other,
    }
}

fn family(plan: &Plan, v4: bool) -> Result<(), NetworkError> {
    let (save, restore) =
        if v4 { ("iptables-save", "iptables-restore") } else { ("ip6tables-save", "ip6tables-restore") };
    let text = change(plan, v4, &run(save, &[], "")?);
    if !text.is_empty() {
        run(restore, &["--noflush", "--wait", "5"], &text)?;
    }
    Ok(())
}

/// What has to be told to `iptables-restore --noflush`, given what `iptables-save` said.
fn change(plan: &Plan, v4: bool, present: &str) -> String {
    let empty = plan.is_empty(v4);
    let mut text = String::new();
    for table in ["nat", "mangle", "filter"] {
        let mut declarations = String::new();
        let mut lines = String::new();
        for chain in CHAINS.iter().filter(|chain| chain.table == table) {
            let name = plan.chain(chain.name);
            let jump = plan.jump(chain);
            let start = format!("-A {} ", chain.from);
            let end = format!("-j {name}");
            let jumps =
                present.lines().filter(|line| line.starts_with(&start) && line.ends_with(&end)).count();
            let exists = present.lines().any(|line| line.starts_with(&format!(":{name} ")));
            let rules = plan.rules(chain, v4);
            if empty || rules.is_empty() {
                (0..jumps).for_each(|_| push(&mut lines, format_args!("-D {jump}")));
                if exists {
                    push(&mut lines, format_args!("-F {name}\n-X {name}"));
                }
                continue;
            }
            // Declaring a chain empties it.
            push(&mut declarations, format_args!(":{name} - [0:0]"));
            lines.push_str(&rules);
            if jumps == 0 {
                push(&mut lines, format_args!("-I {jump}"));
            }
        }
        if !(declarations.is_empty() && lines.is_empty()) {
            push(&mut text, format_args!("*{table}\n{declarations}{lines}COMMIT"));
        }
    }
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

fn run(program: &'static str, arguments: &[&str], input: &str) -> Result<String, NetworkError> {
    let failed = |message: String| NetworkError::Firewall { program, message };
    let start = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => failed("not found: install the package iptables".to_owned()),
        _ => failed(error.to_string()),
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(start)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(protected: Vec<u16>) -> Plan {
        Plan { tag: "0badcafe".into(), protected, ..Plan::default() }
    }

    #[test]
    fn a_jump_is_made_once() {
        let fresh = change(&plan(vec![1]), true, "");
        assert!(fresh.starts_with("*filter\n:STRATA-0badcafe-IN - [0:0]\n-A STRATA-0badcafe-IN -i strata+ "));
        let jump = "INPUT -m comment --comment strata-0badcafe -j STRATA-0badcafe-IN";
        assert!(fresh.contains(&format!("\n-I {jump}\n")));
        let again = change(&plan(vec![1]), true, &format!(":STRATA-0badcafe-IN - [0:0]\n-A {jump}\n"));
        assert!(!again.contains("-I "));
    }

    #[test]
    fn nothing_of_ours_stays_and_nothing_of_others_goes() {
        let present = "*filter\n:INPUT ACCEPT [0:0]\n:STRATA-0badcafe-IN - [0:0]\n:STRATA-00000000-IN - [0:0]\n\
                       -A INPUT -m comment --comment strata-0badcafe -j STRATA-0badcafe-IN\n\
                       -A INPUT -j STRATA-00000000-IN\nCOMMIT\n";
        assert_eq!(
            change(&plan(Vec::new()), true, present),
            "*filter\n-D INPUT -m comment --comment strata-0badcafe -j STRATA-0badcafe-IN\n\
             -F STRATA-0badcafe-IN\n-X STRATA-0badcafe-IN\nCOMMIT\n"
        );
        assert_eq!(change(&plan(Vec::new()), true, "*filter\n:STRATA-00000000-IN - [0:0]\n"), "");
    }
}
