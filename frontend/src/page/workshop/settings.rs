//! Build arguments, the target, the image's names, and the command that does the same.

use leptos::prelude::*;
use strata_api::workshop::ChangeWorkshop;
use strata_dockerfile::{Command, Stages};

use super::state::{Bench, use_bench};
use crate::{
    names,
    page::{marks::CopyButton, tongue::use_tongue},
    run::quote,
    words::{Craft, Word},
};

/// An argument that the Dockerfile declares or the workshop sets.
#[derive(Clone, Debug, PartialEq)]
struct Argument {
    name: String,
    value: Option<String>,
    default: Option<String>,
    declared: bool,
}

fn arguments(bench: Bench) -> Vec<Argument> {
    let mut all: Vec<Argument> = Vec::new();
    bench.file.with(|file| {
        for one in &file.instructions {
            let Command::Arg(arg) = &one.command else { continue };
            for pair in &arg.pairs {
                let default = pair.value.as_ref().map(|value| value.text.clone());
                match all.iter_mut().find(|known| known.name == pair.name.text) {
                    Some(known) => known.default = known.default.take().or(default),
                    None => all.push(Argument {
                        name: pair.name.text.clone(),
                        value: None,
                        default,
                        declared: true,
                    }),
                }
            }
        }
    });
    let set =
        bench.record.with(|record| record.as_ref().map(|record| record.args.clone()).unwrap_or_default());
    for (name, value) in set {
        match all.iter_mut().find(|known| known.name == name) {
            Some(known) => known.value = value,
            None => all.push(Argument { name, value, default: None, declared: false }),
        }
    }
    all
}

/// The panel.
#[component]
pub fn SettingsPanel() -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let all = Memo::new(move |_| arguments(bench));
    let set = move |name: String, value: Option<String>| {
        let mut args = bench
            .record
            .with_untracked(|record| record.as_ref().map(|record| record.args.clone()).unwrap_or_default());
        args.retain(|(known, _)| *known != name);
        args.extend(value.map(|value| (name, Some(value))));
        bench.change(ChangeWorkshop { args: Some(args), ..ChangeWorkshop::default() });
    };
    let stages = Memo::new(move |_| {
        let given = bench.args().into_iter().map(|(name, value)| (name, Some(value))).collect();
        bench.file.with(|file| {
            Stages::of(file, &given).stages.into_iter().filter_map(|stage| stage.name).collect::<Vec<_>>()
        })
    });
    let target = move |chosen: String| {
        let target = Some(Some(chosen).filter(|chosen| !chosen.is_empty()));
        bench.change(ChangeWorkshop { target, ..ChangeWorkshop::default() });
    };
    let tags = Memo::new(move |_| {
        bench.record.with(|record| record.as_ref().map(|record| record.tags.join("\n")).unwrap_or_default())
    });
    let retag = move |typed: String| {
        let tags = typed.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        bench.change(ChangeWorkshop { tags: Some(tags), ..ChangeWorkshop::default() });
    };
    let command = Signal::derive(move || docker(bench));
    view! {
        <div class="settings" data-testid="settings">
            <fieldset>
                <legend>{tongue.say(Craft::BuildArgs)}</legend>
                {move || all.with(Vec::is_empty).then(|| view! { <p class="faint">{tongue.say(Craft::BuildArgsNone)}</p> })}
                <For each=move || all.get() key=|one| format!("{one:?}") let:one>
                    {{
                        let (name, shown) = (one.name.clone(), names::text(&one.name).into_owned());
                        let hint = match (&one.default, one.declared) {
                            (_, false) => tongue.with(Craft::BuildArgUnknown, [String::new()]),
                            (Some(default), _) => tongue.with(Craft::BuildArgDefault, [names::text(default).into_owned()]),
                            (None, _) => tongue.with(Craft::BuildArgUnset, [String::new()]),
                        };
                        view! {
                            <label class="arg"><code>{shown}</code>
                                <input class="field mono" type="text" autocomplete="off" spellcheck="false" data-testid="build-arg" data-name=name.clone()
                                    placeholder=hint prop:value=one.value.unwrap_or_default()
                                    on:change:target=move |event| {
                                        let value = event.target().value();
                                        set(name.clone(), Some(value).filter(|value| !value.is_empty()));
                                    }/>
                            </label>
                        }
                    }}
                </For>
            </fieldset>
            <label class="setting">{tongue.say(Craft::BuildTarget)}
                <select class="field" data-testid="build-target" on:change:target=move |event| target(event.target().value())>
                    <option value="" selected=move || bench.target().is_none()>{tongue.say(Craft::BuildTargetLast)}</option>
                    {move || stages.get().into_iter().map(|name| {
                        let (shown, value) = (names::text(&name).into_owned(), name.clone());
                        view! { <option value=value selected=move || bench.target().as_deref() == Some(&name)>{shown}</option> }
                    }).collect_view()}
                </select>
            </label>
            <label class="setting">{tongue.say(Craft::BuildTags)}
                <textarea class="field mono" rows="2" spellcheck="false" data-testid="build-tags" prop:value=tags
                    on:change:target=move |event| retag(event.target().value())></textarea>
            </label>
            <div class="setting"><span>{tongue.say(Craft::BuildCommand)}</span>
                <p class="command-line"><code data-testid="build-command">{move || names::text(&command.get()).into_owned()}</code>
                    <CopyButton text=command label=Word::Copy testid="copy-build"/></p>
            </div>
        </div>
    }
}

/// What a docker user would type.
fn docker(bench: Bench) -> String {
    let mut words = vec!["docker".to_owned(), "build".to_owned()];
    bench.record.with(|record| {
        let Some(record) = record else { return };
        words.extend(record.tags.iter().flat_map(|tag| ["-t".to_owned(), quote(tag)]));
        for (name, value) in &record.args {
            if let Some(value) = value {
                words.extend(["--build-arg".to_owned(), quote(&format!("{name}={value}"))]);
            }
        }
        words.extend(record.target.iter().flat_map(|target| ["--target".to_owned(), quote(target)]));
        let dockerfile = String::from_utf8_lossy(&strata_api::path::decode(&record.dockerfile)).into_owned();
        if dockerfile != "Dockerfile" {
            words.extend(["-f".to_owned(), quote(&dockerfile)]);
        }
    });
    if bench.no_cache.get() {
        words.push("--no-cache".into());
    }
    words.push(".".into());
    words.join(" ")
}
