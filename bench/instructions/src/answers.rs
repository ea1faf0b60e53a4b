//! Serves requests, from the first middleware to the last byte of the body.

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{ETAG, HeaderMap};
use actix_web::rt::System;
use actix_web::{Error, test};
use anyhow::{Context as _, Result, anyhow};

use crate::requests::Request;
use crate::service::application;
use crate::work::Work;

/// Serves `times` requests of one kind, one after the other on one thread.
pub(crate) fn give(work: Work, times: u32) -> Result<()> {
    System::new().block_on(async {
        let app = test::init_service(application(work == Work::FeedShared)?.app()).await;
        let request = match work {
            Work::Publish => Request::publication(),
            Work::PostUnchanged => {
                let post = Request::post()?;
                let headers = answer(&app, post.sent().to_request(), &post).await?;
                Request::known_post(headers.get(ETAG).context("a post has no entity tag")?.clone())?
            }
            _ => Request::feed(),
        };
        for _ in 0..times {
            answer(&app, request.sent().to_request(), &request).await?;
        }
        Ok(())
    })
}

/// Reads one response, which must be the expected one. (`R` is a type that actix-web does not name.)
async fn answer<R>(
    app: &impl Service<R, Response = ServiceResponse<impl MessageBody>, Error = Error>,
    sent: R,
    request: &Request,
) -> Result<HeaderMap> {
    let response = app.call(sent).await.map_err(|error| anyhow!("no answer: {error}"))?;
    anyhow::ensure!(response.status() == request.expected, "the answer is {}", response.status());
    let headers = response.headers().clone();
    to_bytes(response.into_body()).await.map_err(|_| anyhow!("the body breaks off"))?;
    Ok(headers)
}
