//! Attachments as JSON, with URLs signed for this answer.

use super::base::Base;
use super::files::signed_url;
use super::json::{At, Json, Object, list, put};
use crate::core::tickets::Attachment;
use crate::core::time::Ms;

/// A list of attachments, to be written.
pub(super) struct Files<'a> {
    pub(super) list: &'a [Attachment],
    pub(super) now: Ms,
    pub(super) base: Base<'a>,
    /// How long the URLs are good.
    pub(super) seconds: u32,
}

impl Json for Files<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        list(out, self.list.iter().map(|file| File { file, of: self }));
    }
}

struct File<'a> {
    file: &'a Attachment,
    of: &'a Files<'a>,
}

impl Json for File<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let file = self.file;
        let url = |variant| signed_url(self.of.base, file, self.of.now, self.of.seconds, variant);
        let mut map = Object::begin(out);
        put!(map, "id", &file.id);
        put!(map, "name", &file.name);
        put!(map, "content_type", &file.content_type);
        put!(map, "size", &file.size);
        put!(map, "created_at", &At(file.created_at));
        put!(map, "updated_at", &At(file.created_at));
        put!(map, "attachment_url", &url("original"));
        if file.content_type.starts_with("image/") {
            put!(map, "thumb_url", &url("thumb"));
        }
        map.end();
    }
}
