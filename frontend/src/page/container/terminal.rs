//! The terminal of a container's process.

use std::time::Duration;

use leptos::{html::Div, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue, prelude::*};

use super::use_vessel;
use crate::{
    address::Place,
    containers::Deed,
    logs, names,
    page::{
        api::Failure, bar::use_bar, containers::DeedButton, dom, marks::Wrong, module, theme::use_paint,
        tongue::use_tongue,
    },
    words::Word,
};

#[wasm_bindgen]
extern "C" {
    /// What `frontend/js/terminal.js` leaves behind.
    type Module;
    #[wasm_bindgen(method, catch)]
    fn mount(
        this: &Module,
        host: &web_sys::HtmlElement,
        label: &str,
        on_state: &Closure<dyn FnMut(String, String)>,
        on_leave: &Closure<dyn FnMut()>,
    ) -> Result<Handle, JsValue>;

    type Handle;
    #[wasm_bindgen(method)]
    fn paint(this: &Handle);
    #[wasm_bindgen(method)]
    fn focus(this: &Handle);
    #[wasm_bindgen(method)]
    /// `lines` says that ends of lines come without a return, as from a program that has no terminal.
    fn connect(this: &Handle, address: &str, lines: bool);
    /// Draws what was printed before, then what came since the socket is open and isn't in it.
    #[wasm_bindgen(method)]
    fn begin(this: &Handle, history: &[u8]);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

/// Lines of what was printed before.
const RECALLED: usize = 500;

/// How long a connection must hold before the next loss is taken for a new one.
const STABLE: Duration = Duration::from_secs(10);
/// Until the first attempt to connect again.
const RETRY: Duration = Duration::from_secs(1);

/// A terminal and what it calls back; ends with its owner.
struct Terminal {
    handle: Handle,
    _on_state: Closure<dyn FnMut(String, String)>,
    _on_leave: Closure<dyn FnMut()>,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.handle.destroy();
    }
}

