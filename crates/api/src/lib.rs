//! The REST shell: the API and its documentation.
//!
//! - [`accounts`], [`feed`], [`posts`], [`social`]: the handlers of each context, their DTOs, and what its errors are in HTTP.
//! - [`operations`]: health, metrics, documentation.
//! - `contexts`: the list of contexts. A new one is one more line there.
//! - `surfaces`: the parts of the address space, as middlewares treat them.
//! - [`openapi`]: the document.
//! - `error`: what handlers fail with.

pub mod accounts;
mod contexts;
mod error;
pub mod feed;
pub mod openapi;
pub mod operations;
pub mod posts;
pub mod social;
mod surfaces;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error};
use http_kit::application::Shell;
use utoipa::openapi::Server;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa_actix_web::service_config::ServiceConfig;

pub use contexts::Contexts;
pub use operations::metrics::{MetricsAccess, MetricsEndpoint, MetricsRenderer};

/// The shell, for clients to whom it is at `base_path`: empty, or beginning and not ending with `/`.
///
/// # Errors
/// If the OpenAPI document cannot be encoded.
pub fn shell(
    contexts: Contexts,
    operations: operations::Services,
    base_path: &str,
) -> Result<Shell, serde_json::Error> {
    let mut document = openapi::document();
    if !base_path.is_empty() {
        document.servers = Some(vec![Server::new(base_path)]);
    }
    let share = operations::share(operations, serde_json::to_vec(&document)?);
    // The document leaves it out.
    document.paths.add_path_operation(operations::docs::ASSETS, vec![HttpMethod::Get], Operation::new());
    Ok(Shell {
        surfaces: surfaces::SURFACES,
        document,
        configure: Arc::new(move |config| {
            share(config);
            let mut config = ServiceConfig::new(config);
            contexts::configure(&mut config, Some(&contexts));
            operations::routes(&mut config);
        }),
    })
}

/// The metrics alone, for a port of their own.
pub fn metrics_app(
    render: MetricsRenderer,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new().route(
        "/metrics",
        actix_web::web::get().to(move || {
            let render = render.clone();
            async move { operations::metrics::render(&render) }
        }),
    )
}
