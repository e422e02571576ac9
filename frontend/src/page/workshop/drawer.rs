//! The build: a row for each step, and the output of one.

use leptos::prelude::*;
use strata_api::workshop::StepOutcome;

use super::{
    building::now,
    editor::use_desk,
    state::{Bench, use_bench},
};
use crate::{
    figures, hues,
    instruction::Instruction,
    names,
    page::{
        marks::{Size, Wrong},
        tongue::use_tongue,
    },
    words::{Craft, Lang},
    workshop::{
        ansi::Span,
        building::{Build, End, Step, StepState},
        foresight::{Foresight, took},
        lines::stripes,
    },
};

/// Lines of output that are drawn; the rest is counted.
const DRAWN: usize = 1_000;

/// What a row shows of a step.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    number: usize,
    total: usize,
    line: usize,
    text: String,
    trigger: bool,
    state: StepState,
    milliseconds: u64,
    since: i64,
    bytes: u64,
    share: Option<f64>,
    layer: Option<usize>,
    base: bool,
    /// Whether the forecast was right, where it said something.
    foreseen: Option<bool>,
}

fn rows(bench: Bench) -> Vec<Row> {
    let foreseen = bench.foreseen.get();
    bench.build.with(|build| {
        let Some(build) = build else { return Vec::new() };
        bench.file.with(|file| {
            let stripes = bench.cache.with(|cache| stripes(file, &cache.bases, Some(build)));
            let layer = |step: &Step| {
                let at = file.instructions.iter().position(|one| one.lines.0 as usize == step.lines.0)?;
                stripes.get(at).copied().filter(|_| !step.trigger)
            };
            build.steps.iter().map(|step| row(build, step, layer(step), &foreseen)).collect()
        })
    })
}

fn row(
    build: &Build,
    step: &Step,
    stripe: Option<crate::workshop::lines::Stripe>,
    foreseen: &Foresight,
) -> Row {
    let (done, total) =
        step.pull.iter().fold((0, 0), |(done, total), layer| (done + layer.current, total + layer.total));
    let expected = foreseen.was_cached(step.number).filter(|_| !step.trigger);
    let right = match (expected, step.state) {
        (Some(cached), StepState::Done(outcome)) => Some(cached == (outcome == StepOutcome::Cached)),
        _ => None,
    };
    Row {
        number: step.number,
        total: build.total,
        line: step.lines.0,
        text: step.instruction.clone(),
        trigger: step.trigger,
        state: step.state,
        milliseconds: step.milliseconds,
        since: step.since,
        bytes: step.bytes,
        share: (total > 0 && step.state == StepState::Runs).then(|| done as f64 / total as f64),
        layer: stripe.and_then(|stripe| stripe.position),
        base: stripe.is_some_and(|stripe| stripe.base),
        foreseen: right,
    }
}

/// The drawer.
#[component]
pub fn Drawer() -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let all = Memo::new(move |_| rows(bench));
    let numbers = Memo::new(move |_| all.with(|all| all.iter().map(|row| row.number).collect::<Vec<_>>()));
    // The step whose output is shown: the chosen one, or what the build is at.
    let shown = Memo::new(move |_| {
        bench.shown_step.get().or_else(|| {
            bench.build.with(|build| {
                let build = build.as_ref()?;
                let failed = build.trouble().and_then(|trouble| trouble.step);
                let spoke =
                    || build.steps.iter().rev().find(|step| !step.output.is_empty()).map(|step| step.number);
                failed.or_else(|| build.current().map(|step| step.number)).or_else(spoke)
            })
        })
    });
    let headline = Memo::new(move |_| bench.build.with(|build| headline(build.as_ref(), tongue.lang())));
    let is_empty = move || bench.build.with(Option::is_none);
    let context =
        Memo::new(move |_| bench.build.with(|build| build.as_ref().and_then(|build| build.context)));
    let warnings = Memo::new(move |_| {
        bench.build.with(|build| build.as_ref().map(|build| build.warnings.clone()).unwrap_or_default())
    });
    view! {
        <section id="build" class="drawer" tabindex="-1" aria-label=tongue.say(Craft::BuildTitle) data-testid="drawer"
            data-state=move || bench.build.with(|build| state_name(build.as_ref()))>
            <header class="pane-head">
                <h2>{tongue.say(Craft::BuildTitle)}</h2>
                <span role="status" class=move || headline.with(|(class, _)| *class) data-testid="build-state">{move || headline.with(|(_, text)| text.clone())}</span>
                {move || context.get().map(|(files, bytes)| {
                    let says = move || {
                        let lang = tongue.lang();
                        let count = Craft::FileCountOne.count(Craft::FileCount, lang, files);
                        Craft::BuildSent.with(lang, &[&count, &figures::Size::of(bytes).to_string()])
                    };
                    view! { <span class="faint" data-testid="build-context" data-bytes=bytes>{says}</span> }
                })}
                <span class="spring"></span>
                {move || bench.shown_step.get().is_some().then(|| view! {
                    <button type="button" class="quiet" on:click=move |_| bench.shown_step.set(None)>{tongue.say(Craft::OutputFollow)}</button>
                })}
            </header>
            {move || (is_empty() && bench.recalled.get()).then(|| view! { <p class="pad faint" data-testid="never-built">{tongue.say(Craft::BuildNotYet)}</p> })}
            {move || bench.build.with(|build| build.as_ref().and_then(|build| build.trouble().filter(|trouble| trouble.lines.is_none()).map(|trouble| trouble.message.clone())))
                .map(|message| view! { <Wrong text=Signal::derive(move || names::text(&message).into_owned())/> })}
            {move || warnings.get().into_iter().map(|(_, message)| view! { <p class="pad warning" data-testid="build-warning">{names::text(&message).into_owned()}</p> }).collect_view()}
            <div class="drawer-panes" class:gone=is_empty>
                <ol class="steps" data-testid="steps">
                    <For each=move || numbers.get() key=|number| *number let:number>
                        <StepRow row=Memo::new(move |last: Option<&Option<Row>>| {
                            all.with(|all| all.iter().find(|row| row.number == number).cloned()).or_else(|| last.cloned().flatten())
                        }) shown/>
                    </For>
                </ol>
                <Output shown/>
            </div>
        </section>
    }
}

