//! Reads the body of every request before any handler runs.
//!
//! Called for surfaces with [`Layer::Body`]. Invariants:
//! - A body has at most `limits.body` bytes (413) and arrives within the request's time limit (408).
//! - Bodies are read even if no handler needs them, because an unread body makes the connection unusable.
//! - After a rejected body the connection is closed: its remaining bytes cannot be told from a next request.
//!
//! Tested in `tests/tests/e2e/conventions/large_bodies.rs` and `tests/tests/e2e/operations/slow_clients.rs`.

use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::http::ConnectionType;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::web::{BytesMut, Payload};
use actix_web::{FromRequest, HttpMessage};
use futures_util::StreamExt;

use super::unread_body::UnreadBody;
use super::{Answer, Inner, refuse};
use crate::body::RawBody;
use crate::problem::Problem;
use crate::surface::{Layer, Surface};

/// A body over the limit is read and dropped up to this size, so that the client receives the 413 instead of a reset.
const MAX_DRAINED: usize = 16 * 1024 * 1024;
/// Time limit of a body where none is configured.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the body for the handler: 413 if it is too large, 408 if it takes too long.
pub(crate) async fn body(mut request: ServiceRequest, surface: &'static Surface, next: impl Inner) -> Answer {
    let headers = request.headers();
    let has_body = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    if !(has_body && surface.has(Layer::Body)) {
        return next(request).await;
    }
    let (most, time) = (surface.limits.body, surface.time(&request).unwrap_or(PATIENCE));
    let (http_request, payload) = request.parts_mut();
    let mut payload = Payload::from_request(http_request, payload).await?;
    let read = tokio::time::timeout(time, read(&mut payload, most)).await;
    let problem = match read {
        Ok(Ok(bytes)) => {
            request.extensions_mut().insert(RawBody(bytes.freeze()));
            return next(request).await;
        }
        Ok(Err(problem)) => problem,
        Err(_) => Problem::slow_body(),
    };
    request.extensions_mut().insert(UnreadBody(payload));
    let mut response = refuse(request, problem);
    // The remaining bytes of the body cannot be told from a next request.
    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    Ok(response)
}

async fn read(payload: &mut Payload, most: usize) -> Result<BytesMut, Problem> {
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::malformed_body())?;
        length += chunk.len();
        if length <= most {
            bytes.extend_from_slice(&chunk);
        } else if length > MAX_DRAINED {
            break;
        }
    }
    if length > most { Err(Problem::body_too_large(most)) } else { Ok(bytes) }
}
