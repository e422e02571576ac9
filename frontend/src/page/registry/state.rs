//! What the registry page knows, and how it asks.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use leptos::{prelude::*, task::spawn_local};
use strata_api::{
    path,
    registry::{Names, TagDetail, TagFacts, Told, Trouble},
};

use crate::{
    address::{Place, Registry},
    page::{
        api::{Client, Failure, use_client},
        bar::{Bar, use_bar},
        images::use_shelf,
        logins::use_logins,
    },
    registry::order,
};

/// Tags that are asked about at the same time; browsers keep six connections to a server, and the events take one.
const AT_ONCE: usize = 3;
/// Names that are kept of a list.
const MOST: usize = 100_000;

/// Why something isn't shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Missing {
    /// The registry doesn't tell.
    Trouble(Trouble),
    /// This server doesn't.
    Failure(Failure),
}

/// A list that comes page by page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// What is here of it.
    pub names: Arc<Vec<String>>,
    /// Whether that is all.
    pub whole: bool,
    /// Why it ended early.
    pub missing: Option<Missing>,
}

/// What is known of a tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It is asked for.
    Waiting,
    /// It is this.
    Known(Arc<TagFacts>),
    /// It isn't told.
    Missing(Missing),
}

#[derive(Default)]
struct Facts {
    known: HashMap<String, ArcRwSignal<Fact>>,
    queue: VecDeque<String>,
    running: usize,
    /// Whose tags they are; what belongs to another repository comes too late.
    of: (String, String),
}

/// The page's state; a copyable handle.
#[derive(Clone, Copy)]
pub struct Counter {
    /// The way to the server.
    pub client: Client,
    bar: Bar,
    own: StoredValue<String>,
    /// What the address says.
    pub place: Memo<Registry>,
    /// The registry that is looked into.
    pub host: Memo<String>,
    /// Its repositories.
    pub repositories: RwSignal<Listed>,
    /// The tags of the repository that is looked into.
    pub tags: RwSignal<Listed>,
    facts: StoredValue<Facts, LocalStorage>,
    /// Grows when everything is to be asked for again.
    again: RwSignal<u32>,
}

impl Counter {
    /// Asks for what the address names, now and whenever it changes.
    pub fn start() -> Self {
        let (client, bar, logins) = (use_client(), use_bar(), use_logins());
        let own = StoredValue::new(window().location().host().unwrap_or_default());
        let place = Memo::new(move |last: Option<&Registry>| match bar.place() {
            Place::Registry(place) => *place,
            // The page is on its way out.
            _ => last.cloned().unwrap_or_default(),
        });
        let host =
            Memo::new(move |_| place.with(|place| place.host.clone()).unwrap_or_else(|| own.get_value()));
        let counter = Self {
            client,
            bar,
            own,
            place,
            host,
            repositories: RwSignal::default(),
            tags: RwSignal::default(),
            facts: StoredValue::new_local(Facts::default()),
            again: RwSignal::new(0),
        };
        provide_context(counter);
        logins.refresh();
        // Whoever logs in sees more.
        let user = Memo::new(move |_| logins.user(&host.get()));
        Effect::new(move |_| {
            // Read, not only tracked: a memo that nobody has read counts as changed.
            user.get();
            counter.again.get();
            counter.load_repositories(host.get());
        });
        let repository = Memo::new(move |_| (host.get(), place.with(|place| place.repository.clone())));
        Effect::new(move |_| {
            user.get();
            counter.again.get();
            let (host, repository) = repository.get();
            counter.load_tags(host, repository);
        });
        counter
    }

    /// This server's own registry.
    pub fn own(self) -> String {
        self.own.get_value()
    }

    /// Whether the registry that is looked into is this server's own, tracked.
    pub fn is_own(self) -> bool {
        self.host.with(|host| self.own.with_value(|own| own == host))
    }

    /// Goes to another place of this page.
    pub fn go(self, place: Registry) {
        self.bar.go(Place::Registry(Box::new(place)));
    }

    /// Filters what is looked at.
    pub fn filter(self, filter: String) {
        let place = self.place.get_untracked();
        self.bar.stay(Place::Registry(Box::new(Registry { filter, ..place })));
    }

    /// Asks for everything again.
    pub fn ask_again(self) {
        self.again.update(|count| *count += 1);
    }

    /// The name by which docker knows a tag.
    pub fn reference(host: &str, repository: &str, tag: &str) -> String {
        let between = if tag.contains(':') { '@' } else { ':' };
        format!("{host}/{repository}{between}{tag}")
    }

    fn load_repositories(self, host: String) {
        self.repositories.set(Listed::default());
        spawn_local(async move {
            let still = move |host: &str| self.host.try_get_untracked().is_some_and(|now| now == host);
            let path = format!("/api/registry/repositories?host={}", path::encode(host.as_bytes()));
            self.list(self.repositories, path, || still(&host), |names| names).await;
        });
    }

