//! Sends a file and follows what the server says about it.
//!
//! By `XMLHttpRequest`: `fetch` tells nothing about how much of a body was sent.

use leptos::prelude::*;
use strata_api::{error::ErrorBody, progress::Message};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{ProgressEvent, XmlHttpRequest};

use super::Loads;
use crate::{
    loading::{Loading, Phase},
    pulling::Lines,
};

/// Stands for the page's own words about a folder.
pub(super) const FOLDER: &str = "folder";

impl Loads {
    /// Sends the next one that waits, unless one is on its way.
    pub(super) fn next(self) {
        let next = self.list.with_untracked(|list| {
            let busy = list.iter().any(|one| matches!(one.phase, Phase::Sending | Phase::Reading));
            list.iter().position(|one| one.phase == Phase::Waiting).filter(|_| !busy)
        });
        if let Some(at) = next
            && self.send(at).is_none()
        {
            // A browser that refuses to begin has no reason that could be told.
            self.edit(at, |one| one.phase = Phase::Failed(String::new()));
            self.next();
        }
    }

    fn send(self, at: usize) -> Option<()> {
        let file = self.files.with_value(|files| files.get(at).cloned())?;
        let request = XmlHttpRequest::new().ok()?;
        request.open("POST", "/images/load").ok()?;
        request.set_request_header("Content-Type", "application/x-tar").ok()?;
        let sent = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
            self.edit(at, |one| one.sends(event.loaded() as u64));
        });
        request.upload().ok()?.set_onprogress(Some(sent.as_ref().unchecked_ref()));
        let ended = {
            let request = request.clone();
            // It ends once: loaded, failed or stopped. The closures go with it.
            Closure::once_into_js(move |_: ProgressEvent| {
                drop(sent);
                let status = request.status().unwrap_or(0);
                let text = request.response_text().ok().flatten().unwrap_or_default();
                self.edit(at, |one| conclude(one, status, &text));
                self.request.set_value(None);
                self.shelf.refresh();
                self.next();
            })
        };
        request.set_onloadend(Some(ended.unchecked_ref()));
        self.edit(at, |one| one.phase = Phase::Sending);
        self.request.set_value(Some(request.clone()));
        request.send_with_opt_blob(Some(&file)).ok()
    }
}

/// What the answer means.
fn conclude(one: &mut Loading, status: u16, text: &str) {
    if one.has_ended() {
        return;
    }
    if status != 200 {
        let said = serde_json::from_str::<ErrorBody>(text).map(|error| error.message);
        one.phase = Phase::Failed(said.unwrap_or_default());
        return;
    }
    // The last line needs no end.
    let lines = Lines::default().push(format!("{text}\n").as_bytes());
    let messages = lines.iter().filter_map(|line| serde_json::from_slice::<Message>(line).ok());
    messages.for_each(|message| one.take(message));
    one.close();
}
