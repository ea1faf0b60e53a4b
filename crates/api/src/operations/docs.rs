//! The OpenAPI document, and Swagger UI to try it.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ContentType, LOCATION};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, get};
use utoipa_swagger_ui::Config;

use crate::http::problem::Problem;

/// The OpenAPI document as it is sent.
#[derive(Clone)]
pub(crate) struct OpenApiJson(pub(crate) Bytes);

/// Starts Swagger UI; in place of its own file of this name.
const INITIALIZER: &str = include_str!("swagger-initializer.js");

/// Swagger UI styles itself inline and draws with data URLs; its scripts and calls stay on this server.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// This document
#[utoipa::path(
    tag = "operations",
    operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI document.", body = Object, content_type = "application/json")),
)]
#[get("/openapi.json")]
pub(super) async fn openapi(document: Data<OpenApiJson>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((CACHE_CONTROL, "public, max-age=60"))
        .body(document.0.clone())
}

/// Interactive documentation
#[utoipa::path(
    tag = "operations",
    operation_id = "docs",
    responses((status = 308, description = "To `/docs/`.", headers(("Location")))),
)]
#[get("/docs")]
pub(super) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

/// The files of the interactive documentation. Not part of the API, hence not in its document.
#[get("/docs/{file:.*}")]
pub(super) async fn file(path: Path<String>) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_SECURITY_POLICY, POLICY)).insert_header((CACHE_CONTROL, "public, max-age=3600"));
    if path.as_str() == "swagger-initializer.js" {
        return Ok(response.content_type("text/javascript; charset=utf-8").body(INITIALIZER));
    }
    let file = utoipa_swagger_ui::serve(&path, Arc::new(Config::from("/openapi.json")))
        .map_err(|error| Problem::internal(error.to_string()))?
        .ok_or_else(|| Problem::not_found("there is no such file"))?;
    if file.gzpipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
}
