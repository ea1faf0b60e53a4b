//! Serves the OpenAPI document and Swagger UI.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpResponse, get};
use http_kit::links::Links;
use http_kit::problem::Problem;
use http_kit::reply::{File, Reply};
use utoipa_swagger_ui::Config;

/// Static files by path. Each is built on its first request and compressed once per coding.
pub(super) struct Files {
    document: Bytes,
    made: Mutex<HashMap<String, Arc<File>>>,
}

impl Files {
    /// `document` is the serialised OpenAPI document.
    pub(super) fn new(document: Vec<u8>) -> Self {
        Self { document: document.into(), made: Mutex::default() }
    }

    /// Returns the file at `path`. On the first request, `make` supplies its bytes and content type.
    pub(super) fn at(
        &self,
        path: &str,
        make: impl FnOnce() -> Result<(Bytes, String), Problem>,
    ) -> Result<Arc<File>, Problem> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = made.get(path) {
            return Ok(Arc::clone(file));
        }
        let (bytes, content_type) = make()?;
        let file = Arc::new(File::new(bytes, &content_type)?);
        made.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }
}

/// Replaces Swagger UI's own initializer: starts the UI with the plugin for this API.
const INITIALIZER: &str = concat!(include_str!("swagger-plugin.js"), include_str!("swagger-initializer.js"));

/// Swagger UI needs inline styles and data-URL images; scripts and requests are limited to this server.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// Download this OpenAPI document
///
/// Returns the OpenAPI 3.1 document of this API as JSON.
#[utoipa::path(
    tag = "operations",
    operation_id = "openapi",
    responses(
        (status = 200, description = "The OpenAPI document.", body = Object, content_type = "application/json"),
        (status = 304, description = "Not modified: the entity tag in `If-None-Match` still matches."),
    ),
)]
#[get("/openapi.json")]
pub(super) async fn openapi(files: Data<Files>, reply: Reply) -> Result<HttpResponse, Problem> {
    let file = files.at("/openapi.json", || Ok((files.document.clone(), "application/json".to_owned())))?;
    Ok(reply.file(&file, "public, max-age=60").await)
}

/// Open the interactive documentation
///
/// Redirects to a page that documents every call and can send requests.
#[utoipa::path(
    tag = "operations",
    operation_id = "docs",
    responses(
        (status = 200, description = "The page, for clients that follow the redirect.", body = String, content_type = "text/html"),
        (status = 308, description = "Redirect to `/docs/`.", headers(("Location"))),
    ),
)]
#[get("/docs")]
pub(super) async fn redirect(links: Data<Links>) -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, format!("{}/docs/", links.base()))).finish()
}

/// Route of the documentation's files. The attribute below must repeat it, because attributes take literals only.
pub(crate) const ASSETS: &str = "/docs/{file:.*}";

/// Serves a file of the interactive documentation. It is no part of the API and not in the OpenAPI document.
#[get("/docs/{file:.*}")]
pub(super) async fn asset(path: Path<String>, files: Data<Files>, reply: Reply) -> Result<HttpResponse, Problem> {
    let name = if path.is_empty() { "index.html" } else { path.as_str() };
    let file = files.at(&format!("/docs/{name}"), || contents(name))?;
    let mut response = reply.file(&file, "public, max-age=3600").await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

fn contents(name: &str) -> Result<(Bytes, String), Problem> {
    if name == "swagger-initializer.js" {
        return Ok((Bytes::from_static(INITIALIZER.as_bytes()), "text/javascript; charset=utf-8".to_owned()));
    }
    let file = utoipa_swagger_ui::serve(name, Arc::new(Config::from("/openapi.json")))
        .map_err(|error| Problem::internal(error.to_string()))?
        .ok_or_else(|| Problem::not_found("there is no such file"))?;
    Ok((file.bytes.into_owned().into(), file.content_type))
}
