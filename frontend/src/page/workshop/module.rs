//! What `frontend/js/editor.js` leaves behind.

use js_sys::{Array, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::JsFuture;

use crate::page::module;

#[wasm_bindgen]
extern "C" {
    /// The module.
    pub type Module;
    /// Makes an editor in `host`; `ask` and `tell` are objects of functions.
    #[wasm_bindgen(method, catch)]
    pub fn mount(
        this: &Module,
        host: &web_sys::HtmlElement,
        label: &str,
        ask: &JsValue,
        tell: &JsValue,
    ) -> Result<Handle, JsValue>;
    #[wasm_bindgen(method)]
    fn dropped(this: &Module, transfer: &JsValue) -> Promise;
    #[wasm_bindgen(method)]
    fn picked(this: &Module, folder: bool) -> Promise;

    /// An editor.
    pub type Handle;
    #[wasm_bindgen(method)]
    pub fn open(this: &Handle, name: &str, text: &str, clever: bool, read_only: bool);
    #[wasm_bindgen(method)]
    pub fn forget(this: &Handle, name: &str);
    #[wasm_bindgen(method)]
    pub fn replace(this: &Handle, text: &str);
    #[wasm_bindgen(method)]
    pub fn lines(this: &Handle, json: &str);
    #[wasm_bindgen(method)]
    pub fn light(this: &Handle, position: Option<u32>);
    #[wasm_bindgen(method)]
    pub fn check(this: &Handle);
    #[wasm_bindgen(method)]
    pub fn reveal(this: &Handle, line: u32);
    #[wasm_bindgen(method)]
    pub fn problems(this: &Handle);
    #[wasm_bindgen(method)]
    pub fn focus(this: &Handle);
    #[wasm_bindgen(method)]
    pub fn destroy(this: &Handle);
}

/// Loads the module, once.
pub async fn load() -> Result<Module, String> {
    module::load("strata-editor", "strataEditor").await.map(JsCast::unchecked_into)
}

/// The module, if it is loaded.
pub fn loaded() -> Option<Module> {
    Reflect::get(&js_sys::global(), &"strataEditor".into())
        .ok()
        .filter(JsValue::is_object)
        .map(JsCast::unchecked_into)
}

/// A file that somebody gave to the page.
pub struct Given {
    /// Its path, relative to what was given.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why files weren't taken.
pub enum TooMuch {
    /// Bytes in all.
    Size(u64),
    /// Number of files.
    Count(u64),
    /// The browser couldn't read them.
    Unreadable(String),
}

/// What was dropped; `event` is a `DragEvent`, and this is to be called while it is handled.
pub fn dropped(module: &Module, event: &JsValue) -> Option<Promise> {
    let transfer = Reflect::get(event, &"dataTransfer".into()).ok().filter(JsValue::is_object)?;
    Some(module.dropped(&transfer))
}

/// Asks for files, or for a folder.
pub fn picked(module: &Module, folder: bool) -> Promise {
    module.picked(folder)
}

/// The files of such a promise.
pub async fn given(promise: Promise) -> Result<Vec<Given>, TooMuch> {
    let list = JsFuture::from(promise).await.map_err(|error| {
        let message = Reflect::get(&error, &"message".into()).ok().and_then(|text| text.as_string());
        let message = message.unwrap_or_default();
        let number = |kind: &str| message.strip_prefix(kind).and_then(|number| number.trim().parse().ok());
        match (number("size"), number("count")) {
            (Some(size), _) => TooMuch::Size(size),
            (_, Some(count)) => TooMuch::Count(count),
            _ => TooMuch::Unreadable(message.clone()),
        }
    })?;
    let field = |value: &JsValue, name: &str| Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED);
    Ok(Array::from(&list)
        .iter()
        .map(|one| Given {
            path: field(&one, "path").as_string().unwrap_or_default(),
            bytes: Uint8Array::new(&field(&one, "bytes")).to_vec(),
        })
        .collect())
}
