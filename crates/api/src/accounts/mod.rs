//! Accounts over HTTP.

mod calls;
mod dto;
mod identification;
mod open_session;
pub(crate) mod problems;
mod sessions;
mod users;

pub(crate) use calls::{AUDITED, BUDGETS, OPENS_SESSION};
pub(crate) use dto::UserBody;
pub use identification::ByAccessToken;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes. Those of `/v1/users/me` come before `/v1/users/{user}`, which would match them too, and so does
/// `/v1/sessions/current` before `/v1/sessions/{id}`.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(users::sign_up)
        .service(users::list)
        .service(users::show_me)
        .service(users::edit_me)
        .service(users::erase_me)
        .service(users::show)
        .service(sessions::log_in)
        .service(sessions::refresh)
        .service(sessions::log_out)
        .service(sessions::list)
        .service(sessions::end)
        .service(sessions::end_others);
}
