//! The stage graph.

use leptos::prelude::*;
use strata_dockerfile::Stages;

use super::{editor::use_desk, state::use_bench};
use crate::{
    names,
    page::tongue::use_tongue,
    words::Craft,
    workshop::graph::{self, HEIGHT, Link, WIDTH},
};

/// The panel.
#[component]
pub fn StagesPanel() -> impl IntoView {
    let (tongue, bench, desk) = (use_tongue(), use_bench(), use_desk());
    let made = Memo::new(move |_| {
        let given = bench.args().into_iter().map(|(name, value)| (name, Some(value))).collect();
        bench.file.with(|file| {
            let stages = Stages::of(file, &given);
            let target =
                stages.target(bench.target().as_deref()).unwrap_or(stages.stages.len().saturating_sub(1));
            graph::graph(file, &stages, target)
        })
    });
    let go = move |line: usize| {
        bench.show_file(None);
        desk.reveal(line);
    };
    move || {
        let (nodes, edges) = made.get();
        if nodes.is_empty() {
            return view! { <p class="pad faint">{tongue.say(Craft::StagesNone)}</p> }.into_any();
        }
        let drawing = graph::draw(&nodes, &edges);
        let (width, height) = drawing.size;
        let paths = edges.iter().zip(&drawing.paths).map(|(edge, path)| {
            let class = if edge.link == Link::Files { "edge files" } else { "edge" };
            view! { <path class=class d=path.clone() marker-end="url(#arrow)"/> }
        });
        let boxes = nodes.iter().zip(&drawing.boxes).map(|(node, (x, y))| {
            let name = match (node.name.as_str(), node.stage) {
                ("", Some(stage)) => Craft::StageNumber.with(tongue.lang(), &[&stage.to_string()]),
                (name, _) => names::text(&names::middle(name, 22)).into_owned(),
            };
            let title = if node.name.is_empty() { name.clone() } else { names::text(&node.name).into_owned() };
            let facts = match (node.stage, node.target, node.needed) {
                (None, ..) => Craft::StageImage.text(tongue.lang()).to_owned(),
                (_, true, _) => format!("{} · {}", Craft::StageTarget.text(tongue.lang()), Craft::StageSteps.with(tongue.lang(), &[&node.steps.to_string()])),
                (_, _, true) => Craft::StageSteps.with(tongue.lang(), &[&node.steps.to_string()]),
                _ => Craft::StageUnneeded.text(tongue.lang()).to_owned(),
            };
            let (line, label) = (node.line, format!("{title}, {facts}"));
            let place = format!("translate({x:.0} {y:.0})");
            view! {
                <g class="stage" class:outside=node.stage.is_none() class:target=node.target class:unneeded=!node.needed transform=place
                    role="button" tabindex="0" aria-label=label data-testid="stage" data-name=node.name.clone() data-needed=node.needed.to_string()
                    on:click=move |_| go(line)
                    on:keydown=move |event| if matches!(event.key().as_str(), "Enter" | " ") { event.prevent_default(); go(line) }>
                    <title>{title}</title>
                    <rect width=WIDTH height=HEIGHT rx="4"></rect>
                    <text x="10" y="18">{name}</text>
                    <text class="facts" x="10" y="34">{facts}</text>
                </g>
            }
        });
        view! {
            <div class="graph" data-testid="stage-graph">
                <svg viewBox=format!("0 0 {width:.0} {height:.0}") style=format!("width:{width:.0}px;min-width:{:.0}px", width * 0.75) role="group" aria-label=tongue.say(Craft::Stages)>
                    <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"></path></marker></defs>
                    {paths.collect_view()}
                    {boxes.collect_view()}
                </svg>
            </div>
        }.into_any()
    }
}
