//! A pull or a push as it goes: docker's JSON stream folded into a row per layer.

use strata_api::progress::Message;

/// A pull or a push, from the first message to its outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pulling {
    /// A row per layer, in the order they were named.
    pub layers: Vec<Layer>,
    /// `sha256:…` of what was pulled or pushed, once known.
    pub digest: Option<String>,
    /// How it ended, once it has.
    pub outcome: Option<Outcome>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The image is here now.
    Pulled,
    /// The registry has it now.
    Pushed,
    /// It was here already.
    UpToDate,
    /// The person stopped it.
    Cancelled,
    /// What went wrong, as the server put it.
    Failed(String),
}

/// A layer's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// First digits of the blob's digest.
    pub id: String,
    /// What is happening to it.
    pub phase: Phase,
    /// Bytes done in this phase.
    pub current: u64,
    /// Bytes to do; 0 if nobody knows.
    pub total: u64,
    /// The repository that it was mounted from.
    pub from: String,
}

/// What is happening to a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Named, nothing more yet.
    Waiting,
    /// On its way.
    Downloading,
    /// Here; its digest is being checked, or it waits to be unpacked.
    Downloaded,
    /// Being unpacked.
    Extracting,
    /// Ready.
    Done,
    /// It was here before.
    Present,
    /// On its way to the registry.
    Pushing,
    /// The registry has it now.
    Pushed,
    /// The registry had it before.
    Exists,
    /// The registry had it in another repository.
    Mounted,
}

impl Layer {
    /// How far this phase is, of 1; `None` when that isn't known.
    pub fn share(&self) -> Option<f64> {
        match self.phase {
            Phase::Downloading | Phase::Extracting | Phase::Pushing if self.total > 0 => {
                Some((self.current as f64 / self.total as f64).min(1.0))
            }
            Phase::Waiting | Phase::Downloading | Phase::Extracting | Phase::Pushing => None,
            _ => Some(1.0),
        }
    }
}

impl Pulling {
    /// Takes the next message.
    pub fn take(&mut self, message: Message) {
        if let Some(error) = message.error_detail.map(|detail| detail.message).or(message.error) {
            self.outcome = Some(Outcome::Failed(error));
            return;
        }
        let status = message.status.unwrap_or_default();
        if let Some(digest) = status.strip_prefix("Digest: ") {
            self.digest = Some(digest.to_owned());
        } else if status.starts_with("Status: Image is up to date") {
            self.outcome = Some(Outcome::UpToDate);
        } else if status.starts_with("Status: Downloaded") {
            self.outcome = Some(Outcome::Pulled);
        } else if let Some((digest, _)) =
            status.split_once(": digest: ").and_then(|(_, rest)| rest.split_once(' '))
        {
            self.digest = Some(digest.to_owned());
            self.outcome = Some(Outcome::Pushed);
        } else if let (Some(id), Some(phase)) = (message.id, phase(&status)) {
            let detail = message.progress_detail.unwrap_or_default();
            let row = self.update(id, phase, detail.current, detail.total);
            if let Some(from) = status.strip_prefix(MOUNTED) {
                row.from = from.to_owned();
            }
        }
    }

    /// The stream ended: without a word about success, something cut it.
    pub fn close(&mut self, cut: &str) {
        self.outcome.get_or_insert_with(|| Outcome::Failed(cut.to_owned()));
    }

    fn update(&mut self, id: String, phase: Phase, current: Option<u64>, total: Option<u64>) -> &mut Layer {
        let place = self.layers.iter().position(|layer| layer.id == id).unwrap_or_else(|| {
            self.layers.push(Layer { id, phase, current: 0, total: 0, from: String::new() });
            self.layers.len() - 1
        });
        let row = &mut self.layers[place];
        row.phase = phase;
        if let Some(total) = total.filter(|total| *total > 0) {
            row.total = total;
        }
        match current {
            Some(current) => row.current = current,
            None if matches!(phase, Phase::Downloaded | Phase::Done) => row.current = row.total,
            None => {}
        }
        row
    }
}

const MOUNTED: &str = "Mounted from ";