fn state_name(build: Option<&Build>) -> &'static str {
    match build.map(|build| &build.end) {
        None => "none",
        Some(None) => "running",
        Some(Some(End::Done { .. })) => "done",
        Some(Some(End::Failed(_))) => "failed",
        Some(Some(End::Cancelled)) => "cancelled",
    }
}

fn headline(build: Option<&Build>, lang: Lang) -> (&'static str, String) {
    let Some(build) = build else { return ("faint", String::new()) };
    match &build.end {
        None => match build.current() {
            Some(step) => {
                ("", Craft::BuildRunning.with(lang, &[&step.number.to_string(), &build.total.to_string()]))
            }
            None => ("", Craft::BuildPreparing.text(lang).to_owned()),
        },
        Some(End::Done { .. }) => ("right", Craft::BuildDone.with(lang, &[&took(build.milliseconds)])),
        Some(End::Cancelled) => ("faint", Craft::BuildCancelled.text(lang).to_owned()),
        Some(End::Failed(trouble)) => match trouble.step {
            Some(step) => ("wrong", Craft::BuildFailedAt.with(lang, &[&step.to_string()])),
            None => ("wrong", Craft::BuildFailed.with(lang, &[&took(build.milliseconds)])),
        },
    }
}

/// The word for how a step stands.
pub fn step_word(state: StepState) -> Craft {
    use StepOutcome::{Base, Cached, Ran};
    match state {
        StepState::Runs => Craft::StepRuns,
        StepState::Done(Cached) => Craft::StepCached,
        StepState::Done(Ran) => Craft::StepRan,
        StepState::Done(Base) => Craft::StepBase,
        StepState::Failed => Craft::StepFailed,
        StepState::Stopped => Craft::StepStopped,
    }
}

