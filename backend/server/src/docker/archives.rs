//! Images as archives: save and load.

use futures_util::stream;
use http::{HeaderValue, header};
use strata_engine::{Engine, LoadRequest, SaveRequest};

use super::{Failure, pull::follow};
use crate::{
    Shutdown,
    http::{Body, Call, Lines, Response, read_ahead},
};

/// `GET /images/{name}/get`: an archive of one image, or of all of a repository. `platform`.
pub async fn save_one(engine: Engine, call: Call) -> Result<Response, Failure> {
    let names = vec![call.param("name").to_owned()];
    save(engine, names, call.query().text("platform")).await
}

/// `GET /images/get`: an archive of the images `names`. `platform`.
pub async fn save_many(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    save(engine, query.texts("names"), query.text("platform")).await
}

async fn save(engine: Engine, names: Vec<String>, platform: Option<String>) -> Result<Response, Failure> {
    let names = names.into_iter().filter(|name| !name.is_empty()).collect();
    let mut pieces =
        engine.save(SaveRequest { names, platform: platform.and_then(|text| given(&text)) }).await?;
    let mut response =
        Response::new(Body::from_stream(stream::poll_fn(move |context| pieces.poll_recv(context))));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    Ok(response)
}

/// `POST /images/load`: the body, an archive. `quiet`, `platform`.
pub async fn load((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let platform = query.text("platform").and_then(|text| given(&text));
    let request = LoadRequest { quiet: query.flag("quiet"), platform };
    let archive = read_ahead(call.request.into_body());
    Ok(Lines::DOS.reply(follow(None, engine.load(archive, request), shutdown, "the load")))
}

/// Clients of API 1.48 send a platform as JSON, others as `os/architecture`.
pub(super) fn given(text: &str) -> Option<String> {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return Some(text.to_owned()) };
    let part = |key: &str| value[key].as_str().filter(|part| !part.is_empty());
    let parts: Vec<&str> = ["os", "architecture", "variant"].into_iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::given;

    #[test]
    fn platforms_come_in_two_forms() {
        assert_eq!(given("linux/arm64").as_deref(), Some("linux/arm64"));
        assert_eq!(
            given(r#"{"os":"linux","architecture":"arm","variant":"v7"}"#).as_deref(),
            Some("linux/arm/v7")
        );
        assert_eq!(given("{}"), None);
    }
}
