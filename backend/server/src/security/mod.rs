//! Who may call: Host, Origin, session.
//!
//! The threats, and what stands against each:
//!
//! | threat | check |
//! | --- | --- |
//! | a page of another site sends requests from the user's browser | `Origin` and `Sec-Fetch-Site`, on every route ([`Guard::check_origin`]); cookie `SameSite=Strict` |
//! | the same after re-pointing its own name at 127.0.0.1 | `Host` against a list ([`Hosts`]) |
//! | another user or container of this machine connects to the port | session cookie or token ([`Guard::has_session`]) |
//! | somebody else on this machine uses the registry, where its owner doesn't want that | accounts and tokens ([`Door`]) |
//! | another site frames the page, or a file from an image runs as script | Content-Security-Policy and its companions ([`harden`]) |
//!
//! A session begins with a ticket: the token in the address that `strata serve` prints works once and is exchanged for
//! a cookie. Scripts send the token that the data directory keeps in `token` instead. Cookies are signed with the key
//! in `session.key`, so sessions outlive the server.

mod access;
mod accounts;
mod door;
mod guard;
mod headers;
mod hosts;
mod secret;
mod session;
mod tickets;
mod tokens;

pub use access::Access;
pub use accounts::{Accounts, AccountsError};
pub use door::{Door, Granted, Shown};
pub use guard::{Guard, Refusal};
pub use headers::harden;
pub use hosts::Hosts;
pub use secret::{Secret, SecretError};
pub use session::Sessions;
pub use tickets::Tickets;
pub use tokens::{LIFE as TOKEN_LIFE, Tokens};
