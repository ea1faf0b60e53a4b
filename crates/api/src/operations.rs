//! Handlers for operators and newcomers: health, metrics, documentation.

pub(crate) mod docs;
mod health;
mod index;
pub(crate) mod metrics;
mod metrics_guesses;

use std::sync::Arc;

use accounts::ports::SecurityLog;
use actix_web::web::{self, Data};
use utoipa_actix_web::service_config::ServiceConfig;

use docs::Files;
use metrics::MetricsEndpoint;
use metrics_guesses::MetricsGuesses;

/// Services that these handlers use.
pub struct Services {
    /// The metrics and who may read them.
    pub metrics: MetricsEndpoint,
    /// Receives security events, such as rejected metrics credentials.
    pub security_log: Arc<dyn SecurityLog>,
}

/// Registers the handlers' state with each worker. `document` is the serialised OpenAPI document.
pub(crate) fn share(services: Services, document: Vec<u8>) -> impl Fn(&mut web::ServiceConfig) + Send + Sync {
    let (files, guesses) = (Data::new(Files::new(document)), Data::new(MetricsGuesses::new()));
    let (metrics, log) = (Data::new(services.metrics), Data::from(services.security_log));
    move |config| {
        config.app_data(files.clone()).app_data(guesses.clone()).app_data(metrics.clone()).app_data(log.clone());
    }
}

/// Registers the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(index::index)
        .service(health::live)
        .service(health::ready)
        .service(docs::openapi)
        .service(docs::redirect)
        .service(metrics::metrics)
        .map(|config| config.service(docs::asset));
}
