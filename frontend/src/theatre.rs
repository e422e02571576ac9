//! The registry theatre: a play's scenes folded into rows, and what each row says.

use strata_api::theatre::{Call, Deed, Play, Row, Scenes, What};
use strata_oci::Digest;

use crate::{
    figures::Size,
    names,
    words::{Lang, Talk},
};

/// A play as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// The whole.
    pub play: Option<Play>,
    /// Its layers, bottom first.
    pub layers: Vec<Digest>,
    /// Its rows, in order.
    pub rows: Vec<Row>,
    /// Rows that are not kept.
    pub dropped: u32,
}

/// How a row went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It goes on.
    Going,
    /// As it should.
    Well,
    /// It saved something: nothing was sent.
    Spared,
    /// The registry asks for a login first, which is part of the usual course.
    Asked,
    /// Not as it should.
    Badly,
}

impl Stage {
    /// Takes what happened since.
    pub fn take(&mut self, scenes: Scenes) {
        for row in scenes.rows {
            let (at, count) = (row.number as usize, self.rows.len());
            match self.rows.get_mut(at) {
                Some(known) => *known = row,
                // Rows come in order, so the next one is the only new one.
                None if at == count => self.rows.push(row),
                None => {}
            }
        }
        self.play = Some(scenes.play);
        self.layers = scenes.layers;
        self.dropped = scenes.dropped;
    }

    /// The place of the layer that a row is about, 0 at the bottom.
    pub fn layer(&self, row: &Row) -> Option<usize> {
        let digest = row.what.digest()?;
        self.layers.iter().position(|layer| layer == digest)
    }

    /// Whether it goes on.
    pub fn is_going(&self) -> bool {
        self.play.as_ref().is_some_and(|play| play.end.is_none())
    }

    /// The registries that were asked, in order.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for call in self.rows.iter().filter_map(|row| row.call.as_ref()) {
            if !hosts.contains(&call.host) {
                hosts.push(call.host.clone());
            }
        }
        hosts
    }
}

/// How a row went.
pub fn mood(row: &Row) -> Mood {
    let Some(call) = &row.call else { return Mood::Spared };
    if call.failure.is_some() {
        return Mood::Badly;
    }
    match (&row.what, call.status) {
        (_, None) if call.took.is_some() => Mood::Badly,
        (_, None) => Mood::Going,
        (What::Check { .. }, Some(200)) | (What::Mount { .. }, Some(201)) => Mood::Spared,
        (What::Check { .. }, Some(404)) => Mood::Well,
        (_, Some(401)) => Mood::Asked,
        (_, Some(status)) if status >= 400 => Mood::Badly,
        _ if call.took.is_none() => Mood::Going,
        _ => Mood::Well,
    }
}

/// What a row asks for, in words.
pub fn said(row: &Row, deed: Deed, lang: Lang) -> String {
    let short = |digest: &Digest| digest.short().to_owned();
    match &row.what {
        What::Ping => Talk::AskPing.text(lang).to_owned(),
        What::Token { scope } if scope.is_empty() => Talk::AskTokenAny.text(lang).to_owned(),
        What::Token { scope } => Talk::AskToken.with(lang, &[&names::text(scope)]),
        What::Manifest { reference } => match reference.strip_prefix("sha256:") {
            Some(hex) => Talk::AskManifest.with(lang, &[hex.get(..12).unwrap_or(hex)]),
            None => Talk::AskManifestTag.with(lang, &[&names::text(reference)]),
        },
        What::Blob { digest } => {
            let from = row.call.as_ref().map_or(0, |call| call.from);
            match from {
                0 => Talk::AskBlob.with(lang, &[&short(digest)]),
                from => Talk::AskBlobRest.with(lang, &[&short(digest), &Size::of(from).to_string()]),
            }
        }
        What::Check { digest } => Talk::AskCheck.with(lang, &[&short(digest)]),
        What::Mount { digest, from } => Talk::AskMount.with(lang, &[&short(digest), &names::text(from)]),
        What::Begin { digest } => Talk::AskBegin.with(lang, &[&short(digest)]),
        What::Send { digest } => match row.call.as_ref().map_or(0, |call| call.from) {
            0 => Talk::AskSend.with(lang, &[&short(digest)]),
            from => Talk::AskSendRest.with(lang, &[&short(digest), &Size::of(from).to_string()]),
        },
        What::Finish { digest } => Talk::AskFinish.with(lang, &[&short(digest)]),
        What::Progress { digest } => Talk::AskProgress.with(lang, &[&short(digest)]),
        What::Put { reference } => Talk::AskPut.with(lang, &[&names::text(reference)]),
        What::Tags => Talk::AskTags.text(lang).to_owned(),
        What::Catalog => Talk::AskCatalog.text(lang).to_owned(),
        What::Referrers { digest } => Talk::AskReferrers.with(lang, &[&short(digest)]),
        What::Search => Talk::AskSearch.text(lang).to_owned(),
        What::Here { digest, .. } => Talk::NotAskedHere.with(lang, &[&short(digest)]),
        What::Joined { digest, .. } => Talk::NotAskedJoined.with(lang, &[&short(digest)]),
        What::UpToDate => match deed {
            Deed::Pull | Deed::Push => Talk::NotAskedUpToDate.text(lang).to_owned(),
        },
    }
}

