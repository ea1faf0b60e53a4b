//! Handlers of <<verbs>>.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, put};
use <<context>>::<<Context>>;
use http_kit::identity::SignedIn;
use http_kit::paths::{<<Parameter>>, <<Extractor>>};

use crate::error::Answer;

/// <<Words>> a <<noun>>
///
/// Idempotent: a second call by the same user changes nothing.
#[utoipa::path(
    tag = "<<tag>>",
    operation_id = "<<operation>>",
    params(<<Parameter>>),
    security(("bearer" = [])),
    responses((status = 204, description = "The <<words>> of the signed-in user is stored.")),
)]
#[put("<<route>>")]
pub(super) async fn add(<<context>>: Data<<<Context>>>, <<extract>>, SignedIn(me): SignedIn) -> Answer {
    <<context>>.<<verb>>.execute(<<borrow>><<noun>>, me).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Remove your <<words>> from a <<noun>>
///
/// Idempotent: without a <<words>>, the call changes nothing.
#[utoipa::path(
    tag = "<<tag>>",
    operation_id = "un<<operation>>",
    params(<<Parameter>>),
    security(("bearer" = [])),
    responses((status = 204, description = "There is no <<words>> of the signed-in user.")),
)]
#[delete("<<route>>")]
pub(super) async fn remove(<<context>>: Data<<<Context>>>, <<extract>>, SignedIn(me): SignedIn) -> Answer {
    <<context>>.<<verb>>.undo(<<borrow>><<noun>>, me).await?;
    Ok(HttpResponse::NoContent().finish())
}
