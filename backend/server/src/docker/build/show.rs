//! Events as dockerd's classic builder prints them.

use strata_api::progress::{ErrorDetail, Message};
use strata_engine::{
    builder::{Error, Event, Outcome, Stream},
    containers::short_id,
};

/// Turns events into the messages of docker's stream.
pub(super) struct Show {
    /// Nothing but the image's id, unless the build fails.
    quiet: bool,
    held: Vec<Message>,
    started: bool,
}

impl Show {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, held: Vec::new(), started: false }
    }

    /// The error of a build that failed before anything was printed: it has a status of its own.
    pub(super) fn refusal<'a>(&self, event: &'a Event) -> Option<&'a Error> {
        match event {
            Event::Failed { error, .. } if !self.started && self.held.is_empty() => Some(error),
            _ => None,
        }
    }

    /// What is sent for an event.
    pub(super) fn show(&mut self, event: Event) -> Vec<Message> {
        let last = matches!(event, Event::Done { .. } | Event::Failed { .. } | Event::Cancelled { .. });
        let failed = last && !matches!(event, Event::Done { .. });
        let id = match &event {
            Event::Done { image, .. } => Some(image.to_string()),
            _ => None,
        };
        let mut messages = messages(event);
        if self.quiet {
            messages = match (id, failed) {
                (Some(id), _) => vec![text(format!("{id}\n"))],
                (None, true) => self.held.drain(..).chain(messages).collect(),
                (None, false) => {
                    self.held.extend(messages);
                    Vec::new()
                }
            };
        }
        self.started |= !messages.is_empty();
        messages
    }
}

fn messages(event: Event) -> Vec<Message> {
    match event {
        Event::Dockerfile { .. } | Event::Context { .. } | Event::Started { .. } | Event::Copied { .. } => {
            Vec::new()
        }
        Event::StepStarted(step) if step.trigger => Vec::new(),
        Event::StepStarted(step) => {
            vec![text(format!("Step {}/{} : {}", step.number, step.of, step.text)), text("\n")]
        }
        Event::Pull { message, .. } => vec![message],
        Event::Triggers { count } => {
            let plural = if count > 1 { "s" } else { "" };
            vec![text(format!("# Executing {count} build trigger{plural}")), text("\n")]
        }
        Event::Container { id, .. } => vec![text(format!(" ---> Running in {}\n", short_id(&id)))],
        Event::Output { stream: Stream::Stderr, bytes, .. } => {
            vec![text(format!("\u{1b}[91m{}\u{1b}[0m", String::from_utf8_lossy(&bytes)))]
        }
        Event::Output { bytes, .. } => vec![text(String::from_utf8_lossy(&bytes))],
        Event::Removed { id } => vec![text(format!("Removing intermediate container {}\n", short_id(&id)))],
        Event::Warning { message, .. } => vec![text(format!("[Warning] {message}\n"))],
        Event::StepDone { outcome, trigger, image, .. } => {
            let mut lines = Vec::new();
            if outcome == Outcome::Cached {
                lines.push(text(" ---> Using cache\n"));
            }
            if !trigger && outcome != Outcome::Argument {
                let id = image.as_ref().map(|image| image.digest().short()).unwrap_or_default();
                lines.push(text(format!(" ---> {id}\n")));
            }
            lines
        }
        Event::StageDone { image } => {
            vec![Message { aux: Some(serde_json::json!({ "ID": image.to_string() })), ..Message::default() }]
        }
        Event::Done { image, names, .. } => {
            let built = text(format!("Successfully built {}\n", image.digest().short()));
            let tagged = names.into_iter().map(|name| text(format!("Successfully tagged {name}\n")));
            std::iter::once(built).chain(tagged).collect()
        }
        Event::Failed { error: failure, .. } => vec![error(failure.message, failure.code)],
        Event::Cancelled { .. } => vec![text("Build cancelled\n"), error("Build cancelled".into(), None)],
    }
}

fn text(text: impl Into<String>) -> Message {
    Message { stream: Some(text.into()), ..Message::default() }
}

fn error(message: String, code: Option<i64>) -> Message {
    Message {
        error_detail: Some(ErrorDetail { code, message: message.clone() }),
        error: Some(message),
        ..Message::default()
    }
}
