//! The dialog that runs a container.

use leptos::{ev, html, prelude::*, task::spawn_local};
use strata_api::explorer::ImageDetail;

use super::use_yard;
use crate::{
    address::{Container, Place},
    names,
    page::{
        api::{Failure, use_client},
        bar::use_bar,
        dialogs::{follow, use_dialogs},
        dom,
        images::use_shelf,
        marks::{CopyButton, Wrong},
        tongue::use_tongue,
    },
    run::{Field, Form, Problem},
    shelf,
    words::Word,
};

/// The dialog, open or not.
#[component]
pub fn Run() -> impl IntoView {
    let (tongue, dialogs) = (use_tongue(), use_dialogs());
    let open = RwSignal::new(false);
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, open);
    Effect::new(move |_| open.set(dialogs.run.get().is_some()));
    let close = move || dialogs.run.set(None);
    view! {
        <dialog class="run-dialog" node_ref=dialog data-testid="run-dialog" aria-label=tongue.say(Word::RunContainer)
            on:close=move |_| close() on:mousedown=move |event| if dom::is_outside(&event) { close() }>
            {move || dialogs.run.get().map(|wish| view! { <Filled image=wish.image beside=wish.beside/> })}
        </dialog>
    }
}

/// The form; made anew whenever the dialog opens.
#[component]
fn Filled(image: String, beside: Option<String>) -> impl IntoView {
    let (tongue, dialogs, yard, bar) = (use_tongue(), use_dialogs(), use_yard(), use_bar());
    let form = RwSignal::new(Form::of(&image));
    let (busy, tried) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let made = Memo::new(move |_| form.with(Form::create));
    let problems = Memo::new(move |_| made.get().err().unwrap_or_default());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let (Ok(body), false) = (made.get_untracked(), busy.get_untracked()) else { return };
        let (name, beside) = (form.with_untracked(|form| form.name.clone()), beside.clone());
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match yard.run(&name, &body).await {
                Ok(new) => {
                    dialogs.run.set(None);
                    let page = match beside {
                        Some(first) => Container { beside: Some(new), ..Container::of(&first) },
                        None => Container::of(&new),
                    };
                    bar.go(Place::Container(Box::new(page)));
                }
                Err(why) => drop(failure.try_set(Some(why))),
            }
            let _ = busy.try_set(false);
        });
    };
    let docker = Signal::derive(move || form.with(Form::docker));
    view! {
        <form on:submit=submit novalidate data-testid="run-form">
            <header><h2>{tongue.say(Word::RunContainer)}</h2>
                <button type="button" class="quiet" data-testid="run-close" on:click=move |_| dialogs.run.set(None)>{tongue.say(Word::Close)}</button></header>
            <div class="run-fields">
                <ImageField form problems tried/>
                <TextField form problems tried field=Field::Name/>
                <CommandField form problems tried/>
                <div class="run-switches">
                    <label><input type="checkbox" data-testid="run-tty" prop:checked=move || form.with(|f| f.tty)
                        on:change:target=move |event| form.update(|f| f.tty = event.target().checked())/>{tongue.say(Word::RunTty)}<code class="faint">"-it"</code></label>
                    <label><input type="checkbox" data-testid="run-remove" prop:checked=move || form.with(|f| f.remove)
                        on:change:target=move |event| form.update(|f| f.remove = event.target().checked())/>{tongue.say(Word::RunRemove)}<code class="faint">"--rm"</code></label>
                </div>
                <TextField form problems tried field=Field::Env/>
                <TextField form problems tried field=Field::Ports/>
                <TextField form problems tried field=Field::Volumes/>
            </div>
            {move || failure.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
            <footer>
                <code class="run-command" data-testid="run-command-line" title=docker>{move || names::text(&docker.get()).into_owned()}</code>
                <CopyButton text=docker label=Word::CopyRun testid="copy-run"/>
                <button id="run-go" type="submit" class="button main" data-testid="run" disabled=busy>
                    {move || if busy.get() { Word::RunStarting } else { Word::Run }.text(tongue.lang())}</button>
            </footer>
        </form>
    }
}

/// What is wrong with a field, once somebody tried to run it, or at once when something was typed there.
#[component]
fn Trouble(field: Field, problems: Memo<Vec<Problem>>, shown: Signal<bool>) -> impl IntoView {
    let tongue = use_tongue();
    move || {
        let lang = tongue.lang();
        let mine = problems.with(|all| {
            all.iter().filter(|one| one.field == field).map(|one| one.say(lang)).collect::<Vec<_>>()
        });
        (shown.get() && !mine.is_empty()).then(|| {
            let each = mine.into_iter().map(|text| view! { <p class="wrong">{text}</p> }).collect_view();
            view! { <div role="alert" data-testid=format!("run-wrong-{}", name(field))>{each}</div> }
        })
    }
}

