//! The `Authorization` header for a request: logins looked up, tokens fetched once and kept while they hold.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::HeaderValue;
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    Credentials, CredentialsError, Error, Login, Request,
    challenge::Challenge,
    contact::Contact,
    exchange::Failed,
    login::basic,
    origin::Origin,
    token::{self, Token, TokenAsk},
    transport::Transport,
    watch::Watcher,
};

/// How long a password is used before the credentials are asked again.
const PASSWORD_LIFE: Duration = Duration::from_secs(60);
/// Tokens kept; beyond that, those that have expired are dropped.
const KEPT: usize = 256;

/// What a token is for, and whose it is. Nobody else may use it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    registry: Origin,
    scope: String,
    /// The login given with a call; `None` is whatever the configured credentials say.
    given: Option<Login>,
}

#[derive(Clone)]
struct Kept {
    authorization: Authorization,
    until: Instant,
}

type Slot = Arc<AsyncMutex<Option<Kept>>>;

/// What to send with a request.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) header: HeaderValue,
    /// Whether it was made for this very request.
    pub(crate) fresh: bool,
    /// What went wrong when the login was looked up, so that we went as nobody.
    pub(crate) trouble: Option<Arc<CredentialsError>>,
}

/// Makes and keeps authorizations.
pub(crate) struct Authorizer {
    credentials: Arc<dyn Credentials>,
    patience: Duration,
    slots: Mutex<HashMap<Key, Slot>>,
}

/// A request that wants authorization.
pub(crate) struct Wanted<'a> {
    pub(crate) contact: &'a Contact,
    pub(crate) scope: &'a str,
    /// The login given with the call, if it is for this registry.
    pub(crate) given: Option<&'a Login>,
    /// The header that was refused just now, not to be used again.
    pub(crate) refused: Option<&'a HeaderValue>,
    pub(crate) request: &'a Request,
    pub(crate) watcher: Option<&'a Arc<Watcher>>,
}

impl Authorizer {
    pub(crate) fn new(credentials: Arc<dyn Credentials>, patience: Duration) -> Self {
        Self { credentials, patience, slots: Mutex::default() }
    }

    /// The header for a request; `None` if the registry has not asked for one.
    pub(crate) async fn authorization(
        &self,
        transport: &Transport,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Authorization>, Failed> {
        if let Some(Login::Bearer(token)) = wanted.given {
            let header = token::bearer(token.expose());
            return Ok(header.map(|header| Authorization { header, fresh: true, trouble: None }));
        }
        let Some(challenge) = wanted.contact.challenge() else { return Ok(None) };
        // A registry that wants another scope than the usual one says so.
        let scope = match &challenge {
            Challenge::Bearer { scope: Some(scope), .. } if wanted.refused.is_some() => scope.clone(),
            Challenge::Bearer { .. } => wanted.scope.to_owned(),
            Challenge::Basic => String::new(),
        };
        let key = Key { registry: wanted.contact.origin.clone(), scope, given: wanted.given.cloned() };
        let slot = self.slot(&key);
        // Held while fetching: of several requests at once, one fetches and the others wait for it.
        let mut slot = slot.lock().await;
        if let Some(kept) = slot.as_ref() {
            let usable = kept.until > Instant::now() && Some(&kept.authorization.header) != wanted.refused;
            if usable {
                return Ok(Some(Authorization { fresh: false, ..kept.authorization.clone() }));
            }
        }
        *slot = None;
        let kept = match challenge {
            Challenge::Basic => self.password(wanted).await?,
            Challenge::Bearer { realm, service, .. } => {
                self.token(transport, wanted, &realm, service.as_deref(), &key.scope).await?
            }
        };
        let authorization = kept.authorization.clone();
        *slot = Some(kept);
        Ok(Some(authorization))
    }

    /// Forgets what was made of logins that came with no call: they are others now.
    pub(crate) fn forget(&self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|key, _| key.given.is_some());
    }

    fn slot(&self, key: &Key) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= KEPT && !slots.contains_key(key) {
            let now = Instant::now();
            // A slot that is locked is being filled.
            let live = |slot: &Slot| {
                slot.try_lock().map_or(true, |kept| kept.as_ref().is_some_and(|k| k.until > now))
            };
            slots.retain(|_, slot| live(slot));
        }
        slots.entry(key.clone()).or_default().clone()
    }

    async fn login(&self, wanted: &Wanted<'_>) -> Result<Option<Login>, CredentialsError> {
        match wanted.given {
            Some(login) => Ok(Some(login.clone())),
            None => self.credentials.login(&wanted.contact.domain).await,
        }
    }

    async fn password(&self, wanted: &Wanted<'_>) -> Result<Kept, Failed> {
        let login = self.login(wanted).await.map_err(|error| Failed::for_good(error.into()))?;
        let Some(Login::Password { username, password }) = login else {
            let reason = "no basic auth credentials".to_owned();
            let request = Some(wanted.request.clone());
            return Err(Failed::for_good(Error::Unauthorized { request, reason }));
        };
        let header = basic(&username, &password);
        Ok(Kept {
            authorization: Authorization { header, fresh: true, trouble: None },
            until: Instant::now() + PASSWORD_LIFE,
        })
    }

    async fn token(
        &self,
        transport: &Transport,
        wanted: &Wanted<'_>,
        realm: &str,
        service: Option<&str>,
        scope: &str,
    ) -> Result<Kept, Failed> {
        let (login, trouble) = match self.login(wanted).await {
            Ok(login) => (login, None),
            Err(error) => {
                // What is public can be had without a login.
                tracing::warn!(%error, registry = wanted.contact.domain, "going on without a login");
                (None, Some(Arc::new(error)))
            }
        };
        let ask = TokenAsk {
            realm,
            service,
            scope,
            login: login.as_ref(),
            request: wanted.request,
            watcher: wanted.watcher,
        };
        let fetched = token::fetch(transport, wanted.contact, &ask, self.patience).await;
        let Token { header, life } = match (fetched, trouble.as_deref()) {
            (Err(Failed { error: Error::Unauthorized { .. }, .. }), Some(trouble)) => {
                return Err(Failed::for_good(trouble.clone().into()));
            }
            (fetched, _) => fetched?,
        };
        Ok(Kept {
            authorization: Authorization { header, fresh: true, trouble },
            until: Instant::now() + life,
        })
    }
}
