//! What operators and newcomers look at: health, metrics, documentation.

pub(crate) mod docs;
mod health;
mod index;
pub(crate) mod metrics;
pub(crate) mod metrics_guesses;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
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
