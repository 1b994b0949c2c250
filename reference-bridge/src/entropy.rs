//! The bridge's only source of randomness: the system's for a real bridge, a
//! seed for a repeatable one.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Randomness for tokens, ids and jitter. Cloning gives the same stream.
#[derive(Clone)]
pub struct Entropy(Arc<Mutex<ChaCha20Rng>>);

impl Entropy {
    /// A generator seeded by the operating system.
    #[must_use]
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::from_os_rng())))
    }

    /// A generator that gives the same stream for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// 256 random bits as text, for a secret that is written to a file.
    #[must_use]
    pub fn secret(&self) -> String {
        self.hex::<32>()
    }

    /// `N` random bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// `N` random bytes as lower-case hexadecimal digits.
    pub(crate) fn hex<const N: usize>(&self) -> String {
        use fmt::Write as _;
        self.bytes::<N>()
            .iter()
            .fold(String::with_capacity(2 * N), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// A number in `0.0..1.0`, for jitter.
    pub(crate) fn fraction(&self) -> f64 {
        self.with(|rng| rng.random::<f64>())
    }

    fn with<T>(&self, draw: impl FnOnce(&mut ChaCha20Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        assert_eq!(
            Entropy::seeded(7).hex::<20>(),
            Entropy::seeded(7).hex::<20>()
        );
        assert_ne!(
            Entropy::seeded(7).hex::<20>(),
            Entropy::seeded(8).hex::<20>()
        );
    }
}
