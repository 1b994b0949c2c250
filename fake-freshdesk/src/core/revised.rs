//! A value that counts how often somebody had it in hand to change it.
//!
//! What was made of the value is still true as long as the count stands. The
//! count can't be forgotten: the only way to the inside is through it.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

/// A value and how often it may have changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Revised<T> {
    value: T,
    #[serde(skip)]
    revision: u64,
}

impl<T> Revised<T> {
    /// How often it may have changed since it was made or read.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }
}

impl<T> From<T> for Revised<T> {
    fn from(value: T) -> Revised<T> {
        Revised { value, revision: 0 }
    }
}

impl<T> Deref for Revised<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Revised<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.revision += 1;
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_leaves_the_count_and_a_hand_on_it_moves_it() {
        let mut list = Revised::from(vec![1, 2]);
        assert_eq!((list.len(), list.revision()), (2, 0));
        list.push(3);
        assert_eq!(list.revision(), 1);
        *list = Vec::new();
        assert_eq!(list.revision(), 2);
        assert_eq!(serde_json::to_string(&list).unwrap(), "[]");
    }
}