/// What the answer means, in words; nothing where the status says enough.
pub fn answered(row: &Row, lang: Lang) -> Option<String> {
    let call = row.call.as_ref()?;
    if let Some(failure) = &call.failure {
        return Some(names::text(failure).into_owned());
    }
    let word = match (&row.what, call.status?) {
        (What::Check { .. }, 200) => Talk::SaidExists,
        (What::Check { .. }, 404) => Talk::SaidLacks,
        (What::Mount { .. }, 201) => Talk::SaidMounted,
        (What::Mount { .. }, 202) => Talk::SaidNotMounted,
        (What::Token { .. }, 200) => Talk::SaidToken,
        (_, 401) => Talk::SaidLogin,
        (What::Begin { .. }, 202) => Talk::SaidBegin,
        (What::Finish { .. } | What::Put { .. }, 201) => Talk::SaidStored,
        (_, 206) => Talk::SaidResumed,
        (_, 403) => Talk::SaidDenied,
        (_, 404) => Talk::SaidNotFound,
        (_, 429) => Talk::SaidTooMany,
        (_, 500..) => Talk::SaidTrouble,
        _ => return None,
    };
    Some(word.text(lang).to_owned())
}

/// What a row teaches, in a sentence.
pub fn lesson(row: &Row) -> Talk {
    match (&row.what, row.call.as_ref()) {
        (_, Some(call)) if call.from > 0 => Talk::LessonRange,
        (_, Some(call)) if !call.redirects.is_empty() => Talk::LessonRedirect,
        (What::Ping, _) => Talk::LessonPing,
        (What::Token { .. }, _) => Talk::LessonToken,
        (What::Manifest { reference }, _) if reference.contains(':') => Talk::LessonManifestDigest,
        (What::Manifest { .. }, _) => Talk::LessonManifest,
        (What::Blob { .. }, _) => Talk::LessonBlob,
        (What::Check { .. }, _) => Talk::LessonCheck,
        (What::Mount { .. }, _) => Talk::LessonMount,
        (What::Begin { .. }, _) => Talk::LessonBegin,
        (What::Send { .. }, _) => Talk::LessonSend,
        (What::Finish { .. }, _) => Talk::LessonFinish,
        (What::Progress { .. }, _) => Talk::LessonProgress,
        (What::Put { .. }, _) => Talk::LessonPut,
        (What::Tags | What::Catalog | What::Referrers { .. } | What::Search, _) => Talk::LessonList,
        (What::Here { .. }, _) => Talk::LessonHere,
        (What::Joined { .. }, _) => Talk::LessonJoined,
        (What::UpToDate, _) => Talk::LessonUpToDate,
    }
}

/// Whether a request's bytes go to the registry.
pub fn sends(call: &Call) -> bool {
    matches!(call.method.as_str(), "PATCH" | "PUT" | "POST")
}

/// How much of a request's bytes went over the network, of 1; `None` where that isn't known or nothing goes.
pub fn share(call: &Call) -> Option<f64> {
    let expected = call.expected.filter(|expected| *expected > 0)?;
    Some((call.bytes as f64 / expected as f64).min(1.0))
}

/// Bytes per second, once there is enough to tell; `now` is milliseconds since the play began.
pub fn rate(row: &Row, now: u64) -> Option<u64> {
    let call = row.call.as_ref()?;
    let took = call.took.unwrap_or_else(|| now.saturating_sub(row.at));
    (call.bytes >= 65_536 && took >= 20).then(|| call.bytes.saturating_mul(1000) / took)
}

