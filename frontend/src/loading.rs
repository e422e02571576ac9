//! An archive on its way into the server: bytes sent, and docker's JSON stream about what was in it.

use strata_api::progress::Message;

/// An archive, from the moment it was dropped to its outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loading {
    /// The file's name, as the person's machine has it.
    pub file: String,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes in all.
    pub size: u64,
    /// The images that came out of it: names, or ids of those without.
    pub images: Vec<String>,
    /// How far it is.
    pub phase: Phase,
}

/// How far an archive is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Another one is being sent.
    #[default]
    Waiting,
    /// On its way.
    Sending,
    /// Sent; the server reads what is in it.
    Reading,
    /// Its images are here.
    Done,
    /// The person stopped it.
    Cancelled,
    /// What went wrong, as the server put it; empty if the connection ended.
    Failed(String),
}

impl Loading {
    /// One that waits.
    pub fn of(file: &str, size: u64) -> Self {
        Self { file: file.to_owned(), size, ..Self::default() }
    }

    /// Whether nothing more happens to it.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Cancelled | Phase::Failed(_))
    }

    /// How much of it was sent, of 1.
    pub fn share(&self) -> f64 {
        if self.size == 0 { 0.0 } else { (self.sent as f64 / self.size as f64).min(1.0) }
    }

    /// So many bytes are on their way.
    pub fn sends(&mut self, sent: u64) {
        if !self.has_ended() {
            self.sent = sent;
            self.phase = if sent < self.size { Phase::Sending } else { Phase::Reading };
        }
    }

    /// Takes the next message.
    pub fn take(&mut self, message: Message) {
        if let Some(error) = message.error_detail.map(|detail| detail.message).or(message.error) {
            self.phase = Phase::Failed(error);
            return;
        }
        let text = message.stream.unwrap_or_default();
        let named = text.strip_prefix("Loaded image: ").or_else(|| text.strip_prefix("Loaded image ID: "));
        self.images.extend(named.map(|name| name.trim().to_owned()));
    }

    /// The stream ended.
    pub fn close(&mut self) {
        if !self.has_ended() {
            self.phase = Phase::Done;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Loading {
        let mut loading = Loading::of("a.tar", 100);
        lines.iter().for_each(|line| loading.take(serde_json::from_str(line).expect(line)));
        loading
    }

    #[test]
    fn ends_with_its_images_or_an_error() {
        let mut good = told(&[
            r#"{"status":"Loading layer","progressDetail":{"current":1,"total":2},"id":"aa"}"#,
            r#"{"stream":"Loaded image: demo:latest\n"}"#,
            r#"{"stream":"Loaded image ID: sha256:ab\n"}"#,
        ]);
        good.close();
        assert_eq!((good.images, good.phase), (vec!["demo:latest".into(), "sha256:ab".into()], Phase::Done));
        let mut bad = told(&[r#"{"errorDetail":{"message":"no manifest"},"error":"no manifest"}"#]);
        bad.close();
        assert_eq!(bad.phase, Phase::Failed("no manifest".into()));
    }

    #[test]
    fn what_is_sent_is_a_share_of_the_file() {
        let mut loading = Loading::of("a.tar", 200);
        loading.sends(50);
        assert_eq!((loading.share(), &loading.phase), (0.25, &Phase::Sending));
        loading.sends(200);
        assert_eq!(loading.phase, Phase::Reading);
        loading.phase = Phase::Cancelled;
        loading.sends(10);
        assert_eq!(loading.phase, Phase::Cancelled, "a late figure changes nothing");
    }
}
