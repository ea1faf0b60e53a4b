//! The requests, and the expected status of their responses.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_NONE_MATCH};
use actix_web::test::TestRequest;
use anyhow::Result;

use crate::samples;

/// A request that can be sent repeatedly.
pub(crate) struct Request {
    make: Box<dyn Fn() -> TestRequest>,
    pub(crate) expected: StatusCode,
}

impl Request {
    fn new(expected: StatusCode, make: impl Fn() -> TestRequest + 'static) -> Self {
        Self { make: Box::new(make), expected }
    }

    /// Reads the public feed.
    pub(crate) fn feed() -> Self {
        Self::new(StatusCode::OK, || TestRequest::get().uri("/v1/posts"))
    }

    /// Reads a post.
    pub(crate) fn post() -> Result<Self> {
        let path = post_path()?;
        Ok(Self::new(StatusCode::OK, move || TestRequest::get().uri(&path)))
    }

    /// Reads a post with `If-None-Match`.
    pub(crate) fn known_post(tag: HeaderValue) -> Result<Self> {
        let path = post_path()?;
        let make = move || TestRequest::get().uri(&path).insert_header((IF_NONE_MATCH, tag.clone()));
        Ok(Self::new(StatusCode::NOT_MODIFIED, make))
    }

    /// Publishes a post.
    pub(crate) fn publication() -> Self {
        let body = samples::publication();
        Self::new(StatusCode::CREATED, move || {
            TestRequest::post()
                .uri("/v1/posts")
                .insert_header((AUTHORIZATION, "Bearer token"))
                .insert_header((CONTENT_TYPE, "application/json"))
                .set_payload(body.clone())
        })
    }

    /// A new copy of the request.
    pub(crate) fn sent(&self) -> TestRequest {
        (self.make)()
    }
}

fn post_path() -> Result<String> {
    Ok(format!("/v1/posts/{}", samples::cuid(0)?))
}
