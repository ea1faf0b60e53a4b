//! Posts and comments over HTTP.

mod comment;
mod dto;
mod post;
pub(crate) mod problems;

pub(crate) use dto::PostBody;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes, in the order of how often they are called.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
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
        .service(post::unlike)
        .service(post::list_likes)
        .service(post::edit)
        .service(post::delete)
        .service(comment::unlike)
        .service(comment::edit)
        .service(comment::delete);
}
