//! A multipart form, as clients send files in.

use axum::body::Body;
use http::Request;

use crate::world::{Answer, DOMAIN, World, basic};

/// The parts so far.
#[derive(Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    fn part(mut self, about: &str, content: &[u8]) -> Form {
        self.0
            .extend(format!("--B\r\nContent-Disposition: form-data; {about}\r\n\r\n").as_bytes());
        self.0.extend(content);
        self.0.extend(b"\r\n");
        self
    }

    /// A plain value.
    pub(crate) fn field(self, name: &str, value: &str) -> Form {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    /// A file; without a type if `kind` is empty.
    pub(crate) fn file(self, name: &str, (file, kind): (&str, &str), content: &[u8]) -> Form {
        let kind = match kind {
            "" => String::new(),
            kind => format!("\r\nContent-Type: {kind}"),
        };
        self.part(
            &format!("name=\"{name}\"; filename=\"{file}\"{kind}"),
            content,
        )
    }

    /// Sends it with the administrator's key.
    pub(crate) async fn post(self, world: &World, path: &str) -> Answer {
        let mut form = self.0;
        form.extend(b"--B--\r\n");
        let request = Request::post(format!("https://{DOMAIN}/api/v2{path}"))
            .header("authorization", basic(&world.key))
            .header("content-type", "multipart/form-data; boundary=B")
            .body(Body::from(form))
            .unwrap();
        world.raw(request).await
    }
}
