//! A short page that says what this is and where to go.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType};
use actix_web::{HttpResponse, get};

const PAGE: &str = include_str!("index.html");

/// What this is and where to go
#[utoipa::path(
    tag = "operations",
    operation_id = "index",
    responses((status = 200, description = "A short page.", body = String, content_type = "text/html")),
)]
#[get("/")]
pub(super) async fn index() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .body(PAGE)
}
