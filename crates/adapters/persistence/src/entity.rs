//! The tables as SeaORM entities, one file a table.

pub(crate) mod bookmark;
pub(crate) mod comment;
pub(crate) mod comment_like;
pub(crate) mod ended_session;
pub(crate) mod follow;
pub(crate) mod idempotency_key;
pub(crate) mod kept_name;
pub(crate) mod post;
pub(crate) mod post_like;
pub(crate) mod refresh_token;
pub(crate) mod removal;
pub(crate) mod session;
pub(crate) mod user;
