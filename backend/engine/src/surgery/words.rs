//! What an operation means for whoever has the Dockerfile, and why one is refused.

use strata_api::workshop::{InBoth, Need, SurgeryPlan, SurgeryRowFate};

/// Why the operation isn't done: something needs what would be gone.
pub(super) fn refusal(plan: &SurgeryPlan) -> Option<String> {
    let first = plan.dependents.first()?;
    let needs = match first.needs {
        Need::Directory => "is in",
        Need::Link => "leads to",
        Need::Setting => "names",
    };
    let more = match plan.dependents.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!(
        "{} {needs} /{}, which would not be there as it is now{more}; with \"force\" it is done all the same",
        first.path, first.target
    ))
}

pub(super) fn squash(plan: &SurgeryPlan) -> Vec<InBoth> {
    let merged = fates(plan, SurgeryRowFate::Emptied);
    let (count, saved) = (merged.len(), plan.bytes_before.saturating_sub(plan.bytes_after));
    let mut told = vec![both(
        format!("{count} lines become one layer: {}.", list(&merged)),
        format!("{count} 行合成一层：{}。", list(&merged)),
    )];
    told.push(both(
        "In a Dockerfile the RUN lines among them would be one RUN joined with &&; what one of them leaves and a later one removes would then never be shipped.".into(),
        "在 Dockerfile 里，其中的 RUN 行要用 && 合成一条 RUN；这样前面留下、后面又删掉的文件就不会随镜像分发。".into(),
    ));
    told.push(both(
        format!("Saves {saved} bytes of hidden files. Layers that other images share are no longer shared from here on."),
        format!("省去 {saved} 字节被遮住的文件。从这一层起，不再与其他镜像共享层。"),
    ));
    told.push(cache(plan));
    told
}

pub(super) fn dropped(plan: &SurgeryPlan) -> Vec<InBoth> {
    let gone = fates(plan, SurgeryRowFate::Removed);
    vec![
        both(
            format!("As if this line were deleted: {}.", list(&gone)),
            format!("相当于删掉这一行：{}。", list(&gone)),
        ),
        both(
            "Later lines are not run again: what they made from its files stays as it is.".into(),
            "后面的行不会重新执行：它们由这些文件生成的内容保持原样。".into(),
        ),
        cache(plan),
    ]
}

pub(super) fn rebase(plan: &SurgeryPlan, onto: &str) -> Vec<InBoth> {
    vec![
        both(
            format!("As FROM {onto}, but without running the lines below it again."),
            format!("相当于改成 FROM {onto}，但下面的行不会重新执行。"),
        ),
        both(
            format!(
                "{} paths keep a version that was made on the old base, or stay deleted; programs that were linked against the old base's libraries may need a real build.",
                plan.overridden_count
            ),
            format!(
                "有 {} 个路径仍是在旧基础镜像上得到的版本，或仍处于删除状态；依赖旧基础镜像中库的程序可能需要真正重新构建。",
                plan.overridden_count
            ),
        ),
        cache(plan),
    ]
}

fn cache(plan: &SurgeryPlan) -> InBoth {
    // The first row that is not where it was: no step from there on has this outcome.
    let from = plan.rows.iter().find(|row| row.fate != SurgeryRowFate::Kept);
    let line = from.map(|row| short(&row.created_by)).unwrap_or_default();
    both(
        format!("The build cache does not know the outcome: a build repeats everything from “{line}” on."),
        format!("构建缓存不认识这个结果：构建会从“{line}”起全部重做。"),
    )
}

fn fates(plan: &SurgeryPlan, fate: SurgeryRowFate) -> Vec<&str> {
    plan.rows.iter().filter(|row| row.fate == fate).map(|row| row.created_by.as_str()).collect()
}

fn list(lines: &[&str]) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<String> = lines.iter().take(SHOWN).map(|line| format!("“{}”", short(line))).collect();
    if lines.len() > SHOWN {
        shown.push("…".into());
    }
    shown.join(", ")
}

/// An instruction as a Dockerfile has it, cut to what fits in a sentence.
fn short(created_by: &str) -> String {
    const LENGTH: usize = 60;
    let text = match created_by.strip_prefix("/bin/sh -c ") {
        Some(rest) => {
            rest.strip_prefix("#(nop)").map_or_else(|| format!("RUN {rest}"), |rest| rest.trim().into())
        }
        None => created_by.to_owned(),
    };
    let cut: String = text.chars().take(LENGTH).collect();
    if cut.len() < text.len() { cut + "…" } else { cut }
}

fn both(en: String, zh: String) -> InBoth {
    InBoth { en, zh }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_told_as_a_dockerfile_has_them() {
        assert_eq!(short("/bin/sh -c apt-get update"), "RUN apt-get update");
        assert_eq!(short("/bin/sh -c #(nop)  CMD [\"sh\"]"), "CMD [\"sh\"]");
        assert_eq!(short("COPY a b # buildkit"), "COPY a b # buildkit");
        assert_eq!(short(&"中".repeat(100)).chars().count(), 61);
    }
}
