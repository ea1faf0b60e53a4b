//! Test support: a clock that stands still, predictable ids, builders of entities, and test databases.
//!
//! - [`FixedClock`] and [`SequentialIds`] replace the adapters for time and ids.
//! - [`a_user`], [`a_post`] and [`a_comment`] build entities with defaults; [`id`] makes an id from a word, and
//!   [`acting`] a principal for a user.
//! - [`TestDatabase`] is an empty, migrated database for one test, on SQLite or on PostgreSQL. [`on_both_databases!`]
//!   runs a test on both.
//! - [`Proxy`] is a TCP proxy that can be cut and delayed.
//! - `operations`, the feature `document`: the operations of the OpenAPI document.
//! - `app`, a feature: the real server on such a database, and an HTTP client for it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up has failed"
)]

#[cfg(feature = "app")]
pub mod app;
mod builders;
mod clock;
mod database;
mod ids;
#[cfg(feature = "document")]
pub mod operations;
mod proxy;

pub use builders::{CommentBuilder, PostBuilder, UserBuilder, a_comment, a_post, a_user, acting, author_of};
pub use clock::{FixedClock, NOW};
pub use database::{Engine, LoggedStatement, StatementLog, TestDatabase, run};
pub use ids::{SequentialIds, id};
pub use proxy::Proxy;
