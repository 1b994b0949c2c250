//! Whose key is this? Basic auth with the key as user, and the tolerances
//! that clients in daily use rely on.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use subtle::ConstantTimeEq as _;

use crate::core::account::Account;
use crate::core::people::Agent;

/// The key in an `Authorization` header; the password is never looked at. [D]
fn key_of(header: &str, bare: bool) -> Option<String> {
    let decode = |token: &str| {
        let token = token.trim();
        let bytes = STANDARD
            .decode(token)
            .or_else(|_| STANDARD_NO_PAD.decode(token))
            .ok()?;
        let text = String::from_utf8(bytes).ok()?;
        Some(text.split(':').next().unwrap_or_default().to_owned())
    };
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("basic") => decode(token),
        Some(_) => None,
        None if bare => decode(header).or_else(|| Some(header.to_owned())),
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
    let found = key_of(header, bare).as_deref().and_then(known);
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
        let token = STANDARD.encode("KEY:whatever");
        assert_eq!(
            key_of(&format!("Basic {token}"), false).as_deref(),
            Some("KEY")
        );
        assert_eq!(
            key_of(&format!("basic {token}"), false).as_deref(),
            Some("KEY")
        );
        assert_eq!(key_of(&token, true).as_deref(), Some("KEY"));
        assert_eq!(key_of(&token, false), None);
        assert_eq!(key_of("Bearer KEY", true), None);
        assert_eq!(key_of("Basic %%%", true), None);
    }
}
