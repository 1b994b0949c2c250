//! `multipart/form-data` as Freshdesk wants it: plain fields, then the files,
//! each as `attachments[]`. The form is never in memory whole: its length is known
//! beforehand, and a file's pieces are read as the socket takes them. Sending it
//! again makes the body anew.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tower::BoxError;

use crate::entropy::Entropy;

/// The content of a file, read piece by piece.
#[async_trait]
pub(crate) trait Content: Send + Sync + 'static {
    /// Piece `number`, `None` after the last.
    async fn piece(&self, number: usize) -> Result<Option<Bytes>, BoxError>;
}

/// A file to attach.
#[derive(Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// Bytes of content; a content of any other length breaks the request off.
    pub(crate) size: u64,
    pub(crate) content: Arc<dyn Content>,
}

/// A form, ready to be sent any number of times.
#[derive(Clone)]
pub(crate) struct Form {
    boundary: Arc<str>,
    parts: Arc<[Part]>,
    length: u64,
}

#[derive(Clone)]
enum Part {
    Text(Bytes),
    File {
        size: u64,
        content: Arc<dyn Content>,
    },
}

impl Form {
    pub(super) fn new(entropy: &Entropy, fields: &[(&str, &str)], files: Vec<Upload>) -> Self {
        let boundary = format!("opencx-{}", entropy.hex::<16>());
        let mut parts = Vec::new();
        let mut text = String::new();
        for (name, value) in fields {
            text += &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        for file in files {
            text += &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"attachments[]\"; \
                 filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                quoted(&file.name),
                header_text(&file.content_type),
            );
            parts.push(Part::Text(std::mem::take(&mut text).into()));
            parts.push(Part::File {
                size: file.size,
                content: file.content,
            });
            text += "\r\n";
        }
        text += &format!("--{boundary}--\r\n");
        parts.push(Part::Text(text.into()));
        let length = parts.iter().map(Part::length).sum();
        Self {
            boundary: boundary.into(),
            parts: parts.into(),
            length,
        }
    }

    /// Bytes of the encoded form.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The encoded form from its beginning.
    pub(super) fn body(&self) -> Body {
        let parts = self.parts.clone();
        let bytes = stream::iter(0..parts.len())
            .map(move |number| parts[number].clone().bytes())
            .flatten();
        Body::from_stream(bytes)
    }
}

impl Part {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    fn bytes(self) -> stream::BoxStream<'static, Result<Bytes, BoxError>> {
        match self {
            Self::Text(text) => stream::iter([Ok(text)]).boxed(),
            Self::File { size, content } => stream::try_unfold((0, size), move |(number, left)| {
                let content = content.clone();
                async move {
                    let Some(piece) = content.piece(number).await? else {
                        // Fewer bytes than were promised cannot be sent as the file.
                        return if left == 0 {
                            Ok(None)
                        } else {
                            Err(format!("{left} bytes of the file are missing").into())
                        };
                    };
                    let left = left
                        .checked_sub(piece.len() as u64)
                        .ok_or("the file has more bytes than it should")?;
                    Ok(Some((piece, (number + 1, left))))
                }
            })
            .try_filter(|piece| std::future::ready(!piece.is_empty()))
            .boxed(),
        }
    }
}

/// The HTML standard's escapes inside a quoted file name.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn header_text(content_type: &str) -> &str {
    let plain = content_type
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if plain && content_type.contains('/') {
        content_type
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
pub(super) mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// A content of these pieces.
    pub(crate) struct Pieces(pub(crate) Vec<&'static [u8]>);

    #[async_trait]
    impl Content for Pieces {
        async fn piece(&self, number: usize) -> Result<Option<Bytes>, BoxError> {
            Ok(self.0.get(number).map(|piece| Bytes::from_static(piece)))
        }
    }

    fn upload(name: &str, content_type: &str, size: u64, pieces: &[&'static [u8]]) -> Upload {
        Upload {
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            size,
            content: Arc::new(Pieces(pieces.to_vec())),
        }
    }

    async fn sent(form: &Form) -> Result<String, axum::Error> {
        let bytes = form.body().collect().await?.to_bytes();
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_bytes_are_the_forms_and_as_many_as_it_says_each_time() {
        let form = Form::new(
            &Entropy::seeded(1),
            &[("body", "hi"), ("private", "true")],
            vec![
                upload("a.txt", "text/plain", 5, &[b"he", b"", b"llo"]),
                upload("empty.bin", "application/x-empty", 0, &[b""]),
            ],
        );
        let boundary = &*form.boundary;
        let expected = format!(
            "--{boundary}\r\n\
             Content-Disposition: form-data; name=\"body\"\r\n\r\nhi\r\n\
             --{boundary}\r\n\
             Content-Disposition: form-data; name=\"private\"\r\n\r\ntrue\r\n\
             --{boundary}\r\n\
             Content-Disposition: form-data; name=\"attachments[]\"; filename=\"a.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nhello\r\n\
             --{boundary}\r\n\
             Content-Disposition: form-data; name=\"attachments[]\"; filename=\"empty.bin\"\r\n\
             Content-Type: application/x-empty\r\n\r\n\r\n\
             --{boundary}--\r\n"
        );
        for _ in 0..2 {
            assert_eq!(sent(&form).await.unwrap(), expected);
        }
        assert_eq!(form.length(), expected.len() as u64);
    }

    #[tokio::test]
    async fn a_file_of_another_length_than_promised_breaks_the_request_off() {
        for size in [4, 6] {
            let file = upload("a.txt", "text/plain", size, &[b"hello"]);
            let form = Form::new(&Entropy::seeded(1), &[], vec![file]);
            assert!(sent(&form).await.is_err(), "{size}");
        }
    }

    #[tokio::test]
    async fn a_file_name_cannot_break_out_of_its_header() {
        let file = upload("a\"\r\nX: y", "text/plain\r\nX: y", 5, &[b"hello"]);
        let form = Form::new(&Entropy::seeded(1), &[("body", "hi")], vec![file]);
        let text = sent(&form).await.unwrap();
        assert!(text.contains("filename=\"a%22%0D%0AX: y\"\r\n"));
        assert!(text.contains("Content-Type: application/octet-stream\r\n\r\nhello\r\n"));
        assert!(text.ends_with(&format!("--{}--\r\n", form.boundary)));
    }
}
