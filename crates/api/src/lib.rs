//! The REST shell: HTTP handlers of the API, and its documentation.
//!
//! - [`accounts`], [`feed`], [`posts`], [`social`]: handlers, DTOs and problems of each context.
//! - [`operations`]: health, metrics, documentation.
//! - `contexts`: the list of contexts. A new context is one more line there.
//! - `surfaces`: the parts of the URL space and the layers of each.
//! - [`openapi`]: the OpenAPI document.
//! - `error`: the error type of handlers.

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

/// Builds the shell. `base_path` is the prefix that clients see: empty, or starting with `/` and not ending with it.
///
/// # Errors
/// Fails if the OpenAPI document cannot be serialised.
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
    // The published document omits the assets of `/docs`, but 405 and metrics need their route.
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

/// The application that serves only `/metrics`, on a port of its own.
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
