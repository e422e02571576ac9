//! What the page of a workshop knows, and its dealings with the server.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use strata_api::{
    path,
    workshop::{BuildCard, BuildDetail, CacheState, ChangeWorkshop, FileEntry, Listing, Workshop},
};
use strata_dockerfile::{Dockerfile, context::Listing as ContextListing, forecast::Cache, ignore::Ignore};
use web_sys::AbortController;

use super::{
    editor::{Desk, use_desk},
    saving::Papers,
};
use crate::{
    address::{self, Place},
    page::{
        api::{Client, Failure, use_client},
        bar::{Bar, use_bar},
        tongue::{Tongue, use_tongue},
    },
    workshop::{
        building::Build,
        foresight::{self, Foresight},
    },
};

/// A pause in typing.
const PAUSE: Duration = Duration::from_millis(150);

/// A workshop's state; a copyable handle.
#[derive(Clone, Copy)]
pub struct Bench {
    /// The way to the server.
    pub client: Client,
    /// The address bar.
    pub bar: Bar,
    /// The page's language.
    pub tongue: Tongue,
    /// The way to the editor.
    pub desk: Desk,
    /// What is shown.
    pub view: Memo<address::Workshop>,
    /// The workshop, once known.
    pub record: RwSignal<Option<Workshop>>,
    /// The context.
    pub entries: RwSignal<Arc<Vec<FileEntry>>>,
    /// Why the workshop can't be shown.
    pub failure: RwSignal<Option<Failure>>,
    /// What was refused last.
    pub refusal: RwSignal<Option<Failure>>,
    /// The files that are open, and whether they are saved.
    pub papers: Papers,
    /// The Dockerfile, parsed.
    pub file: Memo<Arc<Dockerfile>>,
    /// The text that it was parsed from.
    pub text: RwSignal<String>,
    /// The text of `.dockerignore`.
    pub ignore: RwSignal<String>,
    /// The engine's part in the forecast.
    pub cache: RwSignal<Arc<CacheState>>,
    /// What was built before, to be looked up in.
    known: Memo<Arc<Cache>>,
    /// What a builder sees of the context.
    sent: Memo<Arc<ContextListing>>,
    /// The whole context, and what of it is ignored.
    pub whole: Memo<Arc<(ContextListing, Ignore)>>,
    /// What a build would do.
    pub foresight: RwSignal<Arc<Foresight>>,
    /// What it would do when the newest build began.
    pub foreseen: RwSignal<Arc<Foresight>>,
    /// The build that the drawer shows.
    pub build: RwSignal<Option<Build>>,
    /// Whether it is known what was built before.
    pub recalled: RwSignal<bool>,
    /// The Dockerfile that it was made from.
    pub built_text: RwSignal<String>,
    /// Stops the build.
    pub stop: StoredValue<Option<AbortController>, LocalStorage>,
    /// Whether a build is to run every step.
    pub no_cache: RwSignal<bool>,
    /// The step whose output is shown; `None` follows the build.
    pub shown_step: RwSignal<Option<usize>>,
    /// Builds that were, newest first.
    pub builds: RwSignal<Vec<BuildCard>>,
    /// Builds of docker clients, newest first.
    pub clients: RwSignal<Vec<BuildCard>>,
    /// Details of those that were looked at.
    pub details: RwSignal<BTreeMap<String, Arc<BuildDetail>>>,
    /// The layer whose marks are lit.
    pub lit: RwSignal<Option<usize>>,
    /// Counts how often open files were read anew.
    pub reopened: RwSignal<u32>,
    /// Bytes that are being sent.
    pub uploading: RwSignal<Option<u64>>,
}

