//! Why a step isn't taken from the cache.

use strata_oci::ImageId;

use super::{Cache, Record};
use crate::{
    context::{CopiedFile, Picked, copied_files},
    evaluate::Step,
};

/// How a file is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Something else is in it.
    Content,
    /// Its permissions, owner or kind changed.
    Mode,
}

/// The first cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was asked for.
    NoCache,
    /// Nothing like it was done by whoever asks.
    NeverBuilt,
    /// The instruction was another.
    Instruction {
        /// What it was.
        was: String,
    },
    /// The instruction was at another place.
    Moved {
        /// The number that its step had.
        from: usize,
    },
    /// A build argument that it sees has another value.
    Argument {
        /// Its name.
        name: String,
        /// What it was; `None` when it wasn't there.
        was: Option<String>,
        /// What it is; `None` when it isn't there.
        is: Option<String>,
    },
    /// A file that it copies changed.
    File {
        /// The first one.
        path: String,
        /// How.
        change: Change,
        /// How many others changed.
        others: usize,
    },
    /// The list of what it copied was too long to keep: something in it changed.
    Files,
    /// The base image is another one.
    Base {
        /// Its name.
        reference: String,
        /// What it was.
        was: Option<ImageId>,
    },
    /// What it made is gone.
    Gone,
    /// The base image isn't here: what comes when it is pulled is not known.
    Pull {
        /// Its name.
        reference: String,
    },
    /// It takes something of a stage, or of an image, that may have changed.
    Source {
        /// The stage's name or number, or the image.
        from: String,
    },
    /// It takes something from an address.
    Remote {
        /// The address.
        url: String,
    },
    /// There are more records than were looked at.
    Truncated,
    /// The step of this number isn't taken from the cache.
    After {
        /// Its number.
        step: usize,
    },
}

/// A step that no record was found for, and where it stands.
pub(super) struct Miss<'a> {
    pub step: &'a Step,
    pub parent: &'a Option<ImageId>,
    pub number: usize,
    pub workshop: &'a Option<String>,
    /// The base's name, when it is the first step on it.
    pub base: Option<&'a str>,
    /// What it would copy from the context.
    pub picked: Option<Vec<Picked<'a>>>,
    pub key: &'a crate::key::StepKey,
}

impl Miss<'_> {
    /// The first cause that the records tell.
    pub fn cause(&self, cache: &Cache) -> Cause {
        // What comes from the cache may be anybody's.
        if cache.on(self.parent).any(|record| record.key == *self.key) {
            return Cause::Gone;
        }
        // What else others did on the same image says nothing about what was changed here.
        let ours = |record: &&Record| record.workshop == *self.workshop;
        // The newest of the same instruction on the same image says best what is different.
        let same = |record: &&Record| ours(record) && record.instruction == self.step.text;
        if let Some(record) = cache.on(self.parent).find(same) {
            return self.against(record);
        }
        let here = |record: &&Record| ours(record) && record.step == self.number;
        let newest = cache.on(self.parent).find(here).or_else(|| cache.on(self.parent).find(ours));
        let elsewhere = cache.of(&self.step.text).find(ours);
        if let (Some(reference), Some(record)) = (self.base, elsewhere)
            && newest.is_none_or(|newest| newest.at < record.at)
            && record.step == self.number
        {
            return Cause::Base { reference: reference.to_owned(), was: record.parent.clone() };
        }
        match (newest, elsewhere) {
            (Some(record), elsewhere) => {
                if let Some(cause) = self.argument(record, false) {
                    return cause;
                }
                match elsewhere.filter(|elsewhere| elsewhere.step != self.number) {
                    Some(elsewhere) => Cause::Moved { from: elsewhere.step },
                    None => Cause::Instruction { was: record.instruction.clone() },
                }
            }
            (None, Some(record)) => match self.base {
                Some(reference) => {
                    Cause::Base { reference: reference.to_owned(), was: record.parent.clone() }
                }
                None => Cause::Moved { from: record.step },
            },
            (None, None) => self.base_of_another(cache).unwrap_or(Cause::NeverBuilt),
        }
    }

    /// The same instruction on the same image: what else counts?
    fn against(&self, record: &Record) -> Cause {
        if let Some(cause) = self.argument(record, true) {
            return cause;
        }
        match (&record.files, &self.picked) {
            (Some(before), Some(picked)) => {
                let now = copied_files(picked);
                difference(before, &now)
                    .unwrap_or_else(|| Cause::Instruction { was: record.instruction.clone() })
            }
            (None, Some(_)) => Cause::Files,
            _ => Cause::Instruction { was: record.instruction.clone() },
        }
    }

    /// A build argument with another value; with `all` also one that came or went.
    fn argument(&self, record: &Record, all: bool) -> Option<Cause> {
        let get = |args: &[(String, String)], name: &str| {
            args.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let names = self.step.args.iter().chain(&record.args).map(|(name, _)| name);
        let mut changed = names.filter_map(|name| {
            let (was, is) = (get(&record.args, name), get(&self.step.args, name));
            let counts = was != is && (all || (was.is_some() && is.is_some()));
            counts.then(|| Cause::Argument { name: name.clone(), was, is })
        });
        changed.next()
    }

    /// Nothing was done on this base, but something was done in this place on another.
    fn base_of_another(&self, cache: &Cache) -> Option<Cause> {
        let reference = self.base?.to_owned();
        self.workshop.as_ref()?;
        let record = cache.in_place(self.number, self.workshop)?;
        Some(Cause::Base { reference, was: record.parent.clone() })
    }
}

/// The first difference of two lists that are sorted by path.
fn difference(before: &[CopiedFile], now: &[CopiedFile]) -> Option<Cause> {
    let mut first: Option<(String, Change)> = None;
    let mut count = 0;
    let mut note = |path: &str, change| {
        count += 1;
        first.get_or_insert_with(|| (path.to_owned(), change));
    };
    let (mut old, mut new) = (before.iter().peekable(), now.iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(was), is) if is.is_none_or(|is| was.path < is.path) => {
                note(&was.path, Change::Removed);
                old.next();
            }
            (was, Some(is)) if was.is_none_or(|was| is.path < was.path) => {
                note(&is.path, Change::Added);
                new.next();
            }
            (Some(was), Some(is)) => {
                let content = |mark: &str| mark.rsplit(' ').next().map(str::to_owned);
                if was.digest != is.digest {
                    let same = content(&was.digest) == content(&is.digest);
                    note(&is.path, if same { Change::Mode } else { Change::Content });
                }
                old.next();
                new.next();
            }
            _ => break,
        }
    }
    first.map(|(path, change)| Cause::File { path, change, others: count - 1 })
}
