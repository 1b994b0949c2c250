//! Bodies: HTML as Freshdesk keeps it, and the plain text beside it.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A description or message: sanitized HTML and its text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Markup {
    pub(crate) html: Box<str>,
    pub(crate) text: Box<str>,
}

static SANITIZER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::default();
    builder
        .add_generic_attributes(["style", "class", "dir"])
        .add_tag_attributes("img", ["data-id"])
        .add_tags(["font"])
        .link_rel(Some("noreferrer"))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "ftp"]));
    builder
});

impl Markup {
    /// What an API client sent: HTML, or plain text that gets its `<div>`. [O]
    ///
    /// Scripts, handlers and `data:` images go; what a browser would show stays.
    pub(crate) fn from_client(body: &str) -> Markup {
        if !body.contains(['<', '&']) {
            return Markup::from_text(body);
        }
        let clean = SANITIZER.clean(body).to_string();
        let html = if clean.trim_start().starts_with('<') {
            clean
        } else {
            format!("<div>{clean}</div>")
        };
        Markup {
            text: text_of(&html).into(),
            html: html.into(),
        }
    }

    /// What a person typed, or a mail's plain text.
    pub(crate) fn from_text(text: &str) -> Markup {
        let mut html = String::with_capacity(text.len() + 11);
        html.push_str("<div>");
        for letter in text.chars() {
            match letter {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '\n' => html.push_str("<br>"),
                '\r' => {}
                other => html.push(other),
            }
        }
        html.push_str("</div>");
        Markup {
            html: html.into(),
            text: text.into(),
        }
    }
}

/// The text of HTML, tags stripped and entities read.
pub(crate) fn text_of(html: &str) -> String {
    let rendered = html2text::config::with_decorator(html2text::render::TrivialDecorator::new())
        .allow_width_overflow()
        .string_from_read(html.as_bytes(), 100_000);
    match rendered {
        Ok(text) => text.trim_end_matches('\n').to_owned(),
        Err(_) => html.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_gets_a_div_and_stays_plain_beside_it() {
        let markup = Markup::from_client("Where is order 1042?");
        assert_eq!(&*markup.html, "<div>Where is order 1042?</div>");
        assert_eq!(&*markup.text, "Where is order 1042?");
    }

    #[test]
    fn html_is_cleaned() {
        let markup = Markup::from_client(
            "<p onclick=\"x()\">Hi <b>there</b> &amp; you<script>alert(1)</script><img src=\"data:image/png;base64,AA\"></p>",
        );
        assert_eq!(&*markup.html, "<p>Hi <b>there</b> &amp; you<img></p>");
        assert_eq!(&*markup.text, "Hi there & you");
    }

    #[test]
    fn what_a_person_types_is_no_html() {
        let markup = Markup::from_text("a < b\nc & d");
        assert_eq!(&*markup.html, "<div>a &lt; b<br>c &amp; d</div>");
        assert_eq!(&*markup.text, "a < b\nc & d");
    }
}
