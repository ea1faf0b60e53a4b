//! The HTTP API: routes, what goes over the wire, and what every request passes through.
//!
//! - `accounts/`, `posts/`, `feed/`: the handlers of each context, their DTOs, and what its errors are in HTTP.
//! - `operations/`: health, metrics, documentation.
//! - `http/`: how requests are read and answers are written.
//! - `middleware/`: what every request passes through.
//! - [`openapi`]: the document.

mod accounts;
mod error;
mod feed;
mod http;
mod middleware;
pub mod openapi;
mod operations;
mod posts;
mod routing;
mod surfaces;

use std::sync::Arc;

use ::accounts::ports::SecurityLog;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::web::{Data, to};
use actix_web::{App, Error};
use utoipa::openapi::Server;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

pub use http::cursor::CursorCodec;
pub use http::health::{Dependency, Health};
pub use http::refusal::Refusal;
pub use http::settings::HttpSettings;
pub use middleware::connections::{Connection, ConnectionBounds, Connections};
pub use middleware::rate_limit::{Budget, Client, LocalRateLimits, RateLimiter, Taken};
pub use operations::metrics::{MetricsAccess, MetricsEndpoint, MetricsRenderer};

use accounts::ByAccessToken;
use http::identity::Identify;
use http::links::Links;
use http::problem::Code;
use http::surface::Surfaces;
use middleware::shed::WriteGate;
use middleware::target::ParameterTable;
use operations::docs::Files;
use operations::metrics_guesses::MetricsGuesses;
use routing::MethodTable;

/// What the API serves with.
pub struct Services {
    /// The use cases of accounts.
    pub accounts: Arc<::accounts::Accounts>,
    /// The use cases of posts and comments.
    pub posts: Arc<::posts::Posts>,
    /// The use cases of follows and feeds.
    pub feed: Arc<::feed::Feed>,
    /// Writes and reads cursors.
    pub cursors: CursorCodec,
    /// Whether the server can serve.
    pub health: Arc<Health>,
    /// The metrics and who may read them.
    pub metrics: MetricsEndpoint,
    /// Budgets of clients; `None` lets everybody ask as often as they like.
    pub rate_limits: Option<Arc<dyn RateLimiter>>,
    /// Keeps what operators must be able to find out later.
    pub security_log: Arc<dyn SecurityLog>,
    /// How the API behaves.
    pub settings: HttpSettings,
    /// Outlives the workers; what handlers open is opened there.
    pub runtime: tokio::runtime::Handle,
}

/// The API, ready to be served by any number of workers.
#[derive(Clone)]
pub struct Api {
    accounts: Data<::accounts::Accounts>,
    posts: Data<::posts::Posts>,
    feed: Data<::feed::Feed>,
    callers: Data<dyn Identify>,
    links: Data<Links>,
    health: Data<Health>,
    metrics: Data<MetricsEndpoint>,
    metrics_guesses: Data<MetricsGuesses>,
    rate_limits: Data<middleware::rate_limit::Limits>,
    security_log: Data<dyn SecurityLog>,
    writes: Data<WriteGate>,
    settings: Data<HttpSettings>,
    runtime: Data<tokio::runtime::Handle>,
    files: Data<Files>,
    methods: Data<MethodTable>,
    parameters: Data<ParameterTable>,
    surfaces: Data<Surfaces>,
}

impl Api {
    /// Prepares what all workers share.
    ///
    /// # Errors
    /// If the OpenAPI document cannot be encoded.
    pub fn new(services: Services) -> Result<Self, serde_json::Error> {
        let mut document = openapi::document();
        let base = &services.settings.base_path;
        if !base.is_empty() {
            document.servers = Some(vec![Server::new(base)]);
        }
        let json = serde_json::to_vec(&document)?;
        document.paths.add_path_operation(operations::docs::ASSETS, vec![HttpMethod::Get], Operation::new());
        let surfaces = Surfaces::new(surfaces::SURFACES);
        let callers: Arc<dyn Identify> = Arc::new(ByAccessToken(Arc::clone(&services.accounts)));
        Ok(Self {
            callers: Data::from(callers),
            accounts: Data::from(services.accounts),
            posts: Data::from(services.posts),
            feed: Data::from(services.feed),
            links: Data::new(Links::new(services.cursors, services.settings.base_path.clone())),
            health: Data::from(services.health),
            metrics: Data::new(services.metrics),
            metrics_guesses: Data::new(MetricsGuesses::new()),
            rate_limits: Data::new(services.rate_limits),
            security_log: Data::from(services.security_log),
            writes: Data::new(WriteGate::new(services.settings.database_connections, services.settings.write_wait)),
            settings: Data::new(services.settings),
            runtime: Data::new(services.runtime),
            files: Data::new(Files::new(json)),
            methods: Data::new(MethodTable::new(&mut document)),
            parameters: Data::new(ParameterTable::new(&mut document, &surfaces)),
            surfaces: Data::new(surfaces),
        })
    }

    /// The application of one worker.
    pub fn app(
        &self,
    ) -> App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()> + use<>,
    > {
        let api = self.clone();
        let origins = &self.settings.cors_allowed_origins;
        // The last to wrap is the first to be passed through; see `middleware`.
        App::new()
            .wrap(from_fn(middleware::inside))
            // Within compression: it keeps only one value of `Vary`.
            .wrap(Condition::new(!origins.is_empty(), middleware::cors::cors(origins)))
            .wrap(Compress::default())
            .wrap(from_fn(middleware::encodings::encodings))
            .wrap(from_fn(middleware::outside))
            .configure(|config| api.share(config))
            .default_service(to(routing::unmatched))
            .into_utoipa_app()
            .configure(routes)
            .into_app()
    }

    fn share(self, config: &mut actix_web::web::ServiceConfig) {
        config
            .app_data(self.accounts)
            .app_data(self.posts)
            .app_data(self.feed)
            .app_data(self.callers)
            .app_data(self.links)
            .app_data(self.health)
            .app_data(self.metrics)
            .app_data(self.metrics_guesses)
            .app_data(self.writes)
            .app_data(self.settings)
            .app_data(self.runtime)
            .app_data(self.files)
            .app_data(self.methods)
            .app_data(self.parameters)
            .app_data(self.surfaces)
            .app_data(self.security_log)
            .app_data(self.rate_limits);
    }
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
    let mut codes = [&[http::problem::code::CODES], contexts.as_slice()].concat().concat();
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
