//! Posts and comments over HTTP.

mod comment;
mod dto;
mod post;
mod problems;

pub(crate) use dto::PostBody;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(post::publish)
        .service(post::show)
        .service(post::edit)
        .service(post::delete)
        .service(post::like)
        .service(post::unlike)
        .service(post::list_likes)
        .service(post::list_by_user)
        .service(comment::add)
        .service(comment::list)
        .service(comment::show)
        .service(comment::list_replies)
        .service(comment::edit)
        .service(comment::delete)
        .service(comment::like)
        .service(comment::unlike);
}
