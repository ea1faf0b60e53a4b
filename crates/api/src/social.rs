//! HTTP handlers of follows.

mod follows;
pub(crate) mod problems;

use std::sync::Arc;

use actix_web::web::Data;
use social::Social;
use utoipa_actix_web::service_config::ServiceConfig;

/// Shared state of this context's handlers.
#[derive(Clone)]
pub struct Services {
    /// The use cases.
    pub use_cases: Arc<Social>,
}

/// Registers the routes and their shared state.
pub(crate) fn configure(config: &mut ServiceConfig<'_>, services: Option<&Services>) {
    config.service(follows::follow).service(follows::unfollow).service(follows::followers).service(follows::following);
    if let Some(services) = services {
        config.app_data(Data::from(Arc::clone(&services.use_cases)));
    }
}
