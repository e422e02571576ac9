//! The editor: CodeMirror, which asks the parser for everything that it shows.

use js_sys::{Object, Reflect, Uint32Array};
use leptos::{html::Div, prelude::*, task::spawn_local};
use strata_dockerfile::Dockerfile;
use wasm_bindgen::{JsValue, closure::Closure};

use super::{
    module::{self, Handle},
    state::{Bench, use_bench},
};
use crate::{
    names,
    page::{
        api::Failure,
        images::{Shelf, use_shelf},
        marks::Wrong,
        tongue::{Tongue, use_tongue},
    },
    words::Craft,
    workshop::{
        building::Build,
        complete::{Surroundings, complete},
        context,
        hover::hover,
        lines::{self, stripes},
        paint::paint,
        problems::problems,
    },
};

/// Lines of a failed step's output that stand below its line.
const TAIL: usize = 12;

/// An editor and what it calls back; ends with its owner.
struct Editor {
    handle: Handle,
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.handle.destroy();
    }
}

/// What the page has to do with the editor; a copyable handle.
#[derive(Clone, Copy)]
pub struct Desk(StoredValue<Option<Editor>, LocalStorage>);

impl Desk {
    /// Without an editor as long as none is loaded.
    pub fn start() -> Self {
        let desk = Self(StoredValue::new_local(None));
        provide_context(desk);
        desk
    }

    fn with(self, act: impl FnOnce(&Handle)) {
        self.0.try_with_value(|editor| {
            if let Some(editor) = editor {
                act(&editor.handle);
            }
        });
    }

    /// Puts the cursor into a line and shows it.
    pub fn reveal(self, line: usize) {
        self.with(|handle| {
            handle.reveal(u32::try_from(line).unwrap_or(u32::MAX));
            handle.focus();
        });
    }

    /// Opens the list of what is wrong.
    pub fn problems(self) {
        self.with(Handle::problems);
    }

    /// Moves the focus into it.
    pub fn focus(self) {
        self.with(Handle::focus);
    }

    /// Puts other text in the place of what is open, as a step that can be undone.
    pub fn replace(self, text: &str) {
        self.with(|handle| handle.replace(text));
    }

    /// Forgets what was typed in a file.
    pub fn forget(self, file: &[u8]) {
        self.with(|handle| handle.forget(&names::bytes(file)));
    }
}

/// The way to the editor.
pub fn use_desk() -> Desk {
    expect_context()
}

/// What is open, and how far it is.
#[derive(Clone, PartialEq)]
enum Sheet {
    Loading,
    Text,
    Binary,
    Failed(Failure),
}

/// The editor's pane, below its head.
#[component]
pub fn EditorPane() -> impl IntoView {
    let (tongue, bench, desk, shelf) = (use_tongue(), use_bench(), use_desk(), use_shelf());
    let host = NodeRef::<Div>::new();
    let ready = RwSignal::new(false);
    let broken = RwSignal::new(None::<String>);
    let sheet = RwSignal::new(Sheet::Loading);
    let open = Memo::new(move |_| {
        bench
            .record
            .with(Option::is_some)
            .then(|| bench.view.with(|view| view.file.clone()).unwrap_or_else(|| bench.dockerfile()))
    });
    Effect::new(move |_| {
        let Some(element) = host.get() else { return };
        let label = Craft::EditorLabel.text(tongue.lang_untracked());
        spawn_local(async move {
            let module = match module::load().await {
                Ok(module) => module,
                Err(why) => return drop(broken.try_set(Some(why))),
            };
            let (ask, tell) = callbacks(bench, tongue, shelf);
            if let Ok(handle) = module.mount(&element, label, &ask, &tell) {
                let made = Editor { handle };
                if desk.0.try_update_value(|editor| *editor = Some(made)).is_some() {
                    let _ = ready.try_set(true);
                }
            }
        });
    });
    Effect::new(move |_| {
        bench.reopened.track();
        let Some(file) = open.get().filter(|_| ready.get()) else { return };
        sheet.set(Sheet::Loading);
        spawn_local(async move {
            let now = show(bench, desk, &file).await;
            if open.try_get_untracked() == Some(Some(file)) {
                let _ = sheet.try_set(now);
            }
        });
    });
    draw(bench, tongue, desk, sheet, open);
    let host_hidden = move || matches!(sheet.get(), Sheet::Binary | Sheet::Failed(_));
    view! {
        {move || broken.get().map(|why| {
            view! { <Wrong text=Signal::derive(move || Craft::EditorNone.with(tongue.lang(), &[&names::text(&why)]))/> }
        })}
        {move || match sheet.get() {
            Sheet::Binary => Some(view! { <p class="pad faint" data-testid="editor-binary">{tongue.say(Craft::NoText)}</p> }.into_any()),
            Sheet::Failed(failure) => Some(view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> }.into_any()),
            _ => None,
        }}
        <div class="editor" class:gone=host_hidden node_ref=host data-testid="editor" aria-busy=move || (sheet.get() == Sheet::Loading).to_string()></div>
    }
}

