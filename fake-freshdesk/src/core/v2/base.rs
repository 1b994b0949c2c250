//! The address a client used, for links, locations and file URLs.

use std::fmt;

/// Scheme and authority; spelled out only where an answer needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base<'a> {
    pub(crate) https: bool,
    /// Host and port.
    pub(crate) authority: &'a str,
}

impl<'a> Base<'a> {
    /// Reads `scheme://authority`.
    pub(crate) fn of(url: &'a str) -> Base<'a> {
        let (scheme, authority) = url.split_once("://").unwrap_or(("http", url));
        Base {
            https: scheme == "https",
            authority,
        }
    }

    pub(crate) fn scheme(self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

impl fmt::Display for Base<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme(), self.authority)
    }
}
