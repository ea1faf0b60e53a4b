//! HTTP handlers of accounts and sessions.

mod calls;
mod dto;
mod identification;
mod open_session;
pub(crate) mod problems;
mod sessions;
mod users;

use std::sync::Arc;

use accounts::Accounts;
use actix_web::web::Data;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use calls::{AUDITED, BUDGETS, OPENS_SESSION};
pub(crate) use dto::UserBody;
pub use identification::ByAccessToken;

/// Shared state of this context's handlers.
#[derive(Clone)]
pub struct Services {
    /// The use cases.
    pub use_cases: Arc<Accounts>,
}

/// Registers the routes and their shared state. Fixed paths come before patterns that also match them: `/v1/users/me`
/// before `/v1/users/{user}`, and `/v1/sessions/current` before `/v1/sessions/{id}`.
pub(crate) fn configure(config: &mut ServiceConfig<'_>, services: Option<&Services>) {
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
    if let Some(services) = services {
        config.app_data(Data::from(Arc::clone(&services.use_cases)));
    }
}
