//! What operators and newcomers look at: health, metrics, documentation.

pub(crate) mod docs;
mod health;
mod index;
pub(crate) mod metrics;
mod metrics_guesses;

use std::sync::Arc;

use accounts::ports::SecurityLog;
use actix_web::web::Data;
use utoipa_actix_web::service_config::ServiceConfig;

use docs::Files;
use metrics::MetricsEndpoint;
use metrics_guesses::MetricsGuesses;

/// What these calls are answered with.
pub struct Services {
    /// The metrics and who may read them.
    pub metrics: MetricsEndpoint,
    /// Keeps what operators must be able to find out later.
    pub security_log: Arc<dyn SecurityLog>,
}

/// The same for all workers.
pub(crate) struct Shared {
    files: Data<Files>,
    metrics: Data<MetricsEndpoint>,
    guesses: Data<MetricsGuesses>,
    security_log: Data<dyn SecurityLog>,
}

impl Shared {
    /// Serves the OpenAPI `document`, as it is sent.
    pub(crate) fn new(services: Services, document: Vec<u8>) -> Self {
        Self {
            files: Data::new(Files::new(document)),
            metrics: Data::new(services.metrics),
            guesses: Data::new(MetricsGuesses::new()),
            security_log: Data::from(services.security_log),
        }
    }
}

/// Adds the routes, and what their handlers work with.
pub(crate) fn configure(config: &mut ServiceConfig<'_>, shared: Option<&Shared>) {
    config
        .service(index::index)
        .service(health::live)
        .service(health::ready)
        .service(docs::openapi)
        .service(docs::redirect)
        .service(metrics::metrics)
        .map(|config| config.service(docs::asset));
    if let Some(Shared { files, metrics, guesses, security_log }) = shared {
        config
            .app_data(files.clone())
            .app_data(metrics.clone())
            .app_data(guesses.clone())
            .app_data(security_log.clone());
    }
}
