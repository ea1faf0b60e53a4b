//! The REST shell: the API and its documentation.
//!
//! - `accounts/`, `posts/`, `feed/`: the handlers of each context, their DTOs, and what its errors are in HTTP.
//! - `operations/`: health, metrics, documentation.
//! - [`openapi`]: the document.
//! - `surfaces`: the parts of the address space, as middlewares treat them.
//! - `error`: what handlers fail with.

mod accounts;
mod error;
mod feed;
pub mod openapi;
mod operations;
mod posts;
mod surfaces;

use std::sync::Arc;

use ::accounts::ports::SecurityLog;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::Data;
use actix_web::{App, Error};
use http_kit::application::Shell;
use http_kit::problem::{Code, code};
use utoipa::openapi::Server;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa_actix_web::service_config::ServiceConfig;

pub use accounts::ByAccessToken;
pub use operations::metrics::{MetricsAccess, MetricsEndpoint, MetricsRenderer};

use operations::docs::Files;
use operations::metrics_guesses::MetricsGuesses;

/// What the API serves with.
pub struct Services {
    /// The use cases of accounts.
    pub accounts: Arc<::accounts::Accounts>,
    /// The use cases of posts and comments.
    pub posts: Arc<::posts::Posts>,
    /// The use cases of follows and feeds.
    pub feed: Arc<::feed::Feed>,
    /// The metrics and who may read them.
    pub metrics: MetricsEndpoint,
    /// Keeps what operators must be able to find out later.
    pub security_log: Arc<dyn SecurityLog>,
    /// The path that a gateway strips from addresses: empty, or beginning and not ending with `/`.
    pub base_path: String,
}

/// The shell.
///
/// # Errors
/// If the OpenAPI document cannot be encoded.
pub fn shell(services: Services) -> Result<Shell, serde_json::Error> {
    let mut document = openapi::document();
    if !services.base_path.is_empty() {
        document.servers = Some(vec![Server::new(&services.base_path)]);
    }
    let files = Data::new(Files::new(serde_json::to_vec(&document)?));
    document.paths.add_path_operation(operations::docs::ASSETS, vec![HttpMethod::Get], Operation::new());
    let accounts = Data::from(services.accounts);
    let posts = Data::from(services.posts);
    let feed = Data::from(services.feed);
    let metrics = Data::new(services.metrics);
    let guesses = Data::new(MetricsGuesses::new());
    let log = Data::from(services.security_log);
    Ok(Shell {
        surfaces: surfaces::SURFACES,
        document,
        configure: Arc::new(move |config| {
            config
                .app_data(accounts.clone())
                .app_data(posts.clone())
                .app_data(feed.clone())
                .app_data(metrics.clone())
                .app_data(guesses.clone())
                .app_data(files.clone())
                .app_data(log.clone());
            routes(&mut ServiceConfig::new(config));
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

/// The code of every problem, those of the contexts among them.
fn codes() -> Vec<Code> {
    let contexts = [accounts::problems::CODES, posts::problems::CODES, feed::problems::CODES];
    let mut codes = [&[code::CODES], contexts.as_slice()].concat().concat();
    codes.sort();
    codes
}

/// All routes.
fn routes(config: &mut ServiceConfig<'_>) {
    // In the order of how often they are called: the router tries one after the other, and most of them are patterns.
    feed::timeline_routes(config);
    posts::routes(config);
    accounts::routes(config);
    feed::follow_routes(config);
    operations::routes(config);
}
