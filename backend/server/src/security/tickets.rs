//! Tickets: tokens that begin one session each.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::{Secret, SecretError};

/// More than this many unused tickets push out the oldest.
const KEPT: usize = 32;

/// Tickets that were given out and not yet used.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<VecDeque<Secret>>);

impl Tickets {
    /// A new ticket.
    pub fn issue(&self) -> Result<Secret, SecretError> {
        let ticket = Secret::random()?;
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() == KEPT {
            tickets.pop_front();
        }
        tickets.push_back(ticket.clone());
        Ok(ticket)
    }

    /// Takes a ticket back; true once per ticket.
    pub fn redeem(&self, text: &str) -> bool {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = tickets.len();
        tickets.retain(|ticket| !ticket.is(text));
        tickets.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_once() {
        let tickets = Tickets::default();
        let (one, two) = (tickets.issue().expect("random"), tickets.issue().expect("random"));
        assert!(!tickets.redeem("") && !tickets.redeem("0"));
        assert!(tickets.redeem(one.expose()));
        assert!(!tickets.redeem(one.expose()));
        assert!(tickets.redeem(two.expose()));
    }

    #[test]
    fn the_oldest_makes_room() {
        let tickets = Tickets::default();
        let first = tickets.issue().expect("random");
        for _ in 0..KEPT {
            tickets.issue().expect("random");
        }
        assert!(!tickets.redeem(first.expose()));
    }
}
