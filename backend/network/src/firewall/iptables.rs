//! Writing the rules with the iptables programs.

use std::{fmt::Write as _, thread};

use super::{
    plan::{CHAINS, Chain, Plan},
    program::run,
};
use crate::NetworkError;

/// Makes the rules of both families be those of a plan; an empty plan leaves nothing of ours. If it is known what we
/// wrote before, only tables with a difference are written, and nobody is asked what is there.
pub fn write(before: Option<&Plan>, plan: &Plan) -> Result<(), NetworkError> {
    let (four, six) = thread::scope(|scope| {
        let six = scope.spawn(|| family(before, plan, false));
        (family(before, plan, true), six.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
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

fn family(before: Option<&Plan>, plan: &Plan, v4: bool) -> Result<(), NetworkError> {
    let (save, restore) =
        if v4 { ("iptables-save", "iptables-restore") } else { ("ip6tables-save", "ip6tables-restore") };
    let present = match before {
        Some(before) => written(before, v4),
        None => run(save, &[], "")?,
    };
    let same = |chain: &Chain| before.is_some_and(|before| before.rules(chain, v4) == plan.rules(chain, v4));
    let text = change(plan, v4, &present, same);
    if !text.is_empty() {
        run(restore, &["--noflush", "--wait", "5"], &text)?;
    }
    Ok(())
}

/// What `iptables-save` would say of ours after a plan was written.
fn written(plan: &Plan, v4: bool) -> String {
    let used = CHAINS.iter().filter(|chain| !plan.rules(chain, v4).is_empty());
    used.map(|chain| format!(":{} - [0:0]\n-A {}\n", plan.chain(chain.name), plan.jump(chain))).collect()
}

/// What has to be told to `iptables-restore --noflush`, given what `iptables-save` said and which chains are as they
/// should be.
fn change(plan: &Plan, v4: bool, present: &str, same: impl Fn(&Chain) -> bool) -> String {
    let mut text = String::new();
    for table in ["nat", "mangle", "filter"] {
        let mut declarations = String::new();
        let mut lines = String::new();
        for chain in CHAINS.iter().filter(|chain| chain.table == table && !same(chain)) {
            let name = plan.chain(chain.name);
            let jump = plan.jump(chain);
            let start = format!("-A {} ", chain.from);
            let end = format!("-j {name}");
            let jumps =
                present.lines().filter(|line| line.starts_with(&start) && line.ends_with(&end)).count();
            let exists = present.lines().any(|line| line.starts_with(&format!(":{name} ")));
            let rules = plan.rules(chain, v4);
            if rules.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(protected: Vec<u16>) -> Plan {
        Plan { tag: "0badcafe".into(), protected, ..Plan::default() }
    }

    #[test]
    fn a_jump_is_made_once() {
        let fresh = change(&plan(vec![1]), true, "", |_| false);
        assert!(fresh.starts_with("*filter\n:STRATA-0badcafe-IN - [0:0]\n-A STRATA-0badcafe-IN -i strata+ "));
        let jump = "INPUT -m comment --comment strata-0badcafe -j STRATA-0badcafe-IN";
        assert!(fresh.contains(&format!("\n-I {jump}\n")));
        let again = change(&plan(vec![1]), true, &written(&plan(vec![2]), true), |_| false);
        assert!(!again.contains("-I ") && again.contains("-A STRATA-0badcafe-IN"));
        assert_eq!(change(&plan(vec![1]), true, "", |_| true), "");
    }

    #[test]
    fn nothing_of_ours_stays_and_nothing_of_others_goes() {
        let present = "*filter\n:INPUT ACCEPT [0:0]\n:STRATA-0badcafe-IN - [0:0]\n:STRATA-00000000-IN - [0:0]\n\
                       -A INPUT -m comment --comment strata-0badcafe -j STRATA-0badcafe-IN\n\
                       -A INPUT -j STRATA-00000000-IN\nCOMMIT\n";
        assert_eq!(
            change(&plan(Vec::new()), true, present, |_| false),
            "*filter\n-D INPUT -m comment --comment strata-0badcafe -j STRATA-0badcafe-IN\n\
             -F STRATA-0badcafe-IN\n-X STRATA-0badcafe-IN\nCOMMIT\n"
        );
        assert_eq!(change(&plan(Vec::new()), true, "*filter\n:STRATA-00000000-IN - [0:0]\n", |_| false), "");
    }
}
