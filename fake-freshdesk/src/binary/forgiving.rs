//! Request lines with raw quotes, as the reference's own examples have them:
//! `GET /api/v2/search/tickets?query="priority:3" HTTP/1.1`. [O]
//!
//! The real service takes them; hyper takes no request target with `"`, `<` or
//! `>` in it. So they are escaped on their way in, in request lines of HTTP/1
//! and nowhere else: everything that is no such line passes as it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What escapes a byte of a request line, if it needs it.
fn escape(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'"' => Some(b"%22"),
        b'<' => Some(b"%3C"),
        b'>' => Some(b"%3E"),
        _ => None,
    }
}

/// Longer heads are refused by hyper; nobody needs to follow them.
const LONGEST_LINE: usize = 16 * 1024;

/// Where in a message of HTTP/1 the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the request line.
    Request,
    /// In a line of the head.
    Header,
    /// So many bytes of the body are to come.
    Body(u64),
    /// In the line that says how long a chunk is.
    ChunkSize,
    /// After a chunk's bytes, before the next size.
    ChunkEnd,
    /// In what may follow the last chunk.
    Trailer,
    /// No HTTP/1 that could be followed.
    Lost,
}

/// Follows a stream from message to message.
#[derive(Debug)]
struct Follower {
    place: Place,
    /// The line so far, but for request lines, of which the method is enough.
    line: Vec<u8>,
    length: u64,
    chunked: bool,
}

impl Follower {
    fn new() -> Follower {
        Follower {
            place: Place::Request,
            line: Vec::new(),
            length: 0,
            chunked: false,
        }
    }

    /// Goes over what came in, up to the first byte that must be escaped;
    /// returns where that is.
    fn follow(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            match self.place {
                Place::Lost => return None,
                Place::Body(left) => {
                    let here = (bytes.len() - at) as u64;
                    let taken = here.min(left);
                    at += taken as usize;
                    self.place = match (left - taken, self.chunked) {
                        (0, false) => self.next_message(),
                        (0, true) => Place::ChunkEnd,
                        (left, _) => Place::Body(left),
                    };
                }
                _ => {
                    let rest = &bytes[at..];
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    let part = &rest[..end.unwrap_or(rest.len())];
                    if self.place == Place::Request
                        && let Some(odd) = part.iter().position(|byte| escape(*byte).is_some())
                    {
                        self.line.extend_from_slice(&part[..odd]);
                        return Some(at + odd);
                    }
                    self.line.extend_from_slice(part);
                    at += part.len();
                    if self.line.len() > LONGEST_LINE {
                        self.place = Place::Lost;
                    } else if end.is_some() {
                        self.place = self.end_of_line();
                        self.line.clear();
                        at += 1;
                    }
                }
            }
        }
        None
    }

    fn next_message(&mut self) -> Place {
        (self.length, self.chunked) = (0, false);
        Place::Request
    }

    fn end_of_line(&mut self) -> Place {
        let line = self.line.trim_ascii();
        match self.place {
            // Blank lines may stand before a request.
            Place::Request if line.is_empty() => Place::Request,
            Place::Request if line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0") => {
                Place::Header
            }
            Place::Header if line.is_empty() => match (self.chunked, self.length) {
                (true, _) => Place::ChunkSize,
                (false, 0) => self.next_message(),
                (false, length) => Place::Body(length),
            },
            Place::Header => self.header(),
            Place::ChunkSize => {
                let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = std::str::from_utf8(size).ok();
                match size.and_then(|size| u64::from_str_radix(size.trim(), 16).ok()) {
                    Some(0) => Place::Trailer,
                    Some(size) => Place::Body(size),
                    None => Place::Lost,
                }
            }
            Place::ChunkEnd if line.is_empty() => Place::ChunkSize,
            Place::Trailer if line.is_empty() => self.next_message(),
            Place::Trailer => Place::Trailer,
            _ => Place::Lost,
        }
    }

    /// Notes how long the body is.
    fn header(&mut self) -> Place {
        let line = self.line.trim_ascii();
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Place::Lost;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = std::str::from_utf8(value)
                .ok()
                .and_then(|text| text.parse().ok());
            match length {
                Some(length) => self.length = length,
                None => return Place::Lost,
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = value.to_ascii_lowercase().ends_with(b"chunked");
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            return Place::Lost;
        }
        Place::Header
    }
}

/// A connection whose request lines are escaped as they come in.
#[derive(Debug)]
pub(crate) struct Forgiving<S> {
    stream: S,
    follower: Follower,
    /// What came in behind the first byte that was escaped, escaped too.
    ready: Vec<u8>,
    given: usize,
}

impl<S> Forgiving<S> {
    pub(crate) fn new(stream: S) -> Forgiving<S> {
        Forgiving {
            stream,
            follower: Follower::new(),
            ready: Vec::new(),
            given: 0,
        }
    }

