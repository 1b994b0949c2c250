//! A file as the brain sends it: base64, kept as the bytes that came in, and
//! decoded piece by piece. A file of 20 MB is never in memory twice.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of content in a piece; only a file's last piece is shorter. A multiple
/// of three, so that pieces of the text decode on their own.
pub(crate) const PIECE: usize = 192 * 1024;
/// The same in characters of base64.
const PIECE_OF_TEXT: usize = PIECE / 3 * 4;

/// The content of a file in base64 (RFC 4648, padded), which may yet turn out not
/// to be base64. Cloning it does not copy the content.
#[derive(Clone, PartialEq, Eq)]
pub struct Base64Text(Bytes);

/// A text that should be base64 is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not base64")]
pub struct NotBase64;

impl Base64Text {
    /// The length of the text, in characters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text that is a part of `whole`, which stays in memory as long as this does.
    pub(crate) fn part_of(whole: &Bytes, text: &str) -> Self {
        Self(whole.slice_ref(text.as_bytes()))
    }

    /// The length of the content in bytes, for which all of it is looked at once,
    /// and nothing is decoded but its end.
    ///
    /// # Errors
    /// When the text is not base64.
    pub fn content_len(&self) -> Result<u64, NotBase64> {
        let Some((whole, last)) = self.0.split_last_chunk::<4>() else {
            return if self.0.is_empty() {
                Ok(0)
            } else {
                Err(NotBase64)
            };
        };
        // Only the last four characters may be padded.
        let last = STANDARD.decode(last).map_err(|_| NotBase64)?;
        if whole.len() % 4 != 0 || !whole.chunks(4096).all(are_in_the_alphabet) {
            return Err(NotBase64);
        }
        Ok((whole.len() / 4 * 3 + last.len()) as u64)
    }

    /// The content, piece by piece; an empty file has one empty piece.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Result<Vec<u8>, NotBase64>> + '_ {
        (0..self.0.len().div_ceil(PIECE_OF_TEXT).max(1))
            .map_while(|number| self.piece(number).transpose())
    }

    /// One piece of the content, `None` after the last.
    ///
    /// # Errors
    /// When that piece is not base64.
    pub(crate) fn piece(&self, number: usize) -> Result<Option<Vec<u8>>, NotBase64> {
        let start = number.saturating_mul(PIECE_OF_TEXT);
        if start >= self.0.len() && number > 0 {
            return Ok(None);
        }
        let end = start.saturating_add(PIECE_OF_TEXT).min(self.0.len());
        let piece = STANDARD
            .decode(&self.0[start..end])
            .map_err(|_| NotBase64)?;
        // Padding ends a text: none may stand in the middle.
        if end < self.0.len() && piece.len() < PIECE {
            return Err(NotBase64);
        }
        Ok(Some(piece))
    }
}

/// Whether all are characters of base64; without a branch for each, so that many are
/// looked at at once.
fn are_in_the_alphabet(characters: &[u8]) -> bool {
    characters.iter().fold(true, |so_far, character| {
        so_far & (character.is_ascii_alphanumeric() | matches!(character, b'+' | b'/'))
    })
}

impl From<&str> for Base64Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Base64Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for Base64Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Base64Text({} characters)", self.0.len())
    }
}

impl Serialize for Base64Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(text: &Base64Text) -> Result<Vec<u8>, NotBase64> {
        text.pieces()
            .collect::<Result<Vec<_>, _>>()
            .map(|pieces| pieces.concat())
    }

    #[test]
    fn sizes_around_a_piece_come_out_as_they_went_in() {
        for size in [
            0,
            1,
            2,
            3,
            PIECE - 1,
            PIECE,
            PIECE + 1,
            2 * PIECE,
            2 * PIECE + 2,
        ] {
            let content: Vec<_> = (0..size).map(|byte| byte as u8).collect();
            let text = Base64Text::from(STANDARD.encode(&content));
            assert_eq!(text.content_len(), Ok(size as u64));
            assert!(whole(&text).unwrap() == content, "{size}");
            let pieces = size.div_ceil(PIECE).max(1);
            assert_eq!(text.pieces().count(), pieces, "{size}");
            assert_eq!(text.piece(pieces), Ok(None), "{size}");
        }
    }

    #[test]
    fn what_is_wrong_anywhere_is_found() {
        let good = STANDARD.encode(vec![7; 2 * PIECE]);
        assert!(Base64Text::from(good.clone()).content_len().is_ok());
        for at in [0, PIECE_OF_TEXT - 1, PIECE_OF_TEXT, good.len() - 2] {
            for wrong in ["!", "=", " ", "\n"] {
                let mut text = good.clone();
                text.replace_range(at..=at, wrong);
                let length = Base64Text::from(text).content_len();
                assert_eq!(length, Err(NotBase64), "{at} {wrong:?}");
            }
        }
        for text in [
            "a",
            "aGVsbG8",
            "aGVsbG8==",
            "äöü",
            "data:text/plain;base64,aGVsbG8=",
        ] {
            assert_eq!(
                Base64Text::from(text).content_len(),
                Err(NotBase64),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn it_says_what_decoding_the_whole_says(text in "[A-Za-z0-9+/=\n ]{0,40}") {
            let decoded = STANDARD.decode(&text).map_err(|_| NotBase64);
            let length = decoded.clone().map(|content| content.len() as u64);
            let text = Base64Text::from(text);
            prop_assert_eq!(text.content_len(), length);
            prop_assert_eq!(whole(&text), decoded);
        }
    }
}