impl Bench {
    /// The state of a workshop's page; it follows the address as long as that is of this workshop.
    pub fn start(id: &str) -> Self {
        let bar = use_bar();
        let first = address::Workshop::of(id);
        let view = Memo::new(move |previous: Option<&address::Workshop>| match bar.place() {
            Place::Workshop(view) if view.id == first.id => *view,
            _ => previous.cloned().unwrap_or_else(|| first.clone()),
        });
        let text = RwSignal::new(String::new());
        let (entries, ignore) = (RwSignal::<Arc<Vec<FileEntry>>>::default(), RwSignal::new(String::new()));
        let cache = RwSignal::<Arc<CacheState>>::default();
        let bench = Self {
            client: use_client(),
            bar,
            tongue: use_tongue(),
            desk: use_desk(),
            view,
            record: RwSignal::new(None),
            entries,
            failure: RwSignal::new(None),
            refusal: RwSignal::new(None),
            papers: Papers::start(),
            file: Memo::new(move |_| Arc::new(text.with(|text| Dockerfile::parse(text)))),
            text,
            ignore,
            cache,
            // Neither can be compared; whatever they are made of tells when it changes.
            known: Memo::new_with_compare(
                move |_| Arc::new(cache.with(|cache| foresight::known(cache))),
                |_, _| true,
            ),
            sent: Memo::new_with_compare(
                move |_| {
                    Arc::new(entries.with(|entries| ignore.with(|ignore| foresight::sent(entries, ignore))))
                },
                |_, _| true,
            ),
            whole: Memo::new_with_compare(
                move |_| {
                    let whole = entries.with(|entries| foresight::sent(entries, ""));
                    Arc::new((whole, ignore.with(|ignore| Ignore::parse(ignore))))
                },
                |_, _| true,
            ),
            foresight: RwSignal::default(),
            foreseen: RwSignal::default(),
            build: RwSignal::new(None),
            recalled: RwSignal::new(false),
            built_text: RwSignal::new(String::new()),
            stop: StoredValue::new_local(None),
            no_cache: RwSignal::new(false),
            shown_step: RwSignal::new(None),
            builds: RwSignal::default(),
            clients: RwSignal::default(),
            details: RwSignal::default(),
            lit: RwSignal::new(None),
            reopened: RwSignal::new(0),
            uploading: RwSignal::new(None),
        };
        provide_context(bench);
        bench.load();
        bench.foresee();
        bench
    }

    /// The workshop's id.
    pub fn id(self) -> String {
        self.view.with_untracked(|view| view.id.clone())
    }

    /// An address of the server below this workshop.
    pub fn route(self, rest: &str) -> String {
        format!("/api/workshops/{}{rest}", self.id())
    }

    /// The address of a file.
    pub fn file_route(self, file: &[u8]) -> String {
        self.route(&format!("/file?path={}", path::encode(file)))
    }

    /// The path of the Dockerfile, tracked.
    pub fn dockerfile(self) -> Vec<u8> {
        self.record.with(|record| match record {
            Some(record) => path::decode(&record.dockerfile),
            None => b"Dockerfile".to_vec(),
        })
    }

    /// The path of the Dockerfile, not tracked.
    pub fn dockerfile_now(self) -> Vec<u8> {
        untrack(|| self.dockerfile())
    }

    /// The text of `.dockerignore` as the server has it; empty without one.
    async fn read_ignore(self) -> String {
        let there = self
            .entries
            .try_with_untracked(|entries| entries.iter().any(|entry| entry.path == ".dockerignore"));
        if there != Some(true) {
            return String::new();
        }
        self.read(b".dockerignore").await.unwrap_or_default()
    }

    fn load(self) {
        spawn_local(async move {
            if let Err(failure) = self.bring().await {
                let _ = self.failure.try_set(Some(failure));
            }
        });
    }

    async fn bring(self) -> Result<(), Failure> {
        let record: Workshop = self.client.get(&self.route("")).await?;
        let listing: Listing = self.client.get(&self.route("/files")).await?;
        let dockerfile = path::decode(&record.dockerfile);
        let text = self.read(&dockerfile).await.unwrap_or_default();
        if self.entries.try_set(Arc::new(listing.entries)).is_some() {
            return Ok(());
        }
        let ignore = self.read_ignore().await;
        if self.ignore.try_set(ignore).is_some() {
            return Ok(());
        }
        self.text.set(text);
        self.record.set(Some(record));
        self.refresh_builds().await;
        self.recall_build().await;
        let _ = self.recalled.try_set(true);
        Ok(())
    }

    /// A file's text; nothing if there is none, or if it is no text.
    pub async fn read(self, file: &[u8]) -> Option<String> {
        let part = self.client.bytes(&self.file_route(file), None, None).await.ok()?;
        String::from_utf8(part.bytes).ok()
    }

    /// Asks for the list of files again.
    pub async fn refresh_files(self) -> Result<(), Failure> {
        let listing: Listing = self.client.get(&self.route("/files")).await?;
        self.take_listing(listing);
        Ok(())
    }

    /// Takes a list of files that the server gave.
    pub fn take_listing(self, listing: Listing) {
        let _ = self.entries.try_set(Arc::new(listing.entries));
        spawn_local(async move {
            let ignore = self.read_ignore().await;
            let _ = self.ignore.try_set(ignore);
        });
    }

