//! A file: what it is, who touched it, what is in it.

mod blame;
mod content;
mod facts;
mod hex;
mod picture;
mod subject;
mod text;

use leptos::prelude::*;
use strata_layer::Kind;

use super::{Explorer, use_explorer};
use crate::{names, page::tongue::use_tongue, words::Word};
use blame::Blame;
use content::Content;
use facts::Facts;
use subject::Subject;

/// The right pane.
#[component]
pub fn FilePane() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let path = Memo::new(move |_| explorer.view.with(|view| view.path.clone()));
    let subject = Memo::new(move |_| Subject::of(explorer));
    let title = move || {
        let path = path.get();
        (!path.is_empty()).then(|| {
            let shown = format!("/{}", names::bytes(&path));
            view! { <h2 class="path mono" data-testid="file-path" title=shown.clone()>{names::middle(&shown, 64).into_owned()}</h2> }
        })
    };
    let body = move || {
        if path.with(Vec::is_empty) {
            return view! { <p class="faint hint">{tongue.say(Word::ChooseFile)}</p> }.into_any();
        }
        match subject.get() {
            Some(subject) => view! { <Open subject/> }.into_any(),
            None if explorer.stack.with(Option::is_none) => {
                view! { <span class="skeleton" style="width:60%"></span> }.into_any()
            }
            None => view! { <Absent path=path.get()/> }.into_any(),
        }
    };
    view! {
        <section id="file" class="pane file-pane" tabindex="-1" aria-label=tongue.say(Word::File) data-testid="file">
            <header class="pane-head">{move || title().map_or_else(|| view! { <h2>{tongue.say(Word::File)}</h2> }.into_any(), IntoAny::into_any)}</header>
            <div class="file-body">{body}</div>
        </section>
    }
}

#[component]
fn Open(subject: Subject) -> impl IntoView {
    let has_content = matches!(subject.kind, Kind::File | Kind::Hardlink) && subject.has_content;
    let path = subject.path.clone();
    view! {
        <Facts subject=subject.clone()/>
        <Blame path shown=subject.layer/>
        {has_content.then(|| view! { <Content subject/> })}
    }
}

/// The path isn't in the view, but layers that are switched off may have it.
#[component]
fn Absent(path: Vec<u8>) -> impl IntoView {
    let tongue = use_tongue();
    let name = format!("/{}", names::bytes(&path));
    view! {
        <div class="hint" data-testid="file-absent">
            <p>{tongue.with(Word::NotInView, [name])}</p>
            <p class="faint">{tongue.say(Word::NotInViewHow)}</p>
        </div>
        <Blame path shown=usize::MAX/>
    }
}
