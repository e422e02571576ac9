//! The forecast as the page shows it: what each step of the text in the editor would do, and why.

use std::collections::BTreeMap;

use strata_api::{
    path,
    workshop::{BaseState, CacheState, FileEntry},
};
use strata_dockerfile::{
    Base, Dockerfile, Severity, Stages,
    context::{Entry, Kind, Listing},
    forecast::{BaseImage, Cache, Cause, Change, Forecast, Last, Request, State, StepForecast, forecast},
    ignore::Ignore,
};

use super::lines::Mark;
use crate::{
    figures::Size,
    names,
    words::{Craft, Lang},
};

/// What a forecast is made from.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// The Dockerfile.
    pub file: &'a Dockerfile,
    /// Its text.
    pub text: &'a str,
    /// The context, as [`sent`] has it.
    pub context: &'a Listing,
    /// What the names of images mean now.
    pub bases: &'a BTreeMap<String, BaseState>,
    /// What was built before, as [`known`] has it.
    pub records: &'a Cache,
    /// The engine's platform.
    pub platform: &'a str,
    /// Build arguments that have a value.
    pub args: &'a [(String, String)],
    /// The stage to stop at.
    pub target: Option<&'a str>,
    /// Whether every step is to run.
    pub no_cache: bool,
    /// The workshop.
    pub workshop: &'a str,
}

/// What a build would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foresight {
    forecast: Forecast,
}

/// What a build of what is there now would do.
pub fn foresee(now: &Now<'_>) -> Foresight {
    let request = Request {
        arguments: now.args.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect(),
        target: now.target.map(str::to_owned),
        no_cache: now.no_cache,
        workshop: Some(now.workshop.to_owned()),
        platform: now.platform.to_owned(),
    };
    let bases = now.bases.iter().map(|(name, state)| (name.clone(), base(state))).collect();
    let mut made = forecast(now.file, &request, &bases, now.context, now.records);
    // While a line is being typed the ones above it stay what they are.
    if made.steps.is_empty()
        && let Some(above) = above_the_first_error(now.file, now.text)
    {
        let file = Dockerfile::parse(above);
        let request = Request { target: None, ..request };
        let steps = forecast(&file, &request, &bases, now.context, now.records).steps;
        made.steps = steps;
    }
    Foresight { forecast: made }
}

/// The text up to the first instruction that is refused.
fn above_the_first_error<'a>(file: &Dockerfile, text: &'a str) -> Option<&'a str> {
    let error = file.diagnostics.iter().find(|one| one.severity == Severity::Error)?;
    let refused = file.instructions.iter().find(|one| one.span.end >= error.span.start)?;
    let above = text.get(..refused.span.start as usize)?;
    (!above.trim().is_empty()).then_some(above)
}

/// What a builder sees of a context; `ignore` is the text of `.dockerignore`. Made once for many forecasts.
pub fn sent(entries: &[FileEntry], ignore: &str) -> Listing {
    Listing::new(entries.iter().map(entry).collect(), &Ignore::parse(ignore))
}

/// What was built before, to be looked up in. Made once for many forecasts.
pub fn known(state: &CacheState) -> Cache {
    Cache::new(state.records.clone(), state.truncated)
}

fn base(state: &BaseState) -> BaseImage {
    match state {
        BaseState::Here { image, config, .. } => {
            BaseImage::Here { image: image.clone(), config: config.clone() }
        }
        BaseState::Absent | BaseState::Invalid { .. } => BaseImage::Absent,
    }
}

fn entry(file: &FileEntry) -> Entry {
    // A name that is no UTF-8 is shown to the builder as it is on the wire.
    let text =
        |encoded: &str| String::from_utf8(path::decode(encoded)).unwrap_or_else(|_| encoded.to_owned());
    let digest = || file.digest.as_ref().map(ToString::to_string).unwrap_or_default();
    let (kind, content) = match file.kind {
        'd' => (Kind::Directory, String::new()),
        'l' => (Kind::Link, file.target.as_deref().map(text).unwrap_or_default()),
        _ => (Kind::File, digest()),
    };
    Entry { path: text(&file.path), kind, mode: file.mode, owner: (0, 0), size: file.size, content }
}

