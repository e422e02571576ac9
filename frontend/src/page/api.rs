//! Asks the server: one call for JSON, one for bytes, one for a stream of lines.

use js_sys::{Reflect, Uint8Array};
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use strata_api::error::ErrorBody;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Request, RequestInit, Response};

use crate::{
    pulling::Lines,
    words::{Lang, Word},
};

/// Why an answer didn't come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answers.
    NoServer,
    /// The server doesn't know this browser.
    NoSession,
    /// The server said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The answer isn't what it should be.
    NotUnderstood(String),
    /// Stopped from here.
    Cancelled,
}

impl Failure {
    /// In words.
    pub fn say(&self, lang: Lang) -> String {
        match self {
            Self::NoServer => Word::NoServer.text(lang).to_owned(),
            Self::NoSession => Word::NoSession.text(lang).to_owned(),
            Self::Refused { message, .. } => crate::names::text(message).into_owned(),
            Self::NotUnderstood(how) => Word::NotUnderstood.with(lang, &[how]),
            Self::Cancelled => Word::PullCancelled.text(lang).to_owned(),
        }
    }
}

/// The way to the server; a copyable handle that knows whether the session is lost.
#[derive(Clone, Copy)]
pub struct Client {
    lost: RwSignal<bool>,
}

/// Some bytes of a file, and how many it has.
pub struct Part {
    /// The bytes that were asked for, as far as they exist.
    pub bytes: Vec<u8>,
}

impl Client {
    /// A client that believes in its session until told otherwise.
    pub fn start() -> Self {
        let client = Self { lost: RwSignal::new(false) };
        provide_context(client);
        client
    }

    /// Whether the server asked for a session, tracked.
    pub fn has_lost_session(self) -> bool {
        self.lost.get()
    }

    /// `GET`, as JSON.
    pub async fn get<T: DeserializeOwned>(self, path: &str) -> Result<T, Failure> {
        let response = self.ask("GET", path, None, None).await?;
        read(&response).await
    }

    /// `POST` of JSON, or of nothing, answered with JSON.
    pub async fn post<T: DeserializeOwned>(
        self,
        path: &str,
        sent: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        let sent = sent.map(Sent::json).transpose()?;
        let response = self.request("POST", path, sent.as_ref(), None, None).await?;
        read(&response).await
    }

    /// Sends bytes (`PUT`, `POST`), answered with JSON.
    pub async fn upload<T: DeserializeOwned>(
        self,
        method: &str,
        path: &str,
        bytes: &[u8],
    ) -> Result<T, Failure> {
        let sent = Sent { body: Uint8Array::from(bytes).into(), kind: "application/octet-stream" };
        let response = self.request(method, path, Some(&sent), None, None).await?;
        read(&response).await
    }

    /// `GET`, as bytes; only `range` of them if given.
    pub async fn bytes(
        self,
        path: &str,
        range: Option<(u64, u64)>,
        stop: Option<&AbortSignal>,
    ) -> Result<Part, Failure> {
        let header = range.map(|(from, to)| format!("bytes={from}-{}", to.saturating_sub(1)));
        let response = self.ask("GET", path, header.as_deref(), stop).await?;
        let mut bytes = body(&response).await?;
        // A server may answer the whole to a range.
        if let (Some((from, to)), 200) = (range, response.status()) {
            bytes.truncate(usize::try_from(to).unwrap_or(usize::MAX));
            bytes.drain(..bytes.len().min(usize::try_from(from).unwrap_or(usize::MAX)));
        }
        Ok(Part { bytes })
    }

    /// A request whose answer doesn't matter beyond its success.
    pub async fn send(self, method: &str, path: &str) -> Result<(), Failure> {
        self.ask(method, path, None, None).await.map(|_| ())
    }

    /// A request whose answer comes in pieces.
    pub async fn stream(
        self,
        method: &str,
        path: &str,
        stop: &AbortSignal,
        piece: impl FnMut(Vec<u8>),
    ) -> Result<(), Failure> {
        let response = self.ask(method, path, None, Some(stop)).await?;
        pieces(&response, stop, piece).await
    }

