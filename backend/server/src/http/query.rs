//! The query of a request, kept raw: values are text for docker's routes and bytes for paths in images.

use percent_encoding::percent_decode_str;

/// The parameters of a query, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Splits a raw query; keys are decoded, values are not yet.
    pub fn parse(raw: &str) -> Self {
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_decode(key), value.to_owned())
        };
        Self(raw.split('&').filter(|pair| !pair.is_empty()).map(pair).collect())
    }

    fn raw(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The first value of `key` as text, if it is there and not empty.
    pub fn text(&self, key: &str) -> Option<String> {
        self.raw(key).map(form_decode).filter(|value| !value.is_empty())
    }

    /// All values of `key`.
    pub fn texts(&self, key: &str) -> Vec<String> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| form_decode(value)).collect()
    }

    /// The first value of `key` as the bytes of a path in an image.
    pub fn path(&self, key: &str) -> Option<Vec<u8>> {
        self.raw(key).map(strata_api::path::decode)
    }

    /// Whether `key` says yes: anything but nothing, `0`, `no`, `false` and `none`, as dockerd reads it.
    pub fn flag(&self, key: &str) -> bool {
        let value = self.text(key).unwrap_or_default().trim().to_ascii_lowercase();
        !matches!(value.as_str(), "" | "0" | "no" | "false" | "none")
    }

    /// Whether `key` is there, with whatever value.
    pub fn has(&self, key: &str) -> bool {
        self.raw(key).is_some()
    }

    /// The raw query without `key`, with its `?`; empty if nothing is left.
    pub fn without(&self, key: &str) -> String {
        let rest: Vec<String> = (self.0.iter().filter(|(name, _)| name != key))
            .map(|(name, value)| format!("{}={value}", strata_api::path::encode(name.as_bytes())))
            .collect();
        if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) }
    }
}

fn form_decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_bytes_and_flags() {
        let query =
            Query::parse("a=b+c%20d&path=etc/%FF+x&on=1&off=False&none=none&empty=&bare&type=x&type=y");
        assert_eq!(query.text("a").as_deref(), Some("b c d"));
        assert_eq!(query.path("path").as_deref(), Some(b"etc/\xff+x".as_slice()));
        assert!(query.flag("on") && query.flag("a"));
        for off in ["off", "none", "empty", "bare", "missing"] {
            assert!(!query.flag(off), "{off}");
        }
        assert_eq!(query.text("empty"), None);
        assert!(query.has("bare") && !query.has("missing"));
        assert_eq!(query.texts("type"), ["x", "y"]);
    }

    #[test]
    fn leaves_the_others() {
        assert_eq!(Query::parse("token=x").without("token"), "");
        assert_eq!(Query::parse("a=%2F&token=x&b=c").without("token"), "?a=%2F&b=c");
    }
}
