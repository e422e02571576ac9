//! `WWW-Authenticate`: how a registry wants us to show who we are.
//!
//! ```text
//! challenges := challenge *( "," challenge )
//! challenge  := scheme [ SP param *( "," param ) ]
//! param      := name "=" ( token | quoted-string )
//! ```

use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// A way to authenticate that we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Get a token from `realm`.
    Bearer {
        /// The token server's URL, unchecked.
        realm: String,
        service: Option<String>,
        scope: Option<String>,
        /// `insufficient_scope`, `invalid_token`.
        error: Option<String>,
    },
    /// Name and password with every request.
    Basic,
}

impl Challenge {
    /// The best challenge of a response: a token rather than a password.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter().take(8);
        let mut all: Vec<Self> = values.filter_map(|value| value.to_str().ok()).flat_map(parse).collect();
        let best = all.iter().position(|challenge| matches!(challenge, Self::Bearer { .. })).unwrap_or(0);
        (best < all.len()).then(|| all.swap_remove(best))
    }
}

fn parse(header: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some((word, after)) = token(rest) else { break };
        rest = after;
        match rest.trim_start().strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after.trim_start());
                rest = after;
                // A parameter before any scheme belongs to nothing.
                if let Some((_, params)) = found.last_mut() {
                    params.push((word.to_ascii_lowercase(), value));
                }
            }
            None => found.push((word.to_ascii_lowercase(), Vec::new())),
        }
    }
    found.into_iter().filter_map(|(scheme, params)| known(&scheme, params)).collect()
}

fn known(scheme: &str, params: Vec<(String, String)>) -> Option<Challenge> {
    let get = |name: &str| params.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    match scheme {
        "bearer" => Some(Challenge::Bearer {
            realm: get("realm")?,
            service: get("service"),
            scope: get("scope").filter(|scope| !scope.is_empty()),
            error: get("error"),
        }),
        "basic" => Some(Challenge::Basic),
        _ => None,
    }
}

fn token(text: &str) -> Option<(&str, &str)> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let end = text.bytes().position(|b| !word(b)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(headers: &[&str]) -> Option<Challenge> {
        let map = headers.iter().map(|h| (WWW_AUTHENTICATE, h.parse().expect("a header value"))).collect();
        Challenge::of(&map)
    }

    #[test]
    fn reads_what_registries_send() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| Challenge::Bearer {
            realm: realm.into(),
            service: service.map(Into::into),
            scope: scope.map(Into::into),
            error: None,
        };
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull""#;
        let hub_is = bearer(
            "https://auth.docker.io/token",
            Some("registry.docker.io"),
            Some("repository:library/busybox:pull"),
        );
        assert_eq!(best(&[hub]), Some(hub_is.clone()));
        assert_eq!(best(&[r#"Basic realm="x", "#, hub]), Some(hub_is.clone()));
        assert_eq!(best(&[&format!(r#"Negotiate, Basic realm="a, Bearer b", {hub}"#)]), Some(hub_is));
        assert_eq!(best(&[r#"Basic realm="Registry Realm""#]), Some(Challenge::Basic));
        assert_eq!(best(&["basic"]), Some(Challenge::Basic));
        assert_eq!(
            best(&[r#"bearer REALM=https://x/t , scope="""#]),
            Some(bearer("https://x/t", None, None))
        );
        assert_eq!(best(&[r#"Bearer realm="a\"b\\c""#]), Some(bearer(r#"a"b\c"#, None, None)));
    }

    #[test]
    fn survives_nonsense() {
        for text in [
            "",
            ",,,",
            "Bearer",
            "Bearer realm",
            "realm=\"x\"",
            "Bearer realm=\"unterminated",
            "=",
            "Bearer =x",
            "\"",
            "Digest realm=x",
        ] {
            let _ = best(&[text]);
        }
        assert_eq!(best(&["Bearer service=x"]), None);
        assert_eq!(best(&[]), None);
    }
}
