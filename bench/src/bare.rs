//! A server with one handler and no middleware: the least work that actix-web must do for a response.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result};

use crate::options::Bare;
use crate::tools::answer::Answer;

struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

async fn handler(kept: Data<Kept>) -> HttpResponse {
    let mut response = HttpResponse::with_body(kept.status, kept.body.clone());
    *response.headers_mut() = kept.headers.clone();
    response.map_into_boxed_body()
}

/// Serves until it is stopped.
///
/// # Errors
/// If the response file cannot be read, or the port is in use.
pub fn serve(options: &Bare) -> Result<()> {
    let answer: Answer = serde_json::from_slice(&std::fs::read(&options.answer)?)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.headers {
        headers.append(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
    }
    let kept =
        Data::new(Kept { status: StatusCode::from_u16(answer.status)?, headers, body: Bytes::from(answer.body) });
    // The server's default number of workers: one per core.
    let workers = std::thread::available_parallelism()?.get();
    actix_web::rt::System::new().block_on(async move {
        HttpServer::new(move || App::new().app_data(kept.clone()).default_service(web::to(handler)))
            .workers(workers)
            .bind(("127.0.0.1", options.port))
            .context("no port to listen at")?
            .run()
            .await
            .context("the bare server failed")
    })
}
