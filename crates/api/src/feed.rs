//! HTTP handlers of the feeds.

pub(crate) mod problems;
mod timelines;

use std::sync::Arc;

use actix_web::web::Data;
use feed::Feed;
use utoipa_actix_web::service_config::ServiceConfig;

/// Shared state of this context's handlers.
#[derive(Clone)]
pub struct Services {
    /// The use cases.
    pub use_cases: Arc<Feed>,
}

/// Registers the routes and their shared state.
pub(crate) fn configure(config: &mut ServiceConfig<'_>, services: Option<&Services>) {
    config.service(timelines::public).service(timelines::home);
    if let Some(services) = services {
        config.app_data(Data::from(Arc::clone(&services.use_cases)));
    }
}
