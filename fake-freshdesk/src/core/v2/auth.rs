//! Whose key is this? Basic auth with the key as user, and the tolerances
//! that clients in daily use rely on.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use subtle::ConstantTimeEq as _;

use crate::core::account::Account;
use crate::core::people::Agent;

/// Longer credentials are no key's, whatever their password.
const LONGEST: usize = 1_024;

/// The user in base64 credentials, decoded into `space`; the password is never looked at. [D]
fn user<'s>(token: &str, space: &'s mut [u8; LONGEST]) -> Option<&'s str> {
    let token = token.trim_matches(' ');
    let length = STANDARD.decode_slice(token, space.as_mut_slice());
    let length = length.or_else(|_| STANDARD_NO_PAD.decode_slice(token, space.as_mut_slice()));
    let text = std::str::from_utf8(&space[..length.ok()?]).ok()?;
    text.split(':').next()
}

/// The key in an `Authorization` header.
fn key_of<'s>(header: &'s str, bare: bool, space: &'s mut [u8; LONGEST]) -> Option<&'s str> {
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("basic") => user(token, space),
        Some(_) => None,
        None if bare => user(header, space).or(Some(header)),
        None => None,
    }
}

/// The agent who calls, if the key is good and the agent active.
pub(super) fn agent<'a>(account: &'a Account, header: Option<&str>) -> Option<&'a Agent> {
    let header = header?;
    let bare = account.settings.bare_authorization;
    let known = |key: &str| {
        account
            .people
            .agent_by_key(key)
            .filter(|agent| bool::from(agent.api_key.as_bytes().ct_eq(key.as_bytes())))
    };
    let mut space = [0; LONGEST];
    let found = key_of(header, bare, &mut space).and_then(known);
    // A bare header may be the key itself, which may happen to be base64.
    let found = found.or_else(|| {
        (bare && !header.contains(' '))
            .then(|| known(header))
            .flatten()
    });
    found.filter(|agent| !agent.deactivated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_ignored_and_bare_tokens_are_a_switch() {
        let key = |header: &str, bare| key_of(header, bare, &mut [0; LONGEST]).map(str::to_owned);
        let token = STANDARD.encode("KEY:whatever");
        assert_eq!(
            key(&format!("Basic {token}"), false).as_deref(),
            Some("KEY")
        );
        assert_eq!(
            key(&format!("basic {token}"), false).as_deref(),
            Some("KEY")
        );
        assert_eq!(key(&token, true).as_deref(), Some("KEY"));
        assert_eq!(key(&token, false), None);
        assert_eq!(key("Bearer KEY", true), None);
        assert_eq!(key("Basic %%%", true), None);
        let endless = STANDARD.encode("x".repeat(2 * LONGEST));
        assert_eq!(key(&format!("Basic {endless}"), true), None);
    }
}
