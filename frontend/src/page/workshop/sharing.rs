//! A Dockerfile as an address, and back: what the browser has to do of it.

use js_sys::{Object, Reflect, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::JsFuture;

use crate::workshop::share::{self, Shared};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Object)]
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    #[wasm_bindgen(extends = Object)]
    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// A whole address that carries the text.
pub async fn address(text: &str) -> String {
    let bytes = text.as_bytes();
    let squeezed = match CompressionStream::new("deflate-raw") {
        Ok(stream) => through(stream.into(), bytes).await,
        Err(_) => None,
    };
    let fragment = match squeezed.filter(|squeezed| squeezed.len() < bytes.len()) {
        Some(squeezed) => share::print(&squeezed, true),
        None => share::print(bytes, false),
    };
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}/workshop{fragment}")
}

/// The text that this page's address carries: `None` for none, an error for one that can't be read.
pub async fn carried() -> Option<Result<String, ()>> {
    let fragment = window().location().hash().ok().filter(|fragment| fragment.len() > 1)?;
    if !fragment.contains("dockerfile=") {
        return None;
    }
    let text = match share::read(&fragment) {
        Some(Shared::Text(text)) => Some(text),
        Some(Shared::Deflated(bytes)) => match DecompressionStream::new("deflate-raw") {
            Ok(stream) => {
                through(stream.into(), &bytes).await.and_then(|bytes| String::from_utf8(bytes).ok())
            }
            Err(_) => None,
        },
        None => None,
    };
    Some(text.ok_or(()))
}

/// What comes out of a transform stream; nothing if it refuses, or if it is too much.
async fn through(stream: JsValue, bytes: &[u8]) -> Option<Vec<u8>> {
    let field = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let writable: web_sys::WritableStream = field(&stream, "writable")?.unchecked_into();
    let readable: web_sys::ReadableStream = field(&stream, "readable")?.unchecked_into();
    let writer = writable.get_writer().ok()?;
    // Whether these succeed is seen at the other end.
    let quiet = Closure::<dyn FnMut(JsValue)>::new(|_| {});
    let _ = writer.write_with_chunk(&Uint8Array::from(bytes)).catch(&quiet);
    let _ = writer.close().catch(&quiet);
    let reader: web_sys::ReadableStreamDefaultReader = readable.get_reader().unchecked_into();
    let mut all = Vec::new();
    loop {
        let read = JsFuture::from(reader.read()).await.ok()?;
        if field(&read, "done").is_some_and(|done| done.is_truthy()) {
            return Some(all);
        }
        all.extend(Uint8Array::new(&field(&read, "value")?).to_vec());
        // Few letters of an address can become very many.
        if all.len() > share::MOST {
            let _ = reader.cancel();
            return None;
        }
    }
}