#[component]
fn StepRow(row: Memo<Option<Row>>, shown: Memo<Option<usize>>) -> impl IntoView {
    let (tongue, bench, desk) = (use_tongue(), use_bench(), use_desk());
    let tick = RwSignal::new(0u32);
    // A running step's time goes on.
    Effect::new(move |_| {
        tick.track();
        if row.with(|row| row.as_ref().is_some_and(|row| row.state == StepState::Runs)) {
            let again = move || {
                let _ = tick.try_update(|tick| *tick += 1);
            };
            set_timeout(again, std::time::Duration::from_millis(100));
        }
    });
    move || {
        let row = row.get()?;
        let lang = tongue.lang();
        let number = row.number;
        let read = Instruction::read(&row.text);
        let said = names::text(&names::middle(&read.line(), 160)).into_owned();
        let time = move |row: &Row| match row.state {
            StepState::Runs => {
                tick.track();
                (now() - row.since).max(0) as u64
            }
            _ => row.milliseconds,
        };
        let style = row.layer.map(hues::style).unwrap_or_default();
        let mark = match row.state {
            StepState::Failed => "wrong",
            StepState::Done(StepOutcome::Ran) => "ran",
            _ => "faint",
        };
        let bar = row.share.map(|share| format!("width:{:.1}%", share * 100.0));
        let timed = row.clone();
        Some(view! {
            <li class="layer step-row" class:of-base=row.base class:plain=row.layer.is_none() class:selected=move || shown.get() == Some(number)
                class:lit={let layer = row.layer; move || layer.is_some() && bench.lit.get() == layer}
                style=style data-testid="step" data-step=number data-state=row.state.name() data-line=row.line data-layer=row.layer.map(|layer| layer.to_string())>
                <span class="stripe"></span>
                <button type="button" class="step-open" on:click=move |_| bench.shown_step.set(Some(number)) data-testid="step-open">
                    <span class="step-number faint">{format!("{number}/{}", row.total)}</span>
                    <code class="step-text">{row.trigger.then_some("ONBUILD ")}{said}</code>
                </button>
                {bar.map(|bar| view! { <span class="bar" role="progressbar" aria-valuenow=row.share.map(|share| format!("{:.0}", share * 100.0))><i style=bar></i></span> })}
                {(row.foreseen == Some(false)).then(|| view! { <span class="faint" data-testid="step-differs">{Craft::StepDiffers.text(lang)}</span> })}
                <span class=mark data-testid="step-state">{step_word(row.state).text(lang)}</span>
                <span class="step-time" data-testid="step-time">{move || took(time(&timed))}</span>
                <span class="step-bytes">{(row.bytes > 0).then(|| view! { <Size bytes=row.bytes sign="+"/> })}</span>
                <button type="button" class="quiet" aria-label=Craft::StepLine.with(lang, &[&row.line.to_string()]) data-testid="step-line" on:click=move |_| { bench.show_file(None); desk.reveal(row.line); }>{format!(":{}", row.line)}</button>
            </li>
        })
    }
}

/// A line of output with its number, so that only new ones are drawn.
#[derive(Clone, PartialEq)]
struct Printed {
    at: usize,
    spans: Vec<Span>,
}

impl Printed {
    /// What is drawn anew when it changes: a line that is still being written, or rewritten, too.
    fn key(&self) -> (usize, String) {
        (self.at, self.spans.iter().map(|span| span.text.as_str()).collect())
    }
}

#[component]
fn Output(shown: Memo<Option<usize>>) -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let pane = NodeRef::<leptos::html::Pre>::new();
    // (lines before the first that is drawn, the lines, whether the step's output is kept at all)
    let printed = Memo::new(move |_| {
        let number = shown.get();
        bench.build.with(|build| {
            let step = build.as_ref().and_then(|build| build.find(number?));
            let Some(step) = step else { return (0, Vec::new()) };
            let first = step.output.len().saturating_sub(DRAWN);
            let before = step.output.dropped() + first;
            let lines = step
                .output
                .lines(first)
                .into_iter()
                .enumerate()
                .map(|(at, spans)| Printed { at: before + at, spans });
            (before, lines.collect::<Vec<_>>())
        })
    });
    // Whoever has scrolled up wants to read.
    Effect::new(move |_| {
        printed.track();
        let Some(pane) = pane.get() else { return };
        let near = pane.scroll_height() - pane.scroll_top() - pane.client_height() < 80;
        if near {
            request_animation_frame(move || pane.set_scroll_top(pane.scroll_height()));
        }
    });
    let remembered = move || {
        bench
            .build
            .with(|build| build.as_ref().is_some_and(|build| build.context.is_none() && !build.is_running()))
    };
    view! {
        <div class="output">
            {move || (printed.with(|(before, _)| *before) > 0).then(|| view! {
                <p class="pad faint">{move || Craft::OutputDropped.with(tongue.lang(), &[&figures::grouped(printed.with(|(before, _)| *before) as u64)])}</p>
            })}
            {move || (shown.get().is_some() && printed.with(|(_, lines)| lines.is_empty())).then(|| view! {
                <p class="pad faint" data-testid="no-output">{move || if remembered() { Craft::OutputGone } else { Craft::OutputNone }.text(tongue.lang())}</p>
            })}
            <pre node_ref=pane tabindex="0" role="region" aria-label=tongue.say(Craft::OutputLabel) data-testid="output" data-step=move || shown.get()>
                <For each=move || printed.with(|(_, lines)| lines.clone()) key=Printed::key let:line>
                    <span class="output-line">{line.spans.into_iter().map(|span| {
                        let text = names::content(span.text.as_bytes());
                        if span.look.is_plain() { view! { {text} }.into_any() } else { view! { <span style=span.look.style()>{text}</span> }.into_any() }
                    }).collect_view()}"\n"</span>
                </For>
            </pre>
        </div>
    }
}
