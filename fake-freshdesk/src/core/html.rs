//! Bodies: HTML as Freshdesk keeps it, and the plain text beside it.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A description or message: sanitized HTML and its text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Markup {
    pub(crate) html: Box<str>,
    pub(crate) text: Box<str>,
    /// Inline images stand in it, whose address depends on who looks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inline: bool,
}

/// Where inline images are, up to their token. [O ZAMR]
pub(crate) const INLINE: &str = "https://attachment.freshdesk.com/inline/attachment?token=";

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
        let clean = without_empty_images(SANITIZER.clean(body).to_string());
        let html = if clean.trim_start().starts_with('<') {
            clean
        } else {
            format!("<div>{clean}</div>")
        };
        Markup {
            text: text_of(&html).into(),
            // Quoted from an earlier message.
            inline: html.contains(INLINE),
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
            inline: false,
        }
    }

    /// A mail that quotes the one it answers, as mail programs do. [O POL; the
    /// class of the quote D]
    pub(crate) fn quoting(text: &str, quoted: &Markup) -> Markup {
        let own = Markup::from_text(text);
        let html = format!(
            "{}<div class=\"freshdesk_quote\">----- Original message -----<blockquote class=\"freshdesk_quote\">{}</blockquote></div>",
            own.html, quoted.html
        );
        Markup {
            text: text_of(&html).into(),
            inline: quoted.inline,
            html: html.into(),
        }
    }

    /// Puts an inline image where the text names it (`[cid:logo.png]`, as a
    /// mail's plain text does), otherwise at its end.
    pub(crate) fn place_image(&mut self, name: &str, id: i64, token: &str) {
        let image = format!(
            r#"<img src="{INLINE}{token}" data-id="{id}" class="inline-image fr-fil fr-dib">"#
        );
        let named = format!("[cid:{}]", Markup::from_text(name).html)
            .replace("<div>", "")
            .replace("</div>", "");
        self.html = if self.html.contains(&named) {
            self.html.replacen(&named, &image, 1).into()
        } else {
            format!("{}<div>{image}</div>", self.html).into()
        };
        self.text = self.text.replacen(&format!("[cid:{name}]"), "", 1).into();
        self.inline = true;
    }
}

/// Images that lost their `data:` source are gone altogether. [O FDM]
fn without_empty_images(html: String) -> String {
    if !html.contains("<img") {
        return html;
    }
    let mut kept = String::with_capacity(html.len());
    let mut rest = html.as_str();
    while let Some(at) = rest.find("<img") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        kept.push_str(&rest[..at]);
        if rest[at..end].contains(" src=") {
            kept.push_str(&rest[at..end]);
        }
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
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
        assert_eq!(&*markup.html, "<p>Hi <b>there</b> &amp; you</p>");
        assert_eq!(&*markup.text, "Hi there & you");
    }

    #[test]
    fn images_are_kept_if_they_have_a_source_and_go_to_where_they_are_named() {
        let markup = Markup::from_client(r#"<p><img src="https://x.example/a.png"></p>"#);
        assert_eq!(
            &*markup.html,
            r#"<p><img src="https://x.example/a.png"></p>"#
        );
        assert!(!markup.inline);
        let mut markup = Markup::from_text("see [cid:a&b.png] and");
        markup.place_image("a&b.png", 7, "t");
        let image =
            format!(r#"<img src="{INLINE}t" data-id="7" class="inline-image fr-fil fr-dib">"#);
        assert_eq!(*markup.html, format!("<div>see {image} and</div>"));
        assert_eq!(&*markup.text, "see  and");
        let quoted = Markup::from_client(&markup.html);
        assert!(
            quoted.inline && quoted.html.contains("data-id=\"7\""),
            "{}",
            quoted.html
        );
    }

    #[test]
    fn what_a_person_types_is_no_html() {
        let markup = Markup::from_text("a < b\nc & d");
        assert_eq!(&*markup.html, "<div>a &lt; b<br>c &amp; d</div>");
        assert_eq!(&*markup.text, "a < b\nc & d");
    }
}