/// Opens a file in the editor.
async fn show(bench: Bench, desk: Desk, file: &[u8]) -> Sheet {
    let clever = file == bench.dockerfile_now();
    let name = names::bytes(file);
    if let Some(text) = bench.papers.text(file) {
        desk.with(|handle| handle.open(&name, &text, clever, false));
        return Sheet::Text;
    }
    let was = bench.digest(file);
    let part = match bench.client.bytes(&bench.file_route(file), None, None).await {
        Ok(part) => part.bytes,
        // A file that isn't there yet begins empty.
        Err(Failure::Refused { status: 404, .. }) if was.is_empty() => Vec::new(),
        Err(failure) => return Sheet::Failed(failure),
    };
    let Some(text) = context::editable(&part) else { return Sheet::Binary };
    bench.papers.opened(file, text, was);
    desk.with(|handle| handle.open(&name, text, clever, false));
    Sheet::Text
}

/// Keeps what is beside the lines up to date.
fn draw(bench: Bench, tongue: Tongue, desk: Desk, sheet: RwSignal<Sheet>, open: Memo<Option<Vec<u8>>>) {
    let drawn = Memo::new(move |_| {
        let lang = tongue.lang();
        bench.file.with(|file| {
            bench.build.with(|build| {
                let stripes = bench.cache.with(|cache| stripes(file, &cache.bases, build.as_ref()));
                let marks = bench.foresight.with(|foresight| foresight.marks(file.instructions.len(), lang));
                let wrong = build.as_ref().and_then(|build| {
                    bench.built_text.with(|built| {
                        bench.text.with(|text| wrong(build, built, text, Craft::ShellHere.text(lang)))
                    })
                });
                serde_json::to_string(&lines::lines(file, &stripes, &marks, wrong)).unwrap_or_default()
            })
        })
    });
    Effect::new(move |_| {
        let json = drawn.get();
        // A file that is shown again has what was beside its lines when it was left.
        if sheet.get() == Sheet::Text && open.get().is_some_and(|open| open == bench.dockerfile()) {
            desk.with(|handle| handle.lines(&json));
        }
    });
    Effect::new(move |_| {
        bench.whole.track();
        tongue.lang();
        if sheet.get() == Sheet::Text {
            desk.with(Handle::check);
        }
    });
    Effect::new(move |_| {
        let lit = bench.lit.get().and_then(|lit| u32::try_from(lit).ok());
        if sheet.get() == Sheet::Text {
            desk.with(|handle| handle.light(lit));
        }
    });
}

/// What the failed step's line shows.
fn wrong(build: &Build, built: &str, text: &str, shell: &str) -> Option<(usize, lines::Wrong)> {
    let trouble = build.trouble()?;
    let line = lines::moved(built, text, trouble.lines?.0)?;
    let step = trouble.step.and_then(|number| build.find(number));
    let output = step.map(|step| step.output.tail(TAIL)).unwrap_or_default();
    Some((
        line,
        lines::Wrong {
            message: names::content(trouble.message.as_bytes()),
            output: output.lines().map(|line| names::content(line.as_bytes())).collect::<Vec<_>>().join("\n"),
            shell: if trouble.kept { shell.to_owned() } else { String::new() },
        },
    ))
}

