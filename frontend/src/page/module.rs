//! JavaScript that is loaded only when it is needed.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlScriptElement;

/// Loads the script whose address is in `<meta name=NAME>`, once, and gives the global that it leaves behind.
pub async fn load(name: &str, global: &str) -> Result<JsValue, String> {
    let there = || {
        js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str(global))
            .ok()
            .filter(|it| !it.is_undefined())
    };
    if let Some(module) = there() {
        return Ok(module);
    }
    let selector = format!("meta[name={name}]");
    let meta = document().query_selector(&selector).ok().flatten();
    let address =
        meta.and_then(|meta| meta.get_attribute("content")).ok_or_else(|| format!("no {selector}"))?;
    let promise = js_sys::Promise::new(&mut |resolve, reject| {
        let script = document().create_element("script").map(JsCast::unchecked_into::<HtmlScriptElement>);
        let (Ok(script), Some(head)) = (script, document().head()) else { return };
        script.set_src(&address);
        for (event, done) in [("load", resolve), ("error", reject)] {
            let done = Closure::once_into_js(move || {
                // `resolve` and `reject` of a promise don't throw.
                let _ = done.call0(&JsValue::NULL);
            });
            let _ = script.add_event_listener_with_callback(event, done.unchecked_ref());
        }
        let _ = head.append_child(&script);
    });
    JsFuture::from(promise).await.map_err(|_| address.clone())?;
    there().ok_or(address)
}
