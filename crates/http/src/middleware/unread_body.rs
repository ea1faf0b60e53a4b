//! Hangs up on clients whose request was not read to its end.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::web::{Bytes, Payload};

use super::{Answer, Inner};

/// What is left of the body of a request that was refused before its end.
pub(super) struct UnreadBody(pub(super) Payload);

/// Keeps what is left of a body until the answer is written.
///
/// The server closes a connection in order after an answer, when the body of the request is still wanted by then: it
/// says so, waits a second for the client to go, and goes itself. Of a chunked body that nobody wants any more it waits
/// for the end instead, however long that takes the client.
pub(crate) async fn hold(request: ServiceRequest, next: impl Inner) -> Answer {
    let response = next(request).await?;
    let rest = response.request().extensions_mut().remove::<UnreadBody>();
    Ok(match rest {
        Some(UnreadBody(payload)) => response.map_body(|_, body| BoxBody::new(Held { body, _payload: payload })),
        None => response,
    })
}

/// The body of an answer, and what goes with it.
struct Held {
    body: BoxBody,
    _payload: Payload,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
