//! Time travel: a step of a build, what it changed, its files, a shell in it, a branch from it.

use leptos::{prelude::*, task::spawn_local};
use strata_api::{explorer::ImageDetail, path, workshop::BuiltStep};
use strata_layer::{Difference, Stack, compare};

use super::{did_tree::DidTree, drawer::step_word, state::use_bench};
use crate::{
    address::{Place, View},
    instruction::Instruction,
    names,
    page::{
        api::{Client, Failure},
        explorer::layers_of,
        marks::Wrong,
        tongue::use_tongue,
    },
    words::Craft,
    workshop::{
        building::Build,
        foresight::took,
        step_tree::{self, Did},
    },
};

/// A step of a build.
#[component]
pub fn Travel(
    /// The build's id.
    id: String,
    /// The step, from 1.
    step: usize,
) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let build = id.clone();
    let detail = Memo::new(move |_| bench.details.with(|details| details.get(&id).cloned()));
    let back = move || bench.address(|view| view.step = None);
    move || {
        let lang = tongue.lang();
        let Some(detail) = detail.get() else {
            return view! { <p class="pad" aria-busy="true"><span class="skeleton" style="width:60%"></span></p> }.into_any();
        };
        let Some(found) = detail.steps.iter().find(|known| known.step == step).cloned() else {
            return view! { <p class="pad faint">{Craft::TravelGone.text(lang)}</p> }.into_any();
        };
        let state = Build::remembered(&detail).find(step).map(|step| step.state);
        let text = Instruction::read(&found.instruction).line();
        let total = detail.card.steps;
        let to = move |number: usize| bench.address(|view| view.step = Some(number));
        let (earlier, later) = (step > 1, step < detail.steps.len());
        view! {
            <div class="travel" data-testid="travel" data-step=step>
                <p class="pane-line">
                    <a href=back data-testid="travel-back">"← "{Craft::TravelBack.text(lang)}</a>
                    <span>{Craft::TravelTo.with(lang, &[&step.to_string(), &total.to_string()])}</span>
                    {earlier.then(|| view! { <a href=move || to(step - 1) aria-label=Craft::TravelEarlier.text(lang)>"‹"</a> })}
                    {later.then(|| view! { <a href=move || to(step + 1) aria-label=Craft::TravelLater.text(lang)>"›"</a> })}
                    <span class="spring"></span>
                    {state.map(|state| view! { <span class="faint">{step_word(state).text(lang)}</span> })}
                    <span class="faint">{took(found.milliseconds)}</span>
                </p>
                <p class="travel-text"><code>{names::text(&text).into_owned()}</code></p>
                <StepTools id=build.clone() found=found.clone()/>
                {match found.image.clone() {
                    Some(image) => view! { <WhatItDid image=image.to_string() found/> }.into_any(),
                    None => view! { <p class="pad faint" data-testid="travel-gone">{Craft::TravelGone.text(lang)}</p> }.into_any(),
                }}
            </div>
        }.into_any()
    }
}

/// What can be done with a step.
#[component]
fn StepTools(id: String, found: BuiltStep) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let (step, there) = (found.step, found.image.is_some());
    let (build, branch) = (id.clone(), id);
    view! {
        <p class="travel-tools">
            {there.then(|| view! {
                <button type="button" class="button" data-testid="travel-shell" on:click=move |_| bench.shell(&build, step)>{tongue.say(Craft::ShellStep)}</button>
            })}
            <button type="button" class="button" data-testid="travel-branch" title=tongue.say(Craft::TravelBranchHow)
                on:click=move |_| bench.branch(branch.clone(), step)>{tongue.say(Craft::TravelBranch)}</button>
        </p>
    }
}

/// The paths that a step changed, and ways into the explorer.
#[component]
fn WhatItDid(image: String, found: BuiltStep) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let did = RwSignal::new(None::<Result<(usize, Vec<Did>), Failure>>);
    let (name, own) = (image.clone(), found.layer.is_some() || found.outcome.is_none());
    spawn_local(async move {
        let answer = story(bench.client, &name, own).await;
        let _ = did.try_set(Some(answer));
    });
    let name_of_tree = image.clone();
    let tree = Place::Image(Box::new(View::of(&image))).print();
    let diff = move |layers: usize| {
        Place::Image(Box::new(View { layer: layers.checked_sub(1), ..View::of(&image) })).print()
    };
    move || {
        let lang = tongue.lang();
        let links = |layers: Option<usize>| {
            view! {
                <p class="travel-links">
                    <a class="button" href=tree.clone() data-testid="travel-tree">{Craft::TravelTree.text(lang)}</a>
                    {layers.filter(|_| own).map(|layers| view! { <a class="button" href=diff(layers) data-testid="travel-diff">{Craft::TravelDiff.text(lang)}</a> })}
                </p>
            }
        };
        match did.get() {
            None => view! { {links(None)} <p class="pad" aria-busy="true"><span class="skeleton" style="width:40%"></span></p> }.into_any(),
            Some(Err(failure)) => view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> }.into_any(),
            Some(Ok((_, did))) if did.is_empty() => view! { {links(None)} <p class="pad faint" data-testid="travel-nothing">{Craft::TravelNothing.text(lang)}</p> }.into_any(),
            Some(Ok((layers, did))) => view! { {links(Some(layers))} <DidTree image=name_of_tree.clone() layers did/> }.into_any(),
        }
    }
}

/// How many layers the step's image has, and what its top layer did if it is the step's own.
async fn story(client: Client, image: &str, own: bool) -> Result<(usize, Vec<Did>), Failure> {
    let route = format!("/api/image?ref={}", path::encode(image.as_bytes()));
    let detail: ImageDetail = client.get(&route).await?;
    let wanted = detail.card.layers;
    if !own || wanted.is_empty() {
        return Ok((wanted.len(), Vec::new()));
    }
    let layers = layers_of(client, &wanted, |_| {}).await?;
    let before = Stack::new(layers[..layers.len() - 1].to_vec());
    let after = Stack::new(layers);
    let mut all: Vec<Did> = compare(&before, &after).into_iter().map(did).collect();
    step_tree::sort(&mut all);
    Ok((wanted.len(), all))
}

fn did(one: Difference) -> Did {
    let side = one.after.or(one.before);
    Did {
        sign: one.change.letter(),
        path: one.path.as_bytes().to_vec(),
        bytes: side.map_or(0, |side| side.size),
    }
}
