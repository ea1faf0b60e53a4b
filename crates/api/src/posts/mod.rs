//! Posts and comments over HTTP.

mod comments;
mod dto;
mod posts;
mod problems;

pub(crate) use dto::PostBody;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(posts::publish)
        .service(posts::show)
        .service(posts::edit)
        .service(posts::delete)
        .service(posts::like)
        .service(posts::unlike)
        .service(posts::list_likes)
        .service(posts::list_by_user)
        .service(comments::add)
        .service(comments::list)
        .service(comments::show)
        .service(comments::list_replies)
        .service(comments::edit)
        .service(comments::delete)
        .service(comments::like)
        .service(comments::unlike);
}
