//! `multipart/form-data` as Freshdesk wants it: plain fields, then the files,
//! each as `attachments[]`.

use base64::Engine as _;
use bytes::{BufMut, Bytes, BytesMut};

use crate::{entropy::Entropy, turn::OutgoingFile};

/// An encoded form.
pub(super) struct Form {
    pub(super) boundary: String,
    pub(super) bytes: Bytes,
}

/// Encodes fields and files. A file whose content is not base64 is left out;
/// the turn's own check has named it to the reader already.
pub(super) fn encode(entropy: &Entropy, fields: &[(&str, &str)], files: &[OutgoingFile]) -> Form {
    let boundary = format!("opencx-{}", entropy.hex::<16>());
    let mut bytes = BytesMut::new();
    for (name, value) in fields {
        bytes.put_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .as_bytes(),
        );
    }
    for file in files {
        let Ok(content) =
            base64::engine::general_purpose::STANDARD.decode(file.bytes_base64.as_bytes())
        else {
            continue;
        };
        bytes.put_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"attachments[]\"; \
                 filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                quoted(&file.name),
                header_text(&file.content_type),
            )
            .as_bytes(),
        );
        bytes.put_slice(&content);
        bytes.put_slice(b"\r\n");
    }
    bytes.put_slice(format!("--{boundary}--\r\n").as_bytes());
    Form {
        boundary,
        bytes: bytes.freeze(),
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
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_break_out_of_its_header() {
        let form = encode(
            &Entropy::seeded(1),
            &[("body", "hi")],
            &[OutgoingFile {
                name: "a\"\r\nX: y".to_owned(),
                content_type: "text/plain\r\nX: y".to_owned(),
                bytes_base64: "aGVsbG8=".into(),
            }],
        );
        let text = std::str::from_utf8(&form.bytes).unwrap();
        assert!(text.contains("filename=\"a%22%0D%0AX: y\"\r\n"));
        assert!(text.contains("Content-Type: application/octet-stream\r\n\r\nhello\r\n"));
        assert!(text.ends_with(&format!("--{}--\r\n", form.boundary)));
    }
}