fn phase(status: &str) -> Option<Phase> {
    Some(match status {
        "Pulling fs layer" | "Waiting" | "Preparing" => Phase::Waiting,
        "Downloading" => Phase::Downloading,
        "Verifying Checksum" | "Download complete" => Phase::Downloaded,
        "Extracting" => Phase::Extracting,
        "Pull complete" => Phase::Done,
        "Already exists" => Phase::Present,
        "Pushing" => Phase::Pushing,
        "Pushed" => Phase::Pushed,
        "Layer already exists" => Phase::Exists,
        _ if status.starts_with(MOUNTED) => Phase::Mounted,
        _ if status.starts_with("Retrying") => Phase::Waiting,
        _ => return None,
    })
}

/// Cuts a stream of bytes into lines, however it was cut into chunks.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that `chunk` completes, without their ends; empty ones are left out.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Vec<u8>> {
        self.rest.extend_from_slice(chunk);
        let Some(last) = self.rest.iter().rposition(|b| *b == b'\n') else { return Vec::new() };
        let rest = self.rest.split_off(last + 1);
        let whole = std::mem::replace(&mut self.rest, rest);
        whole
            .split(|b| *b == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulled(lines: &str) -> Pulling {
        let mut pulling = Pulling::default();
        for line in lines.lines() {
            pulling.take(serde_json::from_str(line).expect(line));
        }
        pulling
    }

    #[test]
    fn follows_each_layer() {
        let pulling = pulled(
            r#"{"status":"Pulling from demo","id":"latest"}
            {"status":"Pulling fs layer","progressDetail":{},"id":"aaa"}
            {"status":"Already exists","progressDetail":{},"id":"bbb"}
            {"status":"Downloading","progressDetail":{"current":50,"total":200},"progress":"[=>]","id":"aaa"}"#,
        );
        assert_eq!(pulling.layers.len(), 2);
        assert_eq!(pulling.layers[0].share(), Some(0.25));
        assert_eq!(pulling.layers[1].phase, Phase::Present);
        assert_eq!(pulling.outcome, None);
    }

    #[test]
    fn ends_in_one_of_four_ways() {
        let up_to_date = pulled(
            r#"{"status":"Digest: sha256:ab"}
            {"status":"Status: Image is up to date for demo:latest"}"#,
        );
        assert_eq!(
            (up_to_date.digest.as_deref(), up_to_date.outcome),
            (Some("sha256:ab"), Some(Outcome::UpToDate))
        );
        let failed = pulled(r#"{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"#);
        assert_eq!(failed.outcome, Some(Outcome::Failed("manifest unknown".into())));
        let mut cut = pulled(r#"{"status":"Pulling fs layer","id":"a"}"#);
        cut.close("the connection ended");
        assert_eq!(cut.outcome, Some(Outcome::Failed("the connection ended".into())));
    }

    #[test]
    fn a_push_says_where_each_layer_came_from() {
        let pushing = pulled(
            r#"{"status":"The push refers to repository [127.0.0.1:5000/demo]"}
            {"status":"Preparing","progressDetail":{},"id":"aaa"}
            {"status":"Preparing","progressDetail":{},"id":"bbb"}
            {"status":"Preparing","progressDetail":{},"id":"ccc"}
            {"status":"Layer already exists","progressDetail":{},"id":"bbb"}
            {"status":"Mounted from other/demo","progressDetail":{},"id":"ccc"}
            {"status":"Pushing","progressDetail":{"current":50,"total":200},"id":"aaa"}"#,
        );
        let phases: Vec<Phase> = pushing.layers.iter().map(|layer| layer.phase).collect();
        assert_eq!(phases, [Phase::Pushing, Phase::Exists, Phase::Mounted]);
        assert_eq!((pushing.layers[0].share(), &*pushing.layers[2].from), (Some(0.25), "other/demo"));
        assert_eq!(pushing.outcome, None);
        let done = pulled(r#"{"status":"latest: digest: sha256:ab size: 527"}"#);
        assert_eq!((done.digest.as_deref(), done.outcome), (Some("sha256:ab"), Some(Outcome::Pushed)));
    }

    #[test]
    fn lines_survive_any_cut() {
        let whole = b"{\"a\":1}\r\n\n{\"b\":\"\xe6\x96\x87\"}\n{\"c\"";
        for cut in 0..whole.len() {
            let mut lines = Lines::default();
            let mut all = lines.push(&whole[..cut]);
            all.extend(lines.push(&whole[cut..]));
            assert_eq!(all, [b"{\"a\":1}".to_vec(), b"{\"b\":\"\xe6\x96\x87\"}".to_vec()]);
        }
    }
}
