//! A container's row, and the buttons that act on it.

use leptos::{prelude::*, task::spawn_local};

use super::use_yard;
use crate::{
    address::{Container, Place, View},
    containers::{self, Deed, Port, State, Summary},
    figures, moments, names,
    page::{
        api::Failure,
        dom,
        marks::{Size, Wrong},
        tongue::use_tongue,
    },
    status,
    words::Word,
};

/// A row of the list.
#[component]
pub fn Row(id: String) -> impl IntoView {
    let (tongue, yard) = (use_tongue(), use_yard());
    let refusal = RwSignal::new(None::<Failure>);
    let one = Memo::new({
        let id = id.clone();
        move |last: Option<&Summary>| yard.find(&id).or_else(|| last.cloned()).unwrap_or_default()
    });
    let figures = Memo::new(move |_| yard.figures(&id));
    let name = Memo::new(move |_| one.with(|one| one.name().to_owned()));
    let state = Memo::new(move |_| one.with(|one| one.state));
    let to = move || Place::Container(Box::new(Container::of(&name.get()))).print();
    let image = Memo::new(move |_| one.with(|one| (one.image.clone(), one.image_id.clone())));
    // A question that is open stays open while the list changes around it.
    let who = Memo::new(move |_| one.with(|one| (one.id.clone(), one.name().to_owned())));
    view! {
        <div class="shelf-row yard-row" role="row" data-testid="container-row" data-container=name data-state=move || state.get().name()>
            <span role="cell" class="names"><a class="name" href=to data-testid="container-link">{move || names::text(&name.get()).into_owned()}</a></span>
            <span role="cell" class="cell-image">{move || image.with(|(name, id)| {
                let handle = if id.is_empty() { name } else { id };
                let to = Place::Image(Box::new(View::of(handle))).print();
                view! { <a href=to data-testid="container-image">{names::text(&names::middle(containers::image(name), 40)).into_owned()}</a> }
            })}</span>
            <code role="cell" class="cell-command faint" title=move || one.with(|one| names::text(&one.command).into_owned())>
                {move || one.with(|one| names::text(&one.command).into_owned())}</code>
            <span role="cell" class="cell-state"><StateMark state/>
                <span class="faint" title=move || one.with(|one| format!("{} UTC", moments::stamp(one.created)))>
                    {move || one.with(|one| names::text(&status::since(one.since(), tongue.lang())).into_owned())}</span></span>
            <span role="cell" class="cell-ports">{move || one.with(|one| one.ports().into_iter().map(port).collect_view())}</span>
            <span role="cell" class="cell-cpu" data-testid="cpu">{move || figures.get().and_then(|f| f.cpu).map(figures::percent)}</span>
            <span role="cell" class="cell-memory" data-testid="memory">{move || figures.get().map(|f| view! { <Size bytes=f.memory/> })}</span>
            <span role="cell" class="deeds">
                {move || {
                    let (id, _) = who.get();
                    state.get().deeds().iter().take(1).map(|deed| view! { <DeedButton id=id.clone() deed=*deed refusal/> }).collect_view()
                }}
                {move || { let (id, name) = who.get(); view! { <Remove id name state refusal/> } }}
            </span>
            {move || refusal.get().map(|failure| view! {
                <div class="ask"><Wrong text=Signal::derive(move || failure.say(tongue.lang()))/></div>
            })}
        </div>
    }
}

/// What state a container is in: a sign and a word.
#[component]
fn StateMark(state: Memo<State>) -> impl IntoView {
    let tongue = use_tongue();
    view! {
        <span class=move || format!("state state-{}", state.get().name())>
            <span aria-hidden="true">{move || state.get().sign()}</span>" "{move || state_word(state.get()).text(tongue.lang())}
        </span>
    }
}

