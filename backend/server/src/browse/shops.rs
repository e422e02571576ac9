//! What registries have.

use http::header;
use strata_engine::{Engine, Shop};
use strata_oci::Reference;

use crate::{
    docker::{Failure, registry_login},
    http::{Call, Response, json},
};

/// `GET /api/registry/repositories?host=HOST&next=NEXT`.
pub async fn repositories(engine: Engine, call: Call) -> Result<Response, Failure> {
    let host = call.query().text("host");
    let host = host.ok_or_else(|| {
        Failure::invalid("the parameter host is missing: expected a registry's host[:port]")
    })?;
    let shop = shop(&call, &host);
    Ok(json(&engine.browse_repositories(&shop, call.query().text("next").as_deref()).await?))
}

/// `GET /api/registry/tags?ref=REF&next=NEXT`.
pub async fn tags(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (shop, name) = named(&call)?;
    Ok(json(&engine.browse_tags(&shop, &name, call.query().text("next").as_deref()).await?))
}

/// `GET /api/registry/tag?ref=REF`.
pub async fn tag(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (shop, name) = named(&call)?;
    Ok(json(&engine.browse_tag(&shop, &name).await?))
}

/// `GET /api/registry/detail?ref=REF`.
pub async fn detail(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (shop, name) = named(&call)?;
    Ok(json(&engine.browse_detail(&shop, &name).await?))
}

/// `GET /api/registry/freed?ref=REF`.
pub async fn freed(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (shop, name) = named(&call)?;
    Ok(json(&engine.browse_freed(&shop, &name).await?))
}

/// `DELETE /api/registry/tag?ref=REF`.
pub async fn remove(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (shop, name) = named(&call)?;
    Ok(json(&engine.browse_remove(&shop, &name).await?))
}

/// The reference of a call and the registry that it names.
pub(super) fn named(call: &Call) -> Result<(Shop, String), Failure> {
    let name = call.query().text("ref").ok_or_else(|| {
        Failure::invalid("the parameter ref is missing: expected HOST[:PORT]/REPOSITORY[:TAG]")
    })?;
    let reference: Reference =
        name.parse().map_err(|error| Failure::invalid(format!("{name:?}: {error}")))?;
    Ok((shop(call, reference.repository().domain()), name))
}

/// A registry; the one that the request was sent to is ours. The guard has seen to it that the host is one of our names.
pub(super) fn shop(call: &Call, host: &str) -> Shop {
    let ours = call.header(header::HOST).is_some_and(|own| own.eq_ignore_ascii_case(host));
    Shop { host: host.to_owned(), ours, login: registry_login(call) }
}
