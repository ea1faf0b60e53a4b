//! Follows and feeds over HTTP.

mod follows;
pub(crate) mod problems;
mod timelines;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of feeds.
pub(crate) fn timeline_routes(config: &mut ServiceConfig<'_>) {
    config.service(timelines::public).service(timelines::home);
}

/// The routes of follows.
pub(crate) fn follow_routes(config: &mut ServiceConfig<'_>) {
    config.service(follows::follow).service(follows::unfollow).service(follows::followers).service(follows::following);
}
