//! HTTP handlers of posts, comments and bookmarks.

mod bookmark;
mod comment;
mod dto;
mod post;
pub(crate) mod problems;

use std::sync::Arc;

use actix_web::web::Data;
use posts::Posts;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use dto::PostBody;

/// Shared state of this context's handlers.
#[derive(Clone)]
pub struct Services {
    /// The use cases.
    pub use_cases: Arc<Posts>,
}

/// Registers the routes, ordered by how often they are called, and their shared state.
pub(crate) fn configure(config: &mut ServiceConfig<'_>, services: Option<&Services>) {
    config
        .service(post::show)
        .service(comment::list)
        .service(post::publish)
        .service(post::like)
        .service(comment::add)
        .service(post::list_by_user)
        .service(comment::list_replies)
        .service(comment::like)
        .service(comment::show)
        .service(bookmark::add)
        .service(bookmark::list)
        .service(post::unlike)
        .service(post::list_likes)
        .service(post::edit)
        .service(post::delete)
        .service(bookmark::remove)
        .service(comment::unlike)
        .service(comment::edit)
        .service(comment::delete);
    if let Some(services) = services {
        config.app_data(Data::from(Arc::clone(&services.use_cases)));
    }
}
