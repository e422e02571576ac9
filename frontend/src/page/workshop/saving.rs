//! Files that are open in the editor: their texts, and whether the server has them.

use std::{collections::BTreeMap, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use strata_api::{path, workshop::FileEntry};

use super::state::Bench;
use crate::page::api::Failure;

/// How long after the last key a text is saved.
const PAUSE: Duration = Duration::from_millis(350);

/// How a file stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The server has it.
    Saved,
    /// It will be sent.
    Unsaved,
    /// It is being sent.
    Saving,
    /// Somebody else changed it meanwhile.
    Conflict,
    /// The server refused it.
    Refused(Failure),
}

/// A text that is open.
#[derive(Clone, Debug)]
struct Paper {
    text: String,
    /// The digest of what the server had when it was read or saved; empty for a file that wasn't there.
    was: String,
}

/// The open files; a copyable handle.
#[derive(Clone, Copy)]
pub struct Papers {
    papers: StoredValue<BTreeMap<Vec<u8>, Paper>>,
    standings: RwSignal<BTreeMap<Vec<u8>, Standing>>,
    turn: StoredValue<u32>,
}

impl Papers {
    /// None is open.
    pub fn start() -> Self {
        Self { papers: StoredValue::default(), standings: RwSignal::default(), turn: StoredValue::new(0) }
    }

    /// A text as the editor has it.
    pub fn text(self, file: &[u8]) -> Option<String> {
        self.papers.with_value(|papers| papers.get(file).map(|paper| paper.text.clone()))
    }

    /// A file was read from the server.
    pub fn opened(self, file: &[u8], text: &str, was: String) {
        self.papers.update_value(|papers| {
            papers.insert(file.to_vec(), Paper { text: text.to_owned(), was });
        });
        self.stand(file, Standing::Saved);
    }

    /// A file isn't open any more.
    pub fn forget(self, file: &[u8]) {
        self.papers.update_value(|papers| drop(papers.remove(file)));
        self.standings.update(|standings| drop(standings.remove(file)));
    }

    /// How a file stands, tracked.
    pub fn standing(self, file: &[u8]) -> Standing {
        self.standings.with(|standings| standings.get(file).cloned().unwrap_or(Standing::Saved))
    }

    fn stand(self, file: &[u8], standing: Standing) {
        let _ = self.standings.try_update(|standings| standings.insert(file.to_vec(), standing));
    }

    fn unsaved(self) -> Vec<Vec<u8>> {
        self.standings.with_untracked(|standings| {
            let open = |standing: &Standing| matches!(standing, Standing::Unsaved | Standing::Refused(_));
            standings.iter().filter(|(_, standing)| open(standing)).map(|(file, _)| file.clone()).collect()
        })
    }
}

impl Bench {
    /// A text changed in the editor.
    pub fn typed(self, file: &[u8], text: String) {
        if file == self.dockerfile_now() {
            self.text.set(text.clone());
        } else if file == b".dockerignore" {
            self.ignore.set(text.clone());
        }
        let known = self.papers.papers.try_update_value(|papers| match papers.get_mut(file) {
            Some(paper) => paper.text = text,
            None => drop(papers.insert(file.to_vec(), Paper { text, was: String::new() })),
        });
        if known.is_none() {
            return;
        }
        self.papers.stand(file, Standing::Unsaved);
        let mine = self.papers.turn.get_value().wrapping_add(1);
        self.papers.turn.set_value(mine);
        set_timeout(
            move || {
                if self.papers.turn.try_get_value() == Some(mine) {
                    spawn_local(async move { drop(self.save_all().await) });
                }
            },
            PAUSE,
        );
    }

    /// Sends what isn't saved; an error for the first that the server doesn't take.
    pub async fn save_all(self) -> Result<(), Failure> {
        for file in self.papers.unsaved() {
            self.save(&file).await?;
        }
        Ok(())
    }

    async fn save(self, file: &[u8]) -> Result<(), Failure> {
        loop {
            let Some(paper) = self.papers.papers.try_with_value(|papers| papers.get(file).cloned()).flatten()
            else {
                return Ok(());
            };
            self.papers.stand(file, Standing::Saving);
            let route = format!("{}&was={}", self.file_route(file), path::encode(paper.was.as_bytes()));
            match self.client.upload::<FileEntry>("PUT", &route, paper.text.as_bytes()).await {
                Ok(entry) => {
                    let was = entry.digest.as_ref().map(ToString::to_string).unwrap_or_default();
                    self.take_entry(entry);
                    let same = self.papers.papers.try_update_value(|papers| {
                        papers.get_mut(file).is_none_or(|known| {
                            known.was = was;
                            known.text == paper.text
                        })
                    });
                    // What was typed meanwhile goes next.
                    if same != Some(false) {
                        self.papers.stand(file, Standing::Saved);
                        return Ok(());
                    }
                }
                Err(failure @ Failure::Refused { status: 409, .. }) => {
                    self.papers.stand(file, Standing::Conflict);
                    return Err(failure);
                }
                Err(failure) => {
                    self.papers.stand(file, Standing::Refused(failure.clone()));
                    return Err(failure);
                }
            }
        }
    }

    /// Reads what is open again, after the server was sent other files: what has unsaved changes is left to the person.
    pub async fn reread(self) {
        let open = self.papers.papers.try_with_value(|papers| papers.keys().cloned().collect::<Vec<_>>());
        for file in open.unwrap_or_default() {
            if self
                .papers
                .standings
                .try_with_untracked(|standings| standings.get(&file) == Some(&Standing::Saved))
                == Some(true)
            {
                self.papers.forget(&file);
            }
        }
        let dockerfile = self.dockerfile_now();
        if let Some(text) = self.read(&dockerfile).await {
            let _ = self.text.try_set(text);
        }
        let _ = self.reopened.try_update(|count| *count += 1);
    }

    /// Writes over what somebody else wrote.
    pub fn keep_mine(self, file: Vec<u8>) {
        spawn_local(async move {
            // What is there now is what is known to be written over.
            if self.refresh_files().await.is_err() {
                return;
            }
            let now = self.digest(&file);
            self.papers.papers.update_value(|papers| {
                if let Some(paper) = papers.get_mut(&file) {
                    paper.was = now;
                }
            });
            drop(self.save(&file).await);
        });
    }

    /// The digest of a file of the context as far as the page knows; empty if there is none.
    pub fn digest(self, file: &[u8]) -> String {
        let encoded = path::encode(file);
        self.entries.with_untracked(|entries| {
            let entry = entries.iter().find(|entry| entry.path == encoded);
            entry.and_then(|entry| entry.digest.as_ref()).map(ToString::to_string).unwrap_or_default()
        })
    }
}
