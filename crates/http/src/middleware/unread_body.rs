//! Closes the connection of a request whose body was not read to its end.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::web::{Bytes, Payload};

use super::{Answer, Inner};

/// The unread rest of the body of a rejected request.
pub(super) struct UnreadBody(pub(super) Payload);

/// Holds the unread rest of a body until the response is written.
///
/// While the payload is held, actix-web closes the connection in order: it sends the response, waits a second for the
/// client to close, and closes. After a dropped payload of a chunked body, it waits for the end of the body instead,
/// without a limit.
pub(crate) async fn hold(request: ServiceRequest, next: impl Inner) -> Answer {
    let response = next(request).await?;
    let rest = response.request().extensions_mut().remove::<UnreadBody>();
    Ok(match rest {
        Some(UnreadBody(payload)) => response.map_body(|_, body| BoxBody::new(Held { body, _payload: payload })),
        None => response,
    })
}

/// The body of a response, and the payload that is held with it.
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
