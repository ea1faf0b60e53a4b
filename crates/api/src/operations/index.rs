//! Serves the start page with links to the documentation.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use http_kit::links::Links;
use http_kit::problem::Problem;
use http_kit::reply::Reply;

use super::docs::Files;

const PAGE: &str = include_str!("index.html");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Show the start page
///
/// Returns an HTML page that links to the documentation and the public feed.
#[utoipa::path(
    tag = "operations",
    operation_id = "index",
    responses(
        (status = 200, description = "The start page.", body = String, content_type = "text/html"),
        (status = 304, description = "Not modified: the entity tag in `If-None-Match` still matches."),
    ),
)]
#[get("/")]
pub(super) async fn index(files: Data<Files>, links: Data<Links>, reply: Reply) -> Result<HttpResponse, Problem> {
    // The base path has no characters that HTML would interpret, so it needs no escaping.
    let contents = || Ok((PAGE.replace("{base}", links.base()).into(), "text/html; charset=utf-8".to_owned()));
    let mut response = reply.file(&files.at("/", contents)?, "no-cache").await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}
