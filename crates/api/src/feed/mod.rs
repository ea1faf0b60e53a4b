//! Follows and feeds over HTTP.

mod follows;
mod problems;
mod timelines;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(timelines::public)
        .service(timelines::home)
        .service(follows::follow)
        .service(follows::unfollow)
        .service(follows::followers)
        .service(follows::following);
}
