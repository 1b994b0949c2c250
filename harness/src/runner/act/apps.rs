//! Other programs on the same account, with a rep's key.

use axum::http::{Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::scenario::step::AppCalls;
use crate::world::cast::{Cast, DOMAIN};
use crate::world::{World, WorldError};

/// Makes the calls; what Freshdesk answers is in its journal.
pub(super) async fn call(world: &World, cast: &Cast, calls: &AppCalls) -> Result<(), WorldError> {
    let key = &cast.rep(None)?.key;
    let authorization = format!("Basic {}", STANDARD.encode(format!("{key}:X")));
    let Some((method, path)) = calls.call.split_once(' ') else {
        return Err(WorldError::unexpected(format!(
            "`{}` is no method and path, such as `GET /agents/me`",
            calls.call
        )));
    };
    for _ in 0..calls.times {
        let request = Request::builder()
            .method(method)
            .uri(world.api.url(&format!("/api/v2{path}")))
            .header(header::HOST, DOMAIN)
            .header(header::AUTHORIZATION, &authorization);
        world.api.send(request, String::new()).await?;
    }
    Ok(())
}
