//! `docker search`.

use strata_registry::{FoundRepository, Login};

use crate::{Engine, Error, Filters, Kind};

const HUB: &str = "docker.io";
/// As with dockerd.
const LIMITS: std::ops::RangeInclusive<u32> = 1..=100;
const DEFAULT: u32 = 25;

impl Engine {
    /// Searches the registry that `term` starts with, else Docker Hub. Filters: `stars`, `is-official`, `is-automated`.
    pub async fn search(
        &self,
        term: &str,
        limit: Option<i64>,
        filters: &Filters,
        login: Option<Login>,
    ) -> Result<Vec<FoundRepository>, Error> {
        filters.only(&["is-automated", "is-official", "stars"])?;
        let automated = filters.flag("is-automated")?;
        let official = filters.flag("is-official")?;
        let stars = |text: &String| {
            text.parse::<i64>()
                .map_err(|_| Error::new(Kind::InvalidArgument, format!("Invalid filter 'stars={text}'")))
        };
        let stars = filters.get("stars").iter().map(stars).collect::<Result<Vec<_>, _>>()?;
        let limit = match limit {
            None | Some(0) => DEFAULT,
            Some(limit) => {
                u32::try_from(limit).ok().filter(|limit| LIMITS.contains(limit)).ok_or_else(|| {
                    let message = format!("Limit {limit} is outside the range of [1, 100]");
                    Error::new(Kind::InvalidArgument, message)
                })?
            }
        };
        let (domain, name) = split(term)?;
        let registry = &self.inner().registry;
        let found = match login {
            Some(login) => registry.with_login(domain, login).search(domain, name, limit).await?,
            None => registry.search(domain, name, limit).await?,
        };
        let wanted = |found: &FoundRepository| {
            automated.is_none_or(|wanted| found.is_automated == wanted)
                && official.is_none_or(|wanted| found.is_official == wanted)
                && stars.iter().all(|least| found.star_count >= *least)
        };
        // The names are as the registry has them, without its own: so has dockerd.
        Ok(found.into_iter().filter(wanted).collect())
    }
}

/// The registry and the term proper.
fn split(term: &str) -> Result<(&str, &str), Error> {
    if term.is_empty() || term.contains("://") {
        let message =
            "invalid reference format: a term to search for is needed, such as nginx or host:5000/nginx";
        return Err(Error::new(Kind::InvalidArgument, message));
    }
    match term.split_once('/') {
        Some((host, name)) if host.contains(['.', ':']) || host == "localhost" => match host {
            "docker.io" | "index.docker.io" => Ok((HUB, name.strip_prefix("library/").unwrap_or(name))),
            host => Ok((host, name)),
        },
        _ => Ok((HUB, term.strip_prefix("library/").unwrap_or(term))),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_registry_stands_before_the_term() {
        assert_eq!(split("nginx").expect("hub"), ("docker.io", "nginx"));
        assert_eq!(split("library/nginx").expect("hub"), ("docker.io", "nginx"));
        assert_eq!(split("team/nginx").expect("hub"), ("docker.io", "team/nginx"));
        assert_eq!(split("h:5000/a/b").expect("other"), ("h:5000", "a/b"));
        assert_eq!(split("localhost/a").expect("other"), ("localhost", "a"));
        assert!(split("").is_err() && split("https://x/y").is_err());
    }
}