    /// Escapes the rest of what came in, from the first byte that needs it.
    fn escape_rest(&mut self, mut rest: &[u8]) {
        while let Some((first, behind)) = rest.split_first() {
            if let Some(escaped) = escape(*first) {
                self.ready.extend_from_slice(escaped);
                rest = behind;
            }
            let next = self.follower.follow(rest).unwrap_or(rest.len());
            self.ready.extend_from_slice(&rest[..next]);
            rest = &rest[next..];
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Forgiving<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.given < this.ready.len() {
            let left = &this.ready[this.given..];
            let now = left.len().min(out.remaining());
            out.put_slice(&left[..now]);
            this.given += now;
            if this.given == this.ready.len() {
                this.ready = Vec::new();
                this.given = 0;
            }
            return Poll::Ready(Ok(()));
        }
        let before = out.filled().len();
        std::task::ready!(Pin::new(&mut this.stream).poll_read(context, out))?;
        let Some(at) = this.follower.follow(&out.filled()[before..]) else {
            return Poll::Ready(Ok(()));
        };
        let rest = out.filled()[before + at..].to_vec();
        out.set_filled(before + at);
        this.escape_rest(&rest);
        if at == 0 {
            // Nothing at all would read as the stream's end.
            return Pin::new(this).poll_read(context, out);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Forgiving<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// Hands out bytes in pieces of the given sizes, over and over.
    struct Pieces {
        bytes: Vec<u8>,
        sizes: Vec<usize>,
        turn: usize,
    }

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            out: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let size = self.sizes[self.turn % self.sizes.len()];
            self.turn += 1;
            let now = size.min(self.bytes.len()).min(out.remaining());
            let piece: Vec<u8> = self.bytes.drain(..now).collect();
            out.put_slice(&piece);
            Poll::Ready(Ok(()))
        }
    }

    fn read(bytes: &[u8], sizes: &[usize]) -> Vec<u8> {
        let pieces = Pieces {
            bytes: bytes.to_vec(),
            sizes: sizes.to_vec(),
            turn: 0,
        };
        let mut all = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let read = async { Forgiving::new(pieces).read_to_end(&mut all).await };
        runtime.unwrap().block_on(read).unwrap();
        all
    }

    #[test]
    fn a_request_line_is_escaped_and_nothing_else() {
        let sent = "GET /s?query=\"created_at:>'2026-01-01'\" HTTP/1.1\r\nx: \"<>\"\r\n\r\n";
        let wanted = "GET /s?query=%22created_at:%3E'2026-01-01'%22 HTTP/1.1\r\nx: \"<>\"\r\n\r\n";
        assert_eq!(
            String::from_utf8(read(sent.as_bytes(), &[7])).unwrap(),
            wanted
        );
    }

    #[test]
    fn what_is_no_http_1_is_left_alone() {
        for odd in [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\"\"\"<<>>",
            "GET /\r\n\"",
            "POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n\"",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\"",
            "GET / HTTP/1.1\r\nupgrade: h2c\r\n\r\n\"",
        ] {
            assert_eq!(read(odd.as_bytes(), &[3]), odd.as_bytes(), "{odd}");
        }
    }

    /// A request as it is sent, and as it should come in.
    fn request() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let body =
            proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\n'), any::<u8>()], 1..40);
        let framed = prop_oneof![
            Just((String::new(), Vec::new())),
            body.clone()
                .prop_map(|body| (format!("Content-Length: {}\r\n", body.len()), body)),
            proptest::collection::vec(body, 0..3).prop_map(|chunks| {
                let mut sent = Vec::new();
                for chunk in &chunks {
                    sent.extend(format!("{:x};a=\"b\"\r\n", chunk.len()).into_bytes());
                    sent.extend(chunk);
                    sent.extend(b"\r\n");
                }
                sent.extend(b"0\r\nt: \"\"\r\n\r\n");
                ("transfer-encoding: chunked\r\n".to_owned(), sent)
            }),
        ];
        ("[a-z\"<>=:]{0,20}", framed).prop_map(|(query, (header, body))| {
            let with = |query: &str| {
                let head = format!("POST /x?{query} HTTP/1.1\r\nhost: \"h\"\r\n{header}\r\n");
                [head.as_bytes(), &body].concat()
            };
            let escaped = query
                .replace('"', "%22")
                .replace('<', "%3C")
                .replace('>', "%3E");
            (with(&query), with(&escaped))
        })
    }

    proptest! {
        #[test]
        fn requests_on_one_connection_are_told_apart_however_they_are_cut(
            requests in proptest::collection::vec(request(), 1..4),
            sizes in proptest::collection::vec(1_usize..50, 1..5),
        ) {
            let sent: Vec<u8> = requests.iter().flat_map(|(sent, _)| sent.clone()).collect();
            let wanted: Vec<u8> = requests.iter().flat_map(|(_, wanted)| wanted.clone()).collect();
            prop_assert_eq!(read(&sent, &sizes), wanted);
        }
    }
}
