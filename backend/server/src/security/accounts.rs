//! Who may use the registry, when not everybody may: names and passwords in a file.
//!
//! ```text
//! file = *( ( line / comment / empty ) LF )
//! line = NAME ":pbkdf2-sha256:" ROUNDS ":" SALT ":" HASH       SALT and HASH in hex
//! ```
//!
//! `strata registry-account NAME` makes a line of a password on its standard input.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

/// Rounds of new hashes: a tenth of a second.
const ROUNDS: u32 = 200_000;
/// More would let a line of the file stop the server.
const MOST_ROUNDS: u32 = 10_000_000;
const SCHEME: &str = "pbkdf2-sha256";
/// Logins that were right, kept by their hash; hashing the password at every request would cost more than serving it.
const REMEMBERED: usize = 1000;

/// The registry's accounts.
#[derive(Debug, Default)]
pub struct Accounts {
    hashes: HashMap<String, Hash>,
    right: Mutex<HashSet<[u8; 32]>>,
}

#[derive(Debug)]
struct Hash {
    rounds: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Why accounts can't be used.
#[derive(Debug, Error)]
pub enum AccountsError {
    /// The file can't be read.
    #[error("cannot read the registry's accounts in {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A line is none.
    #[error("line {line} of {} is no account: make one with `strata registry-account NAME`", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// The name of a new account can't stand in a line, or in a login.
    #[error(
        "{0:?} can't be the name of an account: it must not be empty nor have a colon or control characters"
    )]
    Name(String),
    /// The machine has no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

impl Accounts {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, AccountsError> {
        let text = fs::read_to_string(path).map_err(|error| AccountsError::Read(path.into(), error))?;
        let mut hashes = HashMap::new();
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || AccountsError::Line { path: path.into(), line: number + 1 };
            let (name, hash) = parse(line).ok_or_else(wrong)?;
            hashes.insert(name, hash);
        }
        Ok(Self { hashes, right: Mutex::default() })
    }

    /// Whether everybody may use the registry.
    pub fn are_none(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The account whose name and password a request shows. May take a tenth of a second.
    pub fn who(&self, headers: &HeaderMap) -> Option<String> {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let pair = shown.and_then(|shown| {
            let (scheme, pair) = shown.split_once(' ')?;
            let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(pair.trim()))?.ok()?;
            String::from_utf8(pair).ok()
        });
        let pair = pair?;
        let (name, password) = pair.split_once(':')?;
        self.admit(name, password).then(|| name.to_owned())
    }

    /// Whether it is the password of the account `name`. May take a tenth of a second.
    pub fn admit(&self, name: &str, password: &str) -> bool {
        let Some(hash) = self.hashes.get(name) else { return false };
        let mark: [u8; 32] = Sha256::digest(format!("{name}:{password}").as_bytes()).into();
        let right = || self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right().contains(&mark) {
            return true;
        }
        let derived = derive(password.as_bytes(), &hash.salt, hash.rounds);
        let admitted = bool::from(derived.ct_eq(&hash.hash[..]));
        if admitted {
            let mut right = right();
            if right.len() >= REMEMBERED {
                right.clear();
            }
            right.insert(mark);
        }
        admitted
    }

    /// What changes when the account gets another password; it doesn't tell the password.
    pub fn mark(&self, name: &str) -> Option<String> {
        let hash = self.hashes.get(name)?;
        Some(hex(&Sha256::digest(&hash.hash)[..16]))
    }

    /// The line of a new account.
    pub fn line(name: &str, password: &str) -> Result<String, AccountsError> {
        if name.is_empty() || name.starts_with('#') || name.chars().any(|c| c == ':' || c.is_control()) {
            return Err(AccountsError::Name(name.into()));
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(AccountsError::Random)?;
        let hash = derive(password.as_bytes(), &salt, ROUNDS);
        Ok(format!("{name}:{SCHEME}:{ROUNDS}:{}:{}", hex(&salt), hex(&hash)))
    }
}

fn parse(line: &str) -> Option<(String, Hash)> {
    let parts: Vec<&str> = line.split(':').collect();
    let [name, SCHEME, rounds, salt, hash] = parts[..] else { return None };
    let rounds = rounds.parse().ok().filter(|rounds| (1..=MOST_ROUNDS).contains(rounds))?;
    let (salt, hash) = (unhex(salt)?, unhex(hash)?);
    (!name.is_empty() && hash.len() == 32).then(|| (name.to_owned(), Hash { rounds, salt, hash }))
}

/// PBKDF2 (RFC 8018) with HMAC-SHA-256, its first block.
fn derive(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let keyed = Hmac::<Sha256>::new_from_slice(password).expect("HMAC takes keys of every length");
    let mut first = keyed.clone();
    first.update(salt);
    first.update(&1_u32.to_be_bytes());
    let mut block: [u8; 32] = first.finalize().into_bytes().into();
    let mut sum = block;
    for _ in 1..rounds {
        let mut next = keyed.clone();
        next.update(&block);
        block = next.finalize().into_bytes().into();
        sum.iter_mut().zip(block).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| {
        (0..text.len()).step_by(2).filter_map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_function_of_the_standard() {
        // RFC 7914, section 11.
        let expected = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc";
        assert_eq!(hex(&derive(b"passwd", b"salt", 1)), expected);
    }

    #[test]
    fn the_right_password_opens() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("accounts");
        let line = Accounts::line("ada", "s3cret:with colon").expect("makes one");
        fs::write(&path, format!("# who may\n\n{line}\n")).expect("writes");
        let accounts = Accounts::read(&path).expect("reads");
        let admits = |text: &str| {
            let value = format!("Basic {}", STANDARD.encode(text)).parse().expect("a header");
            accounts.who(&HeaderMap::from_iter([(header::AUTHORIZATION, value)])).is_some()
        };
        assert!(!accounts.are_none());
        assert!(admits("ada:s3cret:with colon") && admits("ada:s3cret:with colon"));
        for wrong in ["ada:", "ada:wrong", "bob:s3cret:with colon", "ada", ""] {
            assert!(!admits(wrong), "{wrong}");
        }
        assert_eq!(accounts.who(&HeaderMap::new()), None);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("accounts");
        for wrong in ["ada", "ada:secret", "ada:pbkdf2-sha256:0:00:00", "ada:pbkdf2-sha256:1:0:0"] {
            fs::write(&path, format!("# first\n{wrong}\n")).expect("writes");
            let error = Accounts::read(&path).expect_err(wrong).to_string();
            assert!(error.contains("line 2"), "{error}");
        }
        assert!(Accounts::line("a:b", "x").is_err() && Accounts::line("", "x").is_err());
    }
}