/// The functions that the editor calls; they live as long as it does.
fn callbacks(bench: Bench, tongue: Tongue, shelf: Shelf) -> (JsValue, JsValue) {
    let (ask, tell) = (Object::new(), Object::new());
    let put = |object: &Object, name: &str, function: JsValue| {
        // Setting a field of a fresh object doesn't fail.
        let _ = Reflect::set(object, &name.into(), &function);
    };
    let words = Closure::<dyn Fn(String) -> Uint32Array>::new(|text: String| {
        Uint32Array::from(&paint(&text, &Dockerfile::parse(&text))[..])
    });
    put(&ask, "words", words.into_js_value());
    let completions =
        Closure::<dyn Fn(String, u32, bool) -> String>::new(move |text: String, at, explicit| {
            let file = Dockerfile::parse(&text);
            let found =
                complete(&text, &file, at, explicit, &surroundings(bench, shelf), tongue.lang_untracked());
            serde_json::to_string(&found).unwrap_or_else(|_| "null".into())
        });
    put(&ask, "complete", completions.into_js_value());
    let about = Closure::<dyn Fn(String, u32) -> String>::new(move |text: String, at| {
        let file = Dockerfile::parse(&text);
        let found = bench
            .cache
            .try_with_untracked(|cache| hover(&text, &file, at, &cache.bases, tongue.lang_untracked()))
            .flatten();
        serde_json::to_string(&found).unwrap_or_else(|_| "null".into())
    });
    put(&ask, "hover", about.into_js_value());
    let wrong = Closure::<dyn Fn(String) -> String>::new(move |text: String| {
        let lang = tongue.lang_untracked();
        let found = bench.whole.try_with_untracked(|whole| {
            problems(&text, &Dockerfile::parse(&text), Some((&whole.0, &whole.1)), lang)
        });
        serde_json::to_string(&found.unwrap_or_default()).unwrap_or_else(|_| "[]".into())
    });
    put(&ask, "wrong", wrong.into_js_value());
    let changed = Closure::<dyn Fn(String)>::new(move |text: String| {
        let file = bench.view.with_untracked(|view| view.file.clone());
        let file = file.unwrap_or_else(|| bench.dockerfile_now());
        bench.typed(&file, text);
    });
    put(&tell, "changed", changed.into_js_value());
    put(&tell, "line", Closure::<dyn Fn(u32)>::new(|_| {}).into_js_value());
    let lit = Closure::<dyn Fn(Option<u32>)>::new(move |position: Option<u32>| {
        let position = position.map(|position| position as usize);
        if bench.lit.get_untracked() != position {
            bench.lit.set(position);
        }
    });
    put(&tell, "lit", lit.into_js_value());
    put(&tell, "build", Closure::<dyn Fn()>::new(move || bench.run_build()).into_js_value());
    put(
        &tell,
        "save",
        Closure::<dyn Fn()>::new(move || spawn_local(async move { drop(bench.save_all().await) }))
            .into_js_value(),
    );
    put(&tell, "format", Closure::<dyn Fn()>::new(move || bench.format()).into_js_value());
    put(&tell, "shell", Closure::<dyn Fn()>::new(move || bench.shell_where_it_failed()).into_js_value());
    (ask.into(), tell.into())
}

/// What completes a Dockerfile from outside of it.
fn surroundings(bench: Bench, shelf: Shelf) -> Surroundings {
    let mut images: Vec<String> = untrack(|| shelf.cards()).into_iter().flat_map(|card| card.names).collect();
    images.sort();
    let paths = bench
        .entries
        .with_untracked(|entries| bench.ignore.with_untracked(|ignore| context::sent_paths(entries, ignore)));
    Surroundings { images, paths }
}
