//! The way into a session: a ticket in the address, or a form that takes a token.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::shell::see;
use crate::{
    http::{Body, Call, Query, Request, Response, error, read_body},
    security::{Guard, SecretError},
};

const FORM_LIMIT: usize = 8 * 1024;

/// The answer to a page request without a session: a redirect with the cookie of a new one if the address has a
/// ticket, else the form.
pub fn without_session(guard: &Guard, request: &Request) -> Response {
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let ticket = query.text("token").filter(|_| request.method() == Method::GET);
    match ticket.as_deref().map(|ticket| guard.redeem_ticket(ticket)) {
        Some(Err(failure)) => cannot(&failure),
        Some(Ok(Some(cookie))) => with_cookie(cookie, &clean_address(request.uri())),
        Some(Ok(None)) => form(request.headers(), &clean_address(request.uri()), true),
        None => form(request.headers(), &clean_address(request.uri()), false),
    }
}

/// `POST /login` with `token` and the address to go `to`.
pub async fn log_in(guard: Arc<Guard>, call: Call) -> Response {
    let headers = call.headers().clone();
    let body = match read_body(call.request.into_body(), FORM_LIMIT).await {
        Ok(body) => body,
        Err(failure) => return error(failure.status(), failure.to_string()),
    };
    let fields = Query::parse(&String::from_utf8_lossy(&body));
    let to: Uri = fields.text("to").and_then(|to| to.parse().ok()).unwrap_or_default();
    match guard.log_in(fields.text("token").unwrap_or_default().trim()) {
        Err(failure) => cannot(&failure),
        Ok(Some(cookie)) => with_cookie(cookie, &clean_address(&to)),
        Ok(None) => form(&headers, &clean_address(&to), true),
    }
}

fn cannot(failure: &SecretError) -> Response {
    tracing::error!(%failure, "cannot begin a session");
    error(StatusCode::INTERNAL_SERVER_ERROR, "cannot begin a session")
}

fn with_cookie(cookie: HeaderValue, address: &str) -> Response {
    let mut response = see(address);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

/// An address on this server without its token. A path that starts with two slashes or a backslash would lead to
/// another host.
pub(super) fn clean_address(uri: &Uri) -> String {
    let path = uri.path().trim_start_matches(['/', '\\']).replace('\\', "%5C");
    format!("/{path}{}", Query::parse(uri.query().unwrap_or_default()).without("token"))
}

/// The page that asks for the token.
///
/// A browser that followed a link from another site keeps the `SameSite=Strict` cookie back. It gets the same page
/// with a reload, which counts as our own request and brings the cookie.
fn form(headers: &HeaderMap, to: &str, wrong: bool) -> Response {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let chinese =
        text(header::ACCEPT_LANGUAGE).is_some_and(|languages| languages.trim_start().starts_with("zh"));
    let words = if chinese { CHINESE } else { ENGLISH };
    let from_outside =
        text(header::HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site.ends_with("-site"));
    let to = escape(to);
    let reload = if from_outside {
        format!("<meta http-equiv=refresh content=\"0;url={to}\">")
    } else {
        String::new()
    };
    let note = if wrong { format!("<p role=alert>{}</p>", words.wrong) } else { String::new() };
    let page = format!(
        "<!doctype html><html lang={lang}><meta charset=utf-8>{reload}\
         <meta name=viewport content=\"width=device-width,initial-scale=1\"><title>Strata</title>\
         <style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;\
         padding:0 1rem}}input{{font:14px monospace;width:100%;padding:.5rem;margin:.25rem 0 .75rem;box-sizing:border-box}}\
         button{{font:inherit;padding:.4rem 1rem}}</style>\
         <h1>Strata</h1>{note}<p>{ask}</p>\
         <form method=post action=/login><input type=hidden name=to value=\"{to}\">\
         <label>{label}<input name=token type=password autocomplete=off autofocus required></label>\
         <button>{button}</button></form>",
        lang = words.language,
        ask = words.ask,
        label = words.label,
        button = words.button,
    );
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"strata\""));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

struct Words {
    language: &'static str,
    ask: &'static str,
    wrong: &'static str,
    label: &'static str,
    button: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    ask: "Open the address that <code>strata serve</code> printed, or enter the token from the file \
          <code>token</code> in its data directory.",
    wrong: "This token is not valid. An address that was printed works once; the session it began lasts.",
    label: "Token",
    button: "Open",
};

const CHINESE: Words = Words {
    language: "zh-CN",
    ask: "请打开 <code>strata serve</code> 打印出的地址，或输入数据目录中 <code>token</code> 文件里的令牌。",
    wrong: "令牌无效。打印出的地址只能使用一次；由它开始的会话会一直有效。",
    label: "令牌",
    button: "打开",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_on_this_server() {
        let clean = |uri: &str| clean_address(&uri.parse().expect(uri));
        assert_eq!(clean("/image/demo?token=x"), "/image/demo");
        assert_eq!(clean("/?a=b&token=x"), "/?a=b");
        assert_eq!(clean("/"), "/");
        assert_eq!(clean("//evil.example/x"), "/evil.example/x");
        assert_eq!(clean("http://evil.example/x"), "/x");
        assert_eq!(clean("/\\evil.example"), "/evil.example");
    }

    #[test]
    fn the_form_is_inert() {
        let response = form(&HeaderMap::new(), "/\"><script>", false);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(escape("/\"><script>&"), "/&quot;>&lt;script>&amp;");
    }
}
