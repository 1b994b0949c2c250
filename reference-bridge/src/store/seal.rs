//! Sealing the API key before it is stored.

use base64::Engine as _;
use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};

use super::StoreError;
use crate::entropy::Entropy;

/// Encrypts secrets at rest with a key from the environment or a file
/// (XChaCha20-Poly1305; the domain is bound in, so that a sealed key cannot be
/// moved to another account).
#[derive(Clone)]
pub struct Seal {
    cipher: XChaCha20Poly1305,
    entropy: Entropy,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(..)")
    }
}

impl Seal {
    /// A seal from a passphrase or random text of any length; what matters is
    /// that it has at least 128 bits of randomness in it.
    #[must_use]
    pub fn new(secret: &SecretString, entropy: Entropy) -> Self {
        let key = Sha256::digest(secret.expose_secret().trim().as_bytes());
        Self {
            cipher: XChaCha20Poly1305::new(Key::from_slice(&key)),
            entropy,
        }
    }

    /// `secret` for the disk.
    pub(super) fn close(&self, domain: &str, secret: &SecretString) -> Result<String, StoreError> {
        let nonce: [u8; 24] = self.entropy.bytes();
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: domain.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| StoreError("the API key cannot be encrypted".to_owned()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(base64::engine::general_purpose::STANDARD.encode(bytes))
    }

    /// What was closed.
    pub(super) fn open(&self, domain: &str, sealed: &str) -> Result<SecretString, StoreError> {
        let unreadable = || {
            StoreError(
                "the stored API key cannot be decrypted: the encryption key is not the one it was stored with"
                    .to_owned(),
            )
        };
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(sealed)
            .map_err(|_| unreadable())?;
        let (nonce, sealed) = bytes.split_at_checked(24).ok_or_else(unreadable)?;
        let payload = Payload {
            msg: sealed,
            aad: domain.as_bytes(),
        };
        let secret = self
            .cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| unreadable())?;
        String::from_utf8(secret)
            .map(SecretString::from)
            .map_err(|_| unreadable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_with_the_same_secret_and_domain_only() {
        let seal = |secret: &str| Seal::new(&SecretString::from(secret), Entropy::seeded(1));
        let sealed = seal("one")
            .close("a.freshdesk.com", &SecretString::from("key"))
            .unwrap();
        assert!(!sealed.contains("key"));
        let open = |secret: &str, domain: &str| seal(secret).open(domain, &sealed);
        assert_eq!(
            open("one", "a.freshdesk.com").unwrap().expose_secret(),
            "key"
        );
        assert!(open("two", "a.freshdesk.com").is_err());
        assert!(open("one", "b.freshdesk.com").is_err());
    }
}