/// The left pane.
#[component]
pub fn TerminalPane(
    /// Whether it is the one that keys lead to.
    #[prop(default = true)]
    main: bool,
) -> impl IntoView {
    let (tongue, vessel, paint, bar) = (use_tongue(), use_vessel(), use_paint(), use_bar());
    // Of one container the address says what is in its terminal; of two side by side each pane does.
    let alone = matches!(bar.here(), Place::Container(view) if view.beside.is_none());
    let own = RwSignal::new(false);
    let shell = Memo::new(move |last: Option<&bool>| match bar.place() {
        _ if !alone => own.get(),
        Place::Container(view) => view.shell,
        _ => last.copied().unwrap_or_default(),
    });
    let host = NodeRef::<Div>::new();
    let live = StoredValue::<Option<Terminal>, LocalStorage>::new_local(None);
    let ready = RwSignal::new(false);
    let state = RwSignal::new("waiting".to_owned());
    let reason = RwSignal::new(String::new());
    let broken = RwSignal::new(None::<String>);
    let refusal = RwSignal::new(None::<Failure>);
    let with = move |act: &dyn Fn(&Handle)| {
        live.try_with_value(|live| {
            if let Some(live) = live {
                act(&live.handle);
            }
        });
    };
    let kind = Memo::new(move |_| vessel.detail.with(|detail| detail.as_ref().map(|detail| detail.tty)));
    Effect::new(move |_| {
        let (Some(element), Some(_)) = (host.get(), kind.get()) else { return };
        let label = Word::Terminal.text(tongue.lang_untracked());
        spawn_local(async move {
            let module = match module::load("strata-terminal", "strataTerminal").await {
                Ok(module) => module.unchecked_into::<Module>(),
                Err(why) => return drop(broken.try_set(Some(why))),
            };
            let on_state = Closure::new(move |now: String, why: String| {
                let _ = reason.try_set(why);
                let _ = state.try_set(now);
            });
            let on_leave = Closure::new(|| dom::focus("container-stack"));
            if let Ok(handle) = module.mount(&element, label, &on_state, &on_leave) {
                let made = Terminal { handle, _on_state: on_state, _on_leave: on_leave };
                // The pane may be gone by now; then the terminal is dropped with what couldn't be stored.
                if live.try_update_value(|live| *live = Some(made)).is_some() {
                    let _ = ready.try_set(true);
                }
            }
        });
    });
    let connect = move || {
        let location = window().location();
        let scheme = if location.protocol().as_deref() == Ok("https:") { "wss" } else { "ws" };
        let (host, id) = (location.host().unwrap_or_default(), vessel.known_id());
        let shell = shell.get_untracked();
        let lines = !shell && kind.get_untracked() == Some(false);
        let more = if shell { "?shell=on" } else { "" };
        let address = format!("{scheme}://{host}/api/containers/{id}/terminal{more}");
        with(&|handle| handle.connect(&address, lines));
    };
    let is_live = Memo::new(move |_| vessel.state().is_live());
    // What was printed before the page came: whoever attaches to a container hears only what comes from then on.
    let recall = move || {
        let path = format!("/containers/{}/logs?stdout=1&stderr=1&tail={RECALLED}", vessel.known_id());
        let tty = kind.get_untracked() != Some(false);
        spawn_local(async move {
            // Without a log there is nothing before.
            let printed =
                vessel.client.bytes(&path, None, None).await.map(|part| part.bytes).unwrap_or_default();
            let printed = if tty { printed } else { logs::payloads(&printed) };
            with(&|handle| handle.begin(&printed));
        });
    };
    Effect::new(move |_| {
        shell.track();
        if !ready.get() {
            return;
        }
        if is_live.get() {
            connect();
        } else if vessel.yard.is_loaded() {
            recall();
        }
    });
    // After a server's restart the terminal comes back by itself; a server that keeps closing it is asked ever less.
    let attempts = StoredValue::new(0u32);
    let again = move || {
        let closed = state.try_with_untracked(|state| state == "closed") == Some(true);
        if closed && is_live.get_untracked() && !shell.get_untracked() {
            connect();
        }
    };
    Effect::new(move |_| match state.get().as_str() {
        "open" => {
            match shell.get_untracked() {
                true => with(&|handle| handle.begin(&[])),
                false => recall(),
            }
            set_timeout(
                move || {
                    if state.try_with_untracked(|state| state == "open") == Some(true) {
                        let _ = attempts.try_set_value(0);
                    }
                },
                STABLE,
            );
        }
        "closed" => {
            let before = attempts.get_value();
            attempts.set_value(before + 1);
            set_timeout(again, RETRY * 2u32.pow(before.min(5)));
        }
        _ => {}
    });
    Effect::new(move |_| {
        paint.get();
        request_animation_frame(move || with(&|handle| handle.paint()));
    });
    let says = move || match state.get().as_str() {
        "open" => Word::TerminalOpen,
        "closed" => Word::TerminalClosed,
        _ if !is_live.get() => Word::TerminalClosed,
        _ => Word::TerminalConnecting,
    };
    let ended = move || !is_live.get() || state.get() == "closed";
    let turn = move |on: bool| {
        match alone {
            true => bar.turn(|view| view.shell = on, true),
            false => own.set(on),
        }
        with(&|handle| handle.focus());
    };
    let name = names::text(&vessel.name.get_value()).into_owned();
    let choice = move || {
        is_live.get().then(|| {
            let name = name.clone();
            view! {
                <span class="segments" role="group" aria-label=tongue.say(Word::Terminal)>
                    <button type="button" data-testid="terminal-program" aria-pressed=move || (!shell.get()).to_string()
                        title=tongue.say(Word::TerminalProgramHow) on:click=move |_| turn(false)>{tongue.say(Word::TerminalProgram)}</button>
                    <button type="button" data-testid="terminal-shell" aria-pressed=move || shell.get().to_string()
                        title=tongue.with(Word::TerminalShellHow, [name]) on:click=move |_| turn(true)>{tongue.say(Word::TerminalShell)}</button>
                </span>
            }
        })
    };
    view! {
        <section class="pane terminal-pane" aria-label=tongue.say(Word::Terminal)>
            <header class="pane-head">
                <h2>{tongue.say(Word::Terminal)}</h2>
                <span class="faint" role="status" data-testid="terminal-state">{move || says().text(tongue.lang())}</span>
                {choice}
                <span class="spring"></span>
                <span class="faint leave">{move || match kind.get() {
                    Some(false) if !shell.get() => Word::NoTerminal,
                    _ => Word::TerminalLeave,
                }.text(tongue.lang())}</span>
            </header>
            {move || broken.get().map(|why| {
                view! { <Wrong text=Signal::derive(move || Word::TerminalNone.with(tongue.lang(), &[&names::text(&why)]))/> }
            })}
            <div id=main.then_some("terminal") class="term" tabindex="-1" node_ref=host data-testid="terminal" data-state=state
                on:focus=move |_| with(&|handle| handle.focus())></div>
            {move || ended().then(|| view! {
                <div class="ended" data-testid="terminal-ended">
                    {move || if is_live.get() {
                        let why = reason.get();
                        let (said, again) = match shell.get() {
                            true if why.starts_with("the process exited") => (Word::ShellEnded.text(tongue.lang()).to_owned(), Word::ShellAgain),
                            true => (names::text(&why).into_owned(), Word::ShellAgain),
                            false => (names::text(&why).into_owned(), Word::Reconnect),
                        };
                        view! { <span data-testid="terminal-reason">{said}</span>
                            <button type="button" class="button" data-testid="terminal-again" on:click=move |_| { connect(); with(&|handle| handle.focus()) }>{tongue.say(again)}</button> }.into_any()
                    } else {
                        let id = vessel.id();
                        let start = vessel.state().deeds().contains(&Deed::Start);
                        view! {
                            <span>{tongue.say(Word::NotRunning)}</span>
                            {start.then(|| view! { <DeedButton id deed=Deed::Start refusal/> })}
                        }.into_any()
                    }}
                    {move || refusal.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
                </div>
            })}
        </section>
    }
}