    fn load_tags(self, host: String, repository: Option<String>) {
        self.tags.set(Listed::default());
        let of = (host.clone(), repository.clone().unwrap_or_default());
        self.facts.set_value(Facts { of: of.clone(), ..Facts::default() });
        let Some(repository) = repository else { return };
        spawn_local(async move {
            let still = || self.facts.try_with_value(|facts| facts.of == of).unwrap_or(false);
            let name = path::encode(format!("{host}/{repository}").as_bytes());
            self.list(self.tags, format!("/api/registry/tags?ref={name}"), still, order).await;
        });
    }

    /// Follows a list from page to page, as long as it is `still` wanted.
    async fn list(
        self,
        to: RwSignal<Listed>,
        path: String,
        still: impl Fn() -> bool,
        order: impl Fn(Vec<String>) -> Vec<String>,
    ) {
        let mut next: Option<String> = None;
        let mut all: Vec<String> = Vec::new();
        loop {
            let page = next.as_ref().map(|next| format!("&next={}", path::encode(next.as_bytes())));
            let answer = self.client.get::<Told<Names>>(&format!("{path}{}", page.unwrap_or_default())).await;
            if !still() {
                return;
            }
            let missing = match answer {
                Ok(Told::Answer(page)) => {
                    all = order([all, page.names].concat());
                    next = page.next.filter(|_| all.len() < MOST);
                    None
                }
                Ok(Told::Trouble(trouble)) => Some(Missing::Trouble(trouble)),
                Err(failure) => Some(Missing::Failure(failure)),
            };
            let whole = next.is_none() || missing.is_some();
            let listed = Listed { names: Arc::new(all.clone()), whole, missing };
            if to.try_set(listed).is_some() || whole {
                return;
            }
        }
    }

    /// What is known of a tag; asks for it if nothing is.
    pub fn want(self, tag: &str) -> ArcRwSignal<Fact> {
        let mut fresh = false;
        let fact = self.facts.try_update_value(|facts| {
            let known = facts.known.entry(tag.to_owned());
            known
                .or_insert_with(|| {
                    fresh = true;
                    facts.queue.push_back(tag.to_owned());
                    ArcRwSignal::new(Fact::Waiting)
                })
                .clone()
        });
        if fresh {
            self.ask_next();
        }
        fact.unwrap_or_else(|| ArcRwSignal::new(Fact::Waiting))
    }

    /// A tag is out of sight: it is not asked for, unless it is already.
    pub fn leave(self, tag: &str) {
        let _ = self.facts.try_update_value(|facts| {
            if let Some(at) = facts.queue.iter().position(|queued| queued == tag) {
                facts.queue.remove(at);
                facts.known.remove(tag);
            }
        });
    }

    fn ask_next(self) {
        let next = self.facts.try_update_value(|facts| {
            if facts.running >= AT_ONCE {
                return None;
            }
            let tag = facts.queue.pop_front()?;
            facts.running += 1;
            Some((tag, facts.of.clone()))
        });
        let Some(Some((tag, of))) = next else { return };
        spawn_local(async move {
            let name = Self::reference(&of.0, &of.1, &tag);
            let path = format!("/api/registry/tag?ref={}", path::encode(name.as_bytes()));
            let fact = match self.client.get::<Told<TagFacts>>(&path).await {
                Ok(Told::Answer(facts)) => Fact::Known(Arc::new(facts)),
                Ok(Told::Trouble(trouble)) => Fact::Missing(Missing::Trouble(trouble)),
                Err(failure) => Fact::Missing(Missing::Failure(failure)),
            };
            let _ = self.facts.try_update_value(|facts| {
                if facts.of == of {
                    facts.running = facts.running.saturating_sub(1);
                    if let Some(known) = facts.known.get(&tag) {
                        known.set(fact);
                    }
                }
            });
            self.ask_next();
        });
    }

    /// All of a tag.
    pub async fn detail(self, reference: &str) -> Result<TagDetail, Missing> {
        let name = path::encode(reference.as_bytes());
        match self.client.get::<Told<TagDetail>>(&format!("/api/registry/detail?ref={name}")).await {
            Ok(Told::Answer(detail)) => Ok(detail),
            Ok(Told::Trouble(trouble)) => Err(Missing::Trouble(trouble)),
            Err(failure) => Err(Missing::Failure(failure)),
        }
    }

    /// Other registries that images here are from, Docker Hub among them.
    pub fn hosts(self) -> Vec<String> {
        let cards = use_shelf().cards();
        let names = cards.iter().flat_map(|card| &card.names).map(String::as_str);
        self.own.with_value(|own| crate::registry::hosts(names, own))
    }
}

/// The page's state.
pub fn use_counter() -> Counter {
    expect_context()
}