    /// `POST` of JSON, answered in pieces.
    pub async fn stream_post(
        self,
        path: &str,
        sent: &impl Serialize,
        stop: &AbortSignal,
        piece: impl FnMut(Vec<u8>),
    ) -> Result<(), Failure> {
        let sent = Sent::json(sent)?;
        let response = self.request("POST", path, Some(&sent), None, Some(stop)).await?;
        pieces(&response, stop, piece).await
    }

    /// `GET`, as a value on each line, as they come; a line that is none is passed over.
    pub async fn lines<T: DeserializeOwned>(
        self,
        path: &str,
        stop: &AbortSignal,
        mut take: impl FnMut(Vec<T>),
    ) -> Result<(), Failure> {
        let mut lines = Lines::default();
        let piece = |chunk: Vec<u8>| {
            let lines = lines.push(&chunk).into_iter();
            take(lines.filter_map(|line| serde_json::from_slice(&line).ok()).collect());
        };
        self.stream("GET", path, stop, piece).await
    }

    async fn ask(
        self,
        method: &str,
        path: &str,
        range: Option<&str>,
        stop: Option<&AbortSignal>,
    ) -> Result<Response, Failure> {
        self.request(method, path, None, range, stop).await
    }

    async fn request(
        self,
        method: &str,
        path: &str,
        sent: Option<&Sent>,
        range: Option<&str>,
        stop: Option<&AbortSignal>,
    ) -> Result<Response, Failure> {
        let init = RequestInit::new();
        init.set_method(method);
        init.set_signal(stop);
        if let Some(sent) = sent {
            init.set_body(&sent.body);
        }
        let wrong = |error: JsValue| Failure::NotUnderstood(format!("{error:?}"));
        let request = Request::new_with_str_and_init(path, &init).map_err(wrong)?;
        if let Some(range) = range {
            request.headers().set("Range", range).map_err(wrong)?;
        }
        if let Some(sent) = sent {
            request.headers().set("Content-Type", sent.kind).map_err(wrong)?;
        }
        let answer = JsFuture::from(window().fetch_with_request(&request)).await.map_err(|_| ended(stop))?;
        let response: Response = answer.unchecked_into();
        // 304 is docker's way to say that a container is started or stopped already.
        if response.ok() || response.status() == 304 {
            return Ok(response);
        }
        if response.status() == 401 && path.starts_with("/api/") {
            self.lost.set(true);
            return Err(Failure::NoSession);
        }
        let said = body(&response).await.unwrap_or_default();
        let message = match serde_json::from_slice::<ErrorBody>(&said) {
            Ok(error) => error.message,
            Err(_) => format!("HTTP {} {}", response.status(), response.status_text()),
        };
        Err(Failure::Refused { status: response.status(), message })
    }
}

/// A request's body.
struct Sent {
    body: JsValue,
    kind: &'static str,
}

impl Sent {
    fn json(value: &impl Serialize) -> Result<Self, Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::NotUnderstood(error.to_string()))?;
        Ok(Self { body: JsValue::from_str(&text), kind: "application/json" })
    }
}

/// The way to the server.
pub fn use_client() -> Client {
    expect_context()
}

async fn read<T: DeserializeOwned>(response: &Response) -> Result<T, Failure> {
    let bytes = body(response).await?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::NotUnderstood(error.to_string()))
}

async fn pieces(
    response: &Response,
    stop: &AbortSignal,
    mut piece: impl FnMut(Vec<u8>),
) -> Result<(), Failure> {
    let Some(stream) = response.body() else { return Ok(()) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(|_| ended(Some(stop)))?;
        let field = |name: &str| Reflect::get(&read, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
        if field("done").is_truthy() {
            return Ok(());
        }
        piece(Uint8Array::new(&field("value")).to_vec());
    }
}

async fn body(response: &Response) -> Result<Vec<u8>, Failure> {
    let promise = response.array_buffer().map_err(|_| Failure::NoServer)?;
    let buffer = JsFuture::from(promise).await.map_err(|_| Failure::NoServer)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

fn ended(stop: Option<&AbortSignal>) -> Failure {
    if stop.is_some_and(AbortSignal::aborted) { Failure::Cancelled } else { Failure::NoServer }
}