    /// Puts a file's entry into the list.
    pub fn take_entry(self, entry: FileEntry) {
        let _ = self.entries.try_update(|entries| {
            let entries = Arc::make_mut(entries);
            match entries.binary_search_by(|known| path::decode(&known.path).cmp(&path::decode(&entry.path)))
            {
                Ok(at) => entries[at] = entry,
                Err(at) => entries.insert(at, entry),
            }
        });
    }

    /// Asks for the builds that were.
    pub async fn refresh_builds(self) {
        let route = format!("/api/builds?workshop={}", self.id());
        if let Ok(builds) = self.client.get::<Vec<BuildCard>>(&route).await {
            let _ = self.builds.try_set(builds);
        }
    }

    /// Asks for the builds of docker clients.
    pub fn refresh_clients(self) {
        spawn_local(async move {
            if let Ok(builds) = self.client.get::<Vec<BuildCard>>("/api/builds?workshop=").await {
                let _ = self.clients.try_set(builds);
            }
        });
    }

    /// Asks for a build's details, once unless it runs.
    pub fn want_build(self, id: &str) {
        let known = self.details.with_untracked(|details| details.contains_key(id));
        if known {
            return;
        }
        let id = id.to_owned();
        spawn_local(async move {
            if let Ok(detail) = self.client.get::<BuildDetail>(&format!("/api/builds/{id}")).await {
                let _ = self.details.try_update(|details| details.insert(id, Arc::new(detail)));
            }
        });
    }

    /// Changes a setting.
    pub fn change(self, change: ChangeWorkshop) {
        spawn_local(async move {
            match self.client.post::<Workshop>(&self.route(""), Some(&change)).await {
                Ok(record) => {
                    let _ = self.refusal.try_set(None);
                    let _ = self.record.try_set(Some(record));
                }
                Err(failure) => {
                    let _ = self.refusal.try_set(Some(failure));
                }
            }
        });
    }

    /// Keeps the forecast up to date: at every pause in typing, and whenever the server knows more.
    fn foresee(self) {
        // The names that the text builds on decide what the server is asked.
        let names = Memo::new(move |_| self.file.with(|file| foresight::bases(file, &self.args())));
        Effect::new(move |_| {
            let names = names.get();
            // After a build more is cached.
            self.builds.track();
            if self.record.with(Option::is_none) {
                return;
            }
            spawn_local(async move {
                let bases: Vec<String> =
                    names.iter().map(|name| format!("base={}", path::encode(name.as_bytes()))).collect();
                let route = self.route(&format!("/cache?{}", bases.join("&")));
                if let Ok(cache) = self.client.get::<CacheState>(&route).await {
                    let _ = self.cache.try_set(Arc::new(cache));
                }
            });
        });
        let turn = StoredValue::new(0u32);
        Effect::new(move |_| {
            self.file.track();
            self.entries.track();
            self.ignore.track();
            self.cache.track();
            self.record.track();
            self.no_cache.track();
            let mine = turn.get_value().wrapping_add(1);
            turn.set_value(mine);
            set_timeout(
                move || {
                    if turn.try_get_value() == Some(mine) {
                        self.look_ahead();
                    }
                },
                PAUSE,
            );
        });
    }

    /// Makes the forecast for what is there now.
    pub fn look_ahead(self) {
        let (args, target) = untrack(|| (self.args(), self.target()));
        let (cache, context, records) =
            (self.cache.get_untracked(), self.sent.get_untracked(), self.known.get_untracked());
        let text = self.text.get_untracked();
        let made = self.file.with_untracked(|file| {
            foresight::foresee(&foresight::Now {
                file,
                text: &text,
                context: &context,
                bases: &cache.bases,
                records: &records,
                platform: &cache.platform,
                args: &args,
                target: target.as_deref(),
                no_cache: self.no_cache.get_untracked(),
                workshop: &self.id(),
            })
        });
        let _ = self.foresight.try_set(Arc::new(made));
    }

    /// Build arguments that have a value, tracked.
    pub fn args(self) -> Vec<(String, String)> {
        self.record.with(|record| {
            let args = record.as_ref().map(|record| record.args.clone()).unwrap_or_default();
            args.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        })
    }

    /// The target, tracked.
    pub fn target(self) -> Option<String> {
        self.record.with(|record| record.as_ref().and_then(|record| record.target.clone()))
    }
}

/// The workshop's state.
pub fn use_bench() -> Bench {
    expect_context()
}
