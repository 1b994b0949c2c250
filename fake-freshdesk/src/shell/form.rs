//! Multipart bodies, read as they come in: a file's bytes are held once.
//!
//! All parts of a form share one buffer of the size that the request announced;
//! each file is a slice of it.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use multer::Multipart;

use crate::core::{ApiBody, Content, Upload};

/// The boundary, if the content type is a form's.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    multer::parse_boundary(content_type).ok()
}

/// Reads a form; `limit` is the most bytes it may have in all, `announced` its
/// `Content-Length`, if it has one.
pub(super) async fn read(
    body: Body,
    boundary: String,
    limit: usize,
    announced: Option<usize>,
) -> ApiBody {
    let mut buffer = BytesMut::with_capacity(announced.unwrap_or_default().min(limit));
    let mut form = Multipart::new(body.into_data_stream(), boundary);
    let mut fields = Vec::new();
    let mut uploads = Vec::new();
    let mut left = limit;
    loop {
        let mut field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return ApiBody::Form { fields, uploads },
            Err(_) => return ApiBody::Broken,
        };
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let content_type = field.content_type().map(ToString::to_string);
        let bytes = match read_field(&mut field, &mut buffer, &mut left).await {
            Ok(bytes) => bytes,
            Err(Stop::TooLarge) => return ApiBody::TooLarge,
            Err(Stop::Broken) => return ApiBody::Broken,
        };
        match file_name {
            Some(file) => uploads.push(Upload {
                name: file,
                content_type,
                content: Content::Bytes(bytes),
                inline: false,
            }),
            None => fields.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
}

enum Stop {
    TooLarge,
    Broken,
}

async fn read_field(
    field: &mut multer::Field<'_>,
    buffer: &mut BytesMut,
    left: &mut usize,
) -> Result<Bytes, Stop> {
    while let Some(chunk) = field.chunk().await.map_err(|_| Stop::Broken)? {
        *left = left.checked_sub(chunk.len()).ok_or(Stop::TooLarge)?;
        buffer.extend_from_slice(&chunk);
    }
    Ok(buffer.split().freeze())
}