/// A field of text; lists have several lines.
#[component]
fn TextField(
    form: RwSignal<Form>,
    problems: Memo<Vec<Problem>>,
    tried: RwSignal<bool>,
    field: Field,
) -> impl IntoView {
    let tongue = use_tongue();
    let left = RwSignal::new(false);
    let (label, hint) = match field {
        Field::Env => (Word::RunEnv, Word::RunEnvHow),
        Field::Ports => (Word::RunPorts, Word::RunPortsHow),
        Field::Volumes => (Word::RunVolumes, Word::RunVolumesHow),
        _ => (Word::RunName, Word::RunNameHow),
    };
    let id = format!("run-{}", name(field));
    let value = move || form.with(|form| part(form, field).to_owned());
    let type_in = move |text: String| form.update(|form| *part_mut(form, field) = text);
    let invalid = move || problems.with(|all| all.iter().any(|one| one.field == field)).to_string();
    let input = if field == Field::Name {
        view! {
            <input id=id.clone() class="field mono" type="text" data-testid=id.clone() autocomplete="off" autocapitalize="off" spellcheck="false"
                placeholder=tongue.say(hint) aria-invalid=invalid prop:value=value
                on:input:target=move |event| type_in(event.target().value()) on:blur=move |_| left.set(true)/>
        }
        .into_any()
    } else {
        view! {
            <textarea id=id.clone() class="field mono" rows="2" data-testid=id.clone() autocomplete="off" autocapitalize="off" spellcheck="false"
                placeholder=tongue.say(hint) aria-invalid=invalid prop:value=value
                on:input:target=move |event| type_in(event.target().value()) on:blur=move |_| left.set(true)></textarea>
        }
        .into_any()
    };
    view! {
        <label for=id>{tongue.say(label)}</label>
        <div>{input}<Trouble field problems shown=Signal::derive(move || tried.get() || left.get())/></div>
    }
}

#[component]
fn ImageField(form: RwSignal<Form>, problems: Memo<Vec<Problem>>, tried: RwSignal<bool>) -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    let images = move || {
        let rows = shelf::rows(&shelf.cards(), "");
        rows.into_iter().map(|row| view! { <option value=row.handle()></option> }).collect_view()
    };
    let host = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        // Who comes without an image starts there, who comes with one can run it at once.
        if host.get().is_some() {
            let empty = form.with_untracked(|form| form.image.is_empty());
            request_animation_frame(move || dom::focus(if empty { "run-image" } else { "run-go" }));
        }
    });
    view! {
        <label for="run-image">{tongue.say(Word::RunImage)}</label>
        <div>
            <input id="run-image" node_ref=host class="field mono" type="text" list="run-images" data-testid="run-image" autocomplete="off" autocapitalize="off"
                spellcheck="false" required prop:value=move || form.with(|form| form.image.clone())
                on:input:target=move |event| form.update(|form| form.image = event.target().value())/>
            <datalist id="run-images">{images}</datalist>
            <Trouble field=Field::Image problems shown=tried.into()/>
        </div>
    }
}

/// The command, with what the image runs by itself as its hint.
#[component]
fn CommandField(form: RwSignal<Form>, problems: Memo<Vec<Problem>>, tried: RwSignal<bool>) -> impl IntoView {
    let (tongue, client, shelf) = (use_tongue(), use_client(), use_shelf());
    let usual = RwSignal::new(None::<String>);
    let left = RwSignal::new(false);
    let image = Memo::new(move |_| {
        let image = form.with(|form| form.image.trim().to_owned());
        let known = shelf::rows(&shelf.cards(), "").iter().any(|row| row.handle() == image);
        known.then_some(image)
    });
    Effect::new(move |_| {
        usual.set(None);
        let Some(image) = image.get() else { return };
        spawn_local(async move {
            let path = format!("/api/image?ref={}", strata_api::path::encode(image.as_bytes()));
            let Ok(detail) = client.get::<ImageDetail>(&path).await else { return };
            let config = detail.config;
            let words = config.entrypoint.iter().flatten().chain(config.cmd.iter().flatten());
            let line = words.map(String::as_str).collect::<Vec<_>>().join(" ");
            let _ = usual.try_set((!line.is_empty()).then_some(line));
        });
    });
    let hint = move || {
        let lang = tongue.lang();
        let usual = usual.get().unwrap_or_else(|| Word::RunCommandImage.text(lang).to_owned());
        Word::RunCommandHow.with(lang, &[&names::text(&usual)])
    };
    view! {
        <label for="run-command">{tongue.say(Word::RunCommand)}</label>
        <div>
            <input id="run-command" class="field mono" type="text" data-testid="run-command" autocomplete="off" autocapitalize="off" spellcheck="false"
                placeholder=hint prop:value=move || form.with(|form| form.command.clone())
                on:input:target=move |event| form.update(|form| form.command = event.target().value()) on:blur=move |_| left.set(true)/>
            <Trouble field=Field::Command problems shown=Signal::derive(move || tried.get() || left.get())/>
        </div>
    }
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Image => "image",
        Field::Name => "name",
        Field::Command => "command",
        Field::Env => "env",
        Field::Ports => "ports",
        Field::Volumes => "volumes",
    }
}

fn part(form: &Form, field: Field) -> &str {
    match field {
        Field::Image => &form.image,
        Field::Name => &form.name,
        Field::Command => &form.command,
        Field::Env => &form.env,
        Field::Ports => &form.ports,
        Field::Volumes => &form.volumes,
    }
}

fn part_mut(form: &mut Form, field: Field) -> &mut String {
    match field {
        Field::Image => &mut form.image,
        Field::Name => &mut form.name,
        Field::Command => &mut form.command,
        Field::Env => &mut form.env,
        Field::Ports => &mut form.ports,
        Field::Volumes => &mut form.volumes,
    }
}