/// The images that a text builds on or takes files from, each once.
pub fn bases(file: &Dockerfile, args: &[(String, String)]) -> Vec<String> {
    let given = args.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
    let stages = Stages::of(file, &given);
    let sources =
        stages.stages.iter().flat_map(|stage| stage.uses.iter().map(|used| &used.from).chain([&stage.base]));
    let mut names: Vec<String> = sources
        .filter_map(|base| if let Base::Image(name) = base { Some(name.clone()) } else { None })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A cause in words.
pub fn say(cause: &Cause, lang: Lang) -> String {
    let text = |word: Craft, text: &str| word.with(lang, &[&names::middle(&names::text(text), 64)]);
    match cause {
        Cause::NoCache => Craft::CauseNoCache.text(lang).to_owned(),
        Cause::NeverBuilt => Craft::CauseNever.text(lang).to_owned(),
        Cause::Instruction { .. } => Craft::CauseInstruction.text(lang).to_owned(),
        Cause::Moved { from } => Craft::CauseMoved.with(lang, &[&from.to_string()]),
        Cause::Argument { name, .. } => text(Craft::CauseArgument, name),
        Cause::File { path, change, others } => {
            let word = match change {
                Change::Added => Craft::CauseAdded,
                Change::Removed => Craft::CauseRemoved,
                Change::Content => Craft::CauseContent,
                Change::Mode => Craft::CauseMode,
            };
            match others {
                0 => text(word, path),
                others => {
                    format!("{} {}", text(word, path), Craft::CauseOthers.with(lang, &[&others.to_string()]))
                }
            }
        }
        Cause::Files => Craft::CauseFiles.text(lang).to_owned(),
        Cause::Base { reference, .. } => text(Craft::CauseBase, reference),
        Cause::Gone => Craft::CauseGone.text(lang).to_owned(),
        Cause::Pull { reference } => text(Craft::CauseBaseAbsent, reference),
        Cause::Source { from } => text(Craft::CauseSource, from),
        Cause::Remote { url } => text(Craft::CauseRemote, url),
        Cause::Truncated => Craft::CauseTruncated.text(lang).to_owned(),
        Cause::After { step } => Craft::CauseParent.with(lang, &[&step.to_string()]),
    }
}

impl Foresight {
    /// The marks of all instructions, by their place in the file.
    pub fn marks(&self, instructions: usize, lang: Lang) -> Vec<Option<Mark>> {
        let mut marks = vec![None; instructions];
        // A base's triggers are told at its FROM, which comes first.
        for step in self.forecast.steps.iter().filter(|step| !step.trigger) {
            if let Some(mark) = marks.get_mut(step.instruction) {
                *mark = self.mark(step, lang);
            }
        }
        marks
    }

    /// What the editor draws at a step's line.
    fn mark(&self, step: &StepForecast, lang: Lang) -> Option<Mark> {
        let (name, sign, word) = match &step.state {
            State::Argument => return None,
            State::Base(Some(_)) => ("base", "·", Craft::ForecastBase),
            State::Base(None) => ("unknown", "?", Craft::ForecastUnknown),
            State::Cached(_) => ("cached", "✓", Craft::ForecastCached),
            State::Runs => ("runs", "↻", Craft::ForecastRuns),
            State::Unknown => ("unknown", "?", Craft::ForecastUnknown),
            State::Fails(_) => ("fails", "✕", Craft::ForecastFails),
        };
        let last = step.last.map(|took| last(took, lang));
        // What follows from an earlier step needs no words of its own in the line.
        let own = step.cause.as_ref().filter(|cause| !matches!(cause, Cause::After { .. }));
        let own = own.map(|cause| say(cause, lang));
        let fails = match &step.state {
            State::Fails(why) => Some(names::text(&names::middle(why, 90)).into_owned()),
            _ => None,
        };
        let shown = matches!(step.state, State::Runs | State::Unknown).then(|| last.clone()).flatten();
        let join = |parts: [Option<String>; 4]| parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let cause = step.cause.as_ref().map(|cause| say(cause, lang));
        Some(Mark {
            name,
            sign,
            note: join([own, fails.clone(), shown, None]),
            title: join([Some(word.text(lang).to_owned()), fails.or(cause), last, self.more(step, lang)]),
        })
    }

    /// What follows from a step that runs for its own reasons.
    fn more(&self, step: &StepForecast, lang: Lang) -> Option<String> {
        let after = Cause::After { step: step.number };
        let follow = self.forecast.steps.iter().filter(|other| other.cause.as_ref() == Some(&after));
        let (mut count, mut sum) = (0usize, Last::default());
        for other in follow {
            let took = other.last.unwrap_or_default();
            count += 1;
            sum.bytes = sum.bytes.saturating_add(took.bytes);
            sum.milliseconds = sum.milliseconds.saturating_add(took.milliseconds);
        }
        (count > 0).then(|| Craft::ForecastMore.with(lang, &[&count.to_string(), &last(sum, lang)]))
    }

    /// What a build would take: steps in all, those from the cache, those that run or may run, and what these took last time
    /// if that is known of all.
    pub fn summary(&self) -> Summary {
        let steps = || self.forecast.steps.iter().filter(|step| !step.trigger);
        let may_run = |step: &&StepForecast| matches!(step.state, State::Runs | State::Unknown);
        let cost = steps().filter(may_run).try_fold(Last::default(), |sum, step| {
            let took = step.last?;
            Some(Last { bytes: sum.bytes + took.bytes, milliseconds: sum.milliseconds + took.milliseconds })
        });
        let running = steps().filter(may_run).count();
        Summary {
            cached: steps().filter(|step| matches!(step.state, State::Cached(_))).count(),
            running,
            unknown: steps().filter(|step| step.state == State::Unknown).count(),
            cost: cost.filter(|_| running > 0),
            refused: self.forecast.refused.clone(),
        }
    }

    /// Whether a step of a build was foreseen to come from the cache; `None` where nothing was foreseen.
    pub fn was_cached(&self, number: usize) -> Option<bool> {
        let step = self.forecast.steps.iter().find(|step| step.number == number && !step.trigger)?;
        match step.state {
            State::Cached(_) => Some(true),
            State::Runs => Some(false),
            _ => None,
        }
    }
}

/// What a build would take, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Steps from the cache.
    pub cached: usize,
    /// Steps that run or may run.
    pub running: usize,
    /// Those of them of which it isn't known before.
    pub unknown: usize,
    /// What those took last time.
    pub cost: Option<Last>,
    /// Why nothing will be built at all.
    pub refused: Option<String>,
}

