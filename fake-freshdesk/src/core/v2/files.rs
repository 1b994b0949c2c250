//! Attachments behind URLs that look pre-signed, expire, and refuse the
//! API's credentials, as S3 does; inline images behind tokens. [O ZAMR]

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::base::Base;
use super::query::{Query, decoded};
use super::reply::{ApiReply, HTML};
use super::request::ApiRequest;
use crate::core::Helpdesk;
use crate::core::account::Account;
use crate::core::html::{INLINE, Markup};
use crate::core::ids::account_of;
use crate::core::tickets::Attachment;
use crate::core::time::{Ms, SECOND, compact, date, parse};

const PREFIX: &str = "/data/helpdesk/attachments/production/";

fn signature(id: i64, stamp: &str, seconds: u32, variant: &str) -> String {
    let digest = Sha256::digest(format!("fake-freshdesk/{id}/{stamp}/{seconds}/{variant}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where attachments are fetched from: `attachment.freshdesk.com` beside a
/// `*.freshdesk.com` account, otherwise the address the client used. [O hosts]
fn file_base(base: Base<'_>) -> String {
    let (host, port) = base
        .authority
        .split_once(':')
        .unwrap_or((base.authority, ""));
    if !host.ends_with(".freshdesk.com") {
        return base.to_string();
    }
    let colon = if port.is_empty() { "" } else { ":" };
    format!("{}://attachment.freshdesk.com{colon}{port}", base.scheme())
}

/// A URL for a file, good for some seconds from `now`.
pub(super) fn signed_url(
    base: Base<'_>,
    file: &Attachment,
    now: Ms,
    seconds: u32,
    variant: &str,
) -> String {
    let stamp = compact(now);
    let day = date(now).replace('-', "");
    format!(
        "{}{PREFIX}{}/{variant}/{}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=FAKE%2F{day}%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date={stamp}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host&X-Amz-Signature={}",
        file_base(base),
        file.id,
        utf8_percent_encode(&file.name, NON_ALPHANUMERIC),
        signature(file.id, &stamp, seconds, variant),
    )
}

/// The path of inline images.
const INLINE_PATH: &str = "/inline/attachment";

/// A token that names an inline image for ever: a JWT with id, domain and
/// account, signed, without an end. [O ZAMR]
pub(crate) fn inline_token(account: &Account, id: i64) -> String {
    let payload =
        json!({"id": id, "domain": &*account.domain, "account_id": 1_000_000 + account.id.0});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({"typ": "JWT", "alg": "HS256"})),
        part(&payload)
    );
    let signature = URL_SAFE_NO_PAD.encode(jwt_signature(&signed));
    format!("{signed}.{signature}")
}

fn jwt_signature(signed: &str) -> Vec<u8> {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(b"fake-freshdesk inline images") else {
        return Vec::new();
    };
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The image that a token names, if it is one of ours.
fn inline_image(token: &str) -> Option<i64> {
    let (signed, signature) = token.rsplit_once('.')?;
    if URL_SAFE_NO_PAD.decode(signature).ok()? != jwt_signature(signed) {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(signed.split('.').nth(1)?).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    payload["id"].as_i64()
}

/// A body as a client sees it: inline images at an address it can follow.
pub(crate) fn html_at<'m>(body: &'m Markup, base: Base<'_>) -> Cow<'m, str> {
    if !body.inline {
        return Cow::Borrowed(&body.html);
    }
    let address = format!("{}{INLINE_PATH}?token=", file_base(base));
    Cow::Owned(body.html.replace(INLINE, &address))
}

fn refused(status: u16, code: &str, message: &str) -> ApiReply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    ApiReply::bare(status, Some("application/xml"), body)
}

/// When a signed stamp (`20260102T030405Z`) was made.
fn signed_at(stamp: &str) -> Option<Ms> {
    let part = |from: usize, to: usize| stamp.get(from..to);
    parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    ))
}

/// Answers a request to a signed URL; `None` if it is to something else.
pub(super) fn serve(helpdesk: &Helpdesk, now: Ms, request: &ApiRequest<'_>) -> Option<ApiReply> {
    if request.path == INLINE_PATH {
        let query = Query::new(request.query);
        let id = inline_image(query.get("token").unwrap_or_default());
        let file = id.and_then(|id| {
            let account = helpdesk.accounts.get(&account_of(id)?)?;
            account.files.get(&id)
        });
        return Some(file.map_or_else(
            || ApiReply::bare(404, Some(HTML), ""),
            |file| content(helpdesk, file),
        ));
    }
    let rest = request.path.strip_prefix(PREFIX)?;
    let mut parts = rest.split('/');
    let id: i64 = parts.next()?.parse().ok()?;
    let variant = parts.next().unwrap_or_default();
    let name = decoded(parts.next().unwrap_or_default());
    if request.authorization.is_some() {
        return Some(refused(
            400,
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
        ));
    }
    // The verb is a part of what is signed.
    let query = Query::new(request.query);
    let stamp = query.get("X-Amz-Date").unwrap_or_default();
    let seconds: u32 = query
        .get("X-Amz-Expires")
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let signed = query.get("X-Amz-Signature") == Some(&signature(id, stamp, seconds, variant));
    if !signed || request.method != Method::GET {
        return Some(refused(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
        ));
    }
    let until = signed_at(stamp).map(|at| at + Ms::from(seconds) * SECOND);
    // Stamps are whole seconds, so the last second counts in full.
    if until.is_none_or(|until| now >= until + SECOND) {
        return Some(refused(403, "AccessDenied", "Request has expired"));
    }
    let account = helpdesk.accounts.get(&account_of(id)?);
    let file = account.and_then(|account| account.files.get(&id));
    let file = file.filter(|file| file.name == name);
    let Some(file) = file else {
        return Some(refused(
            404,
            "NoSuchKey",
            "The specified key does not exist.",
        ));
    };
    Some(content(helpdesk, file))
}

/// What is in a file. One that is only a length is served as that many zeros.
fn content(helpdesk: &Helpdesk, file: &Attachment) -> ApiReply {
    let kept = file
        .sha256
        .as_deref()
        .and_then(|hash| helpdesk.contents.get(hash));
    let bytes =
        kept.unwrap_or_else(|| vec![0; usize::try_from(file.size).unwrap_or_default()].into());
    let mut reply = ApiReply::bare(200, None, bytes);
    reply
        .headers
        .push(("content-type", file.content_type.clone().into()));
    reply
}