/// `4 ms`, `1.25 s`, `2 min 5 s`.
pub fn time(milliseconds: u64) -> String {
    match milliseconds {
        0..1000 => format!("{milliseconds} ms"),
        1000..10_000 => format!("{:.2} s", milliseconds as f64 / 1000.0),
        10_000..60_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds / 1000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        Digest::of(b"layer")
    }

    fn call(method: &str, status: Option<u16>) -> Call {
        Call {
            method: method.into(),
            host: "r.example".into(),
            path: "/v2/".into(),
            attempt: 1,
            from: 0,
            expected: None,
            bytes: 0,
            authorized: false,
            status,
            redirects: Vec::new(),
            took: Some(3),
            failure: None,
        }
    }

    fn row(number: u32, what: What, call: Option<Call>) -> Row {
        Row { number, at: 0, what, call }
    }

    fn scenes(rows: Vec<Row>) -> Scenes {
        let play = Play {
            id: "1".into(),
            deed: Deed::Pull,
            image: "demo".into(),
            began: 0,
            took: None,
            end: None,
            requests: 0,
            received: 0,
            sent: 0,
            spared: 0,
        };
        Scenes { play, layers: vec![Digest::of(b"base"), digest()], rows, dropped: 0 }
    }

    #[test]
    fn later_rows_replace_earlier_ones() {
        let mut stage = Stage::default();
        stage.take(scenes(vec![row(0, What::Ping, Some(call("GET", None))), row(1, What::Tags, None)]));
        stage.take(scenes(vec![row(0, What::Ping, Some(call("GET", Some(200)))), row(9, What::Tags, None)]));
        assert_eq!(stage.rows.len(), 2, "a row out of order has no place");
        assert_eq!(stage.rows[0].call.as_ref().and_then(|call| call.status), Some(200));
        assert_eq!(stage.hosts(), ["r.example"]);
        assert_eq!(stage.layer(&row(2, What::Blob { digest: digest() }, None)), Some(1));
    }

    #[test]
    fn answers_are_judged() {
        let check = What::Check { digest: digest() };
        let mount = What::Mount { digest: digest(), from: "a".into() };
        let cases = [
            (check.clone(), Some(200), Mood::Spared),
            (check, Some(404), Mood::Well),
            (mount.clone(), Some(201), Mood::Spared),
            (mount, Some(202), Mood::Well),
            (What::Ping, Some(401), Mood::Asked),
            (What::Tags, Some(500), Mood::Badly),
            (What::Tags, None, Mood::Badly),
        ];
        for (what, status, expected) in cases {
            assert_eq!(
                mood(&row(0, what.clone(), Some(call("GET", status)))),
                expected,
                "{what:?} {status:?}"
            );
        }
        assert_eq!(mood(&row(0, What::UpToDate, None)), Mood::Spared);
        let going = Call { took: None, ..call("GET", None) };
        assert_eq!(mood(&row(0, What::Ping, Some(going))), Mood::Going);
    }

    #[test]
    fn figures_of_requests() {
        let half = Call { expected: Some(1_000_000), bytes: 500_000, took: None, ..call("GET", Some(200)) };
        assert_eq!(share(&half), Some(0.5));
        assert_eq!(rate(&row(0, What::Tags, Some(half)), 250), Some(2_000_000));
        assert_eq!(share(&call("GET", Some(200))), None);
        assert_eq!([7, 1250, 12_345, 125_000].map(time), ["7 ms", "1.25 s", "12.3 s", "2 min 5 s"]);
    }

    #[test]
    fn every_row_says_something() {
        let digest = digest();
        let all = [
            What::Ping,
            What::Token { scope: "repository:demo:pull".into() },
            What::Manifest { reference: "latest".into() },
            What::Blob { digest: digest.clone() },
            What::Check { digest: digest.clone() },
            What::Mount { digest: digest.clone(), from: "other".into() },
            What::Begin { digest: digest.clone() },
            What::Send { digest: digest.clone() },
            What::Finish { digest: digest.clone() },
            What::Progress { digest: digest.clone() },
            What::Put { reference: "latest".into() },
            What::Here { digest: digest.clone(), size: 1 },
            What::Joined { digest, size: 1 },
            What::UpToDate,
        ];
        for what in all {
            let row = row(0, what, Some(call("GET", Some(200))));
            for lang in [Lang::En, Lang::Zh] {
                assert!(!said(&row, Deed::Pull, lang).contains("{}") && !lesson(&row).text(lang).is_empty());
            }
        }
    }
}