fn last(last: Last, lang: Lang) -> String {
    let time = took(last.milliseconds);
    match last.bytes {
        0 => Craft::ForecastLast.with(lang, &[&time]),
        bytes => Craft::ForecastLastBytes.with(lang, &[&time, &Size::of(bytes).to_string()]),
    }
}

/// A duration as people read it: `0.3 s`, `14 s`, `2 min 5 s`.
pub fn took(milliseconds: u64) -> String {
    match milliseconds {
        ms @ 0..=99 => format!("{ms} ms"),
        ms @ 100..=9_949 => format!("{:.1} s", ms as f64 / 1000.0),
        ms @ 9_950..=59_499 => format!("{:.0} s", ms as f64 / 1000.0),
        ms => {
            let seconds = (ms + 500) / 1000;
            match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
                (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
                (hours, minutes, _) => format!("{hours} h {minutes} min"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_asked_for_once() {
        let text = "ARG V=1\nFROM a:${V} AS one\nFROM one\nCOPY --from=b x y\nCOPY --from=one x y\nFROM scratch\nFROM b\n";
        let file = Dockerfile::parse(text);
        assert_eq!(bases(&file, &[]), ["a:1", "b"]);
        assert_eq!(bases(&file, &[("V".into(), "2".into())]), ["a:2", "b"]);
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        let cases = [
            (0, "0 ms"),
            (99, "99 ms"),
            (340, "0.3 s"),
            (9_949, "9.9 s"),
            (14_200, "14 s"),
            (59_600, "1 min 0 s"),
            (125_000, "2 min 5 s"),
            (7_260_000, "2 h 1 min"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(took(milliseconds), text);
        }
    }

    fn marks(text: &str, cache: &CacheState, entries: &[FileEntry]) -> Vec<Option<Mark>> {
        let (context, records) = (sent(entries, ""), known(cache));
        let file = Dockerfile::parse(text);
        let now = Now {
            file: &file,
            text,
            context: &context,
            bases: &cache.bases,
            records: &records,
            platform: &cache.platform,
            args: &[],
            target: None,
            no_cache: false,
            workshop: "w",
        };
        foresee(&now).marks(file.instructions.len(), Lang::En)
    }

    #[test]
    fn a_file_that_changed_is_named_and_its_followers_are_not() {
        let text = "FROM busybox\nCOPY app\u{202e} /app\nRUN make\n";
        let here = BaseState::Here {
            image: format!("sha256:{}", "a".repeat(64)).parse().expect("an id"),
            config: Box::default(),
            layers: 1,
            bytes: 0,
        };
        let mut cache = CacheState { platform: "linux/amd64".into(), ..CacheState::default() };
        cache.bases.insert("busybox".into(), here);
        let one = |content: &[u8]| FileEntry {
            path: path::encode("app\u{202e}".as_bytes()),
            kind: 'f',
            mode: 0o644,
            uid: 0,
            gid: 0,
            size: content.len() as u64,
            digest: Some(strata_oci::Digest::of(content)),
            target: None,
        };
        let first = [one(b"a")];
        let told = marks(text, &cache, &first);
        let typing = format!("{text}COPY --fr");
        assert_eq!(marks(&typing, &cache, &first)[..3], told);
        let names: Vec<&str> = told.iter().flatten().map(|mark| mark.name).collect();
        assert_eq!(names, ["base", "runs", "runs"]);
        assert!(told[1].as_ref().is_some_and(|mark| mark.note.starts_with("never built")));
        assert!(told[2].as_ref().is_some_and(|mark| mark.note.is_empty() && mark.title.contains("step 2")));
        cache.bases.clear();
        let told = marks(text, &cache, &first);
        assert_eq!(told[0].as_ref().map(|mark| mark.name), Some("unknown"));
        assert!(told.iter().flatten().all(|mark| !mark.title.contains('\u{202e}')));
    }
}
