//! Reading a body whole, into one buffer: a large answer is never in memory twice.

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It broke off.
    BrokeOff,
    /// It has more than the limit.
    TooLarge,
}

/// The whole body, of `limit` bytes at most.
pub(crate) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Unread> {
    let said = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if said > limit {
        return Err(Unread::TooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::BrokeOff)?.into_data() else {
            continue;
        };
        if whole.len() + data.len() > limit {
            return Err(Unread::TooLarge);
        }
        // All of it in one piece, as a body in memory is, stays where it is.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.reserve(said.saturating_sub(whole.len()));
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn pieces(pieces: &'static [&'static str]) -> Body {
        Body::from_stream(stream::iter(pieces.iter().map(|piece| {
            if piece.is_empty() {
                Err(std::io::Error::other("broken"))
            } else {
                Ok(*piece)
            }
        })))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_whether_it_says_its_length_or_not() {
        assert_eq!(read(Body::from("12345"), 5).await.unwrap(), "12345");
        assert_eq!(read(Body::from("123456"), 5).await, Err(Unread::TooLarge));
        assert_eq!(read(pieces(&["12", "345"]), 5).await.unwrap(), "12345");
        assert_eq!(
            read(pieces(&["12", "3456"]), 5).await,
            Err(Unread::TooLarge)
        );
        assert_eq!(read(pieces(&["12", ""]), 5).await, Err(Unread::BrokeOff));
        assert_eq!(read(Body::empty(), 0).await.unwrap(), "");
    }
}
