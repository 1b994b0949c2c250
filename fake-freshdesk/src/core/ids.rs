//! Ids: from counters, never from chance.
//!
//! Tickets count from 1 in each account; everything else has an id of 13
//! digits, as on the real service, so that a client that keeps ids in 32 bits
//! breaks here too. [O]

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Which account, inside one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub(crate) u32);

/// The first large id of the first account.
const FIRST: i64 = 1_060_000_000_001;
/// Distance between two accounts' large ids: ids are unique in a server.
const STRIDE: i64 = 1_000_000_000;

/// An account's counters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ids {
    next: i64,
    /// Choices of fields, the default fields of contacts and companies, and the
    /// role of collaborators count apart, so that ids of what tests look at stay close together.
    next_of_forms: i64,
    next_ticket: i64,
}

impl Ids {
    pub(crate) fn of(account: AccountId) -> Self {
        Ids {
            next: FIRST + STRIDE * i64::from(account.0),
            next_of_forms: FIRST + STRIDE * i64::from(account.0) + STRIDE / 2,
            next_ticket: 1,
        }
    }

    /// The next large id.
    pub(crate) fn next(&mut self) -> i64 {
        self.next += 1;
        self.next - 1
    }

    /// The next large id for a part of a form.
    pub(crate) fn of_forms(&mut self) -> i64 {
        self.next_of_forms += 1;
        self.next_of_forms - 1
    }

    /// What the next ticket id will be.
    pub(crate) fn peek_ticket(&self) -> i64 {
        self.next_ticket
    }

    /// The next ticket id.
    pub(crate) fn ticket(&mut self) -> i64 {
        self.next_ticket += 1;
        self.next_ticket - 1
    }
}

/// Which account a large id belongs to.
pub(crate) fn account_of(id: i64) -> Option<AccountId> {
    let offset = id.checked_sub(FIRST).filter(|offset| *offset >= 0)?;
    u32::try_from(offset / STRIDE).ok().map(AccountId)
}

/// Twenty letters and digits, like Freshdesk's own keys; the same for the
/// same account, agent and generation, so that test runs repeat exactly.
pub(crate) fn api_key(domain: &str, agent: i64, generation: u32) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digest = Sha256::digest(format!("{domain}/{agent}/{generation}"));
    digest
        .iter()
        .take(20)
        .map(|byte| char::from(LETTERS[usize::from(*byte) % 62]))
        .collect()
}

/// A UUID made from a counter: unique in a server, and repeatable.
pub(crate) fn uuid(counter: u64) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let high = scramble(counter) & !0xf000 | 0x4000;
    let low = scramble(counter ^ 0x9e37_79b9_7f4a_7c15) & !(0b11 << 62) | 0b10 << 62;
    let word = u128::from(high) << 64 | u128::from(low);
    let mut text = String::with_capacity(36);
    // Every answer has one: a formatter would be a tenth of what a call costs.
    for nibble in 0..32 {
        if matches!(nibble, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(char::from(HEX[(word >> (124 - 4 * nibble)) as usize & 0xf]));
    }
    text
}

/// The splitmix64 finalizer.
pub(crate) fn scramble(counter: u64) -> u64 {
    let mut word = counter.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_ids_tell_their_account() {
        for account in [AccountId(0), AccountId(7)] {
            let mut ids = Ids::of(account);
            assert_eq!(account_of(ids.next()), Some(account));
            assert_eq!(account_of(ids.next()), Some(account));
            assert_eq!(ids.ticket(), 1);
        }
        assert_eq!(account_of(17), None);
    }

    #[test]
    fn keys_and_uuids_repeat_and_differ() {
        assert_eq!(api_key("a", 1, 0), api_key("a", 1, 0));
        assert_ne!(api_key("a", 1, 0), api_key("a", 1, 1));
        assert_ne!(uuid(1), uuid(2));
        let uuid = uuid(1);
        assert_eq!(
            (uuid.len(), &uuid[14..15], uuid.matches('-').count()),
            (36, "4", 4)
        );
        assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
    }
}
