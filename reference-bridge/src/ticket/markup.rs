//! Text to HTML, for what is posted, and HTML to text, for what is read.

/// The text of a body: Freshdesk's own plain form, or the markup stripped.
pub(super) fn text(plain: Option<&str>, html: Option<&str>) -> String {
    match (plain, html) {
        (Some(plain), _) if !plain.trim().is_empty() => plain.trim().to_owned(),
        (_, Some(html)) => stripped(html),
        _ => String::new(),
    }
}

/// Text as HTML: paragraphs at empty lines, breaks at others.
pub(super) fn html(text: &str) -> String {
    text.replace("\r\n", "\n")
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(|paragraph| format!("<p>{}</p>", escaped(paragraph.trim()).replace('\n', "<br>")))
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Drops tags and reads the common entities; for the rare body without a plain form.
fn stripped(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('>') else {
            rest = "";
            break;
        };
        let tag = rest[open + 1..open + close].to_ascii_lowercase();
        if ["br", "/p", "/div", "/li"]
            .iter()
            .any(|end| tag.starts_with(end))
        {
            text.push('\n');
        }
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_paragraphs_and_nothing_in_it_becomes_markup() {
        assert_eq!(
            html("Hi <b>you</b> & me\nsecond line\n\n\n\nbye"),
            "<p>Hi &lt;b&gt;you&lt;/b&gt; &amp; me<br>second line</p><p>bye</p>"
        );
    }

    #[test]
    fn a_body_without_a_plain_form_is_stripped() {
        assert_eq!(
            text(None, Some("<div>Where is<br/>order &lt;1042&gt;?</div>")),
            "Where is\norder <1042>?"
        );
        assert_eq!(text(Some("  "), Some("a < b")), "a");
        assert_eq!(text(Some(" plain "), Some("<p>html</p>")), "plain");
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_brain_says_only_our_own_markup_comes_out(said in "\\PC*") {
            let mut html = html(&said);
            for ours in ["<p>", "</p>", "<br>"] {
                html = html.replace(ours, "");
            }
            proptest::prop_assert!(!html.contains(['<', '>']), "{html}");
        }

        #[test]
        fn a_text_that_is_posted_reads_back_as_it_was(said in "[a-z<>&\"]{1,20}( [a-z<>&\"]{1,20}){0,5}") {
            proptest::prop_assert_eq!(text(None, Some(&html(&said))), said);
        }
    }
}
