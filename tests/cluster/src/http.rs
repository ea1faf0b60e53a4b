//! A client of the API.

mod api;
mod call;
mod reply;
mod user;

pub(crate) use api::{Api, client};
pub(crate) use call::Call;
pub(crate) use reply::Reply;
pub(crate) use user::{PASSWORD, User};