/// The state in words.
pub fn state_word(state: State) -> Word {
    match state {
        State::Created => Word::StateCreated,
        State::Running => Word::StateRunning,
        State::Paused => Word::StatePaused,
        State::Restarting => Word::StateRestarting,
        State::Removing => Word::StateRemoving,
        State::Exited => Word::StateExited,
        State::Dead => Word::StateDead,
    }
}

/// A port as docker writes it; a published TCP port is a link to what listens there.
fn port(port: Port) -> impl IntoView {
    let inside = format!("{}/{}", port.private_port, names::text(&port.kind));
    if port.public_port == 0 {
        return view! { <span class="faint">{inside}</span> }.into_any();
    }
    let text = format!("{}→{inside}", port.public_port);
    let host = window().location().hostname().unwrap_or_default();
    let to = format!("http://{host}:{}/", port.public_port);
    match port.kind.as_str() {
        "tcp" => {
            view! { <a href=to target="_blank" rel="noreferrer" data-testid="port">{text}</a> }.into_any()
        }
        _ => view! { <span data-testid="port">{text}</span> }.into_any(),
    }
}

/// A button that does something to a container; a refusal is told to whoever shows it.
#[component]
pub fn DeedButton(id: String, deed: Deed, refusal: RwSignal<Option<Failure>>) -> impl IntoView {
    let (tongue, yard) = (use_tongue(), use_yard());
    let busy = RwSignal::new(false);
    let act = move |_| {
        let id = id.clone();
        busy.set(true);
        refusal.set(None);
        spawn_local(async move {
            let answer = yard.act(&id, deed).await;
            // The row may be gone by now.
            let _ = busy.try_set(false);
            let _ = refusal.try_set(answer.err());
        });
    };
    let word = match deed {
        Deed::Start => Word::DoStart,
        Deed::Stop => Word::DoStop,
        Deed::Kill => Word::DoKill,
        Deed::Restart => Word::DoRestart,
        Deed::Pause => Word::DoPause,
        Deed::Unpause => Word::DoUnpause,
    };
    view! {
        <button type="button" class="quiet" data-testid=deed.name() disabled=busy on:click=act>{tongue.say(word)}</button>
    }
}

/// A button that removes a container, after a question.
#[component]
pub fn Remove(
    id: String,
    name: String,
    #[prop(into)] state: Signal<State>,
    refusal: RwSignal<Option<Failure>>,
) -> impl IntoView {
    let (tongue, yard) = (use_tongue(), use_yard());
    let asked = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let shown = names::text(&name).into_owned();
    let remove = move |_| {
        let id = id.clone();
        busy.set(true);
        refusal.set(None);
        spawn_local(async move {
            let answer = yard.remove(&id).await;
            let _ = asked.try_set(false);
            let _ = busy.try_set(false);
            let _ = refusal.try_set(answer.err());
        });
    };
    let question = {
        let shown = shown.clone();
        move || {
            let word = if state.get().is_live() { Word::RemoveRunningAsk } else { Word::RemoveContainerAsk };
            word.with(tongue.lang(), &[&shown])
        }
    };
    let open = move |_| {
        asked.set(true);
        request_animation_frame(|| dom::focus("remove-yes"));
    };
    view! {
        <button type="button" class="quiet" data-testid="remove" on:click=open
            aria-label=tongue.with(Word::RemoveNamed, [shown.clone()])>{tongue.say(Word::Remove)}</button>
        {move || asked.get().then(|| view! {
            <span class="ask-over" on:keydown=move |event| if event.key() == "Escape" { asked.set(false) } role="alertdialog" aria-label=tongue.with(Word::RemoveNamed, [shown.clone()]) data-testid="remove-ask">
                <span>{question.clone()}</span>
                <button id="remove-yes" type="button" class="button grave" data-testid="remove-yes" disabled=busy on:click=remove.clone()>{tongue.say(Word::RemoveYes)}</button>
                <button type="button" class="button" on:click=move |_| asked.set(false)>{tongue.say(Word::Cancel)}</button>
            </span>
        })}
    }
}
