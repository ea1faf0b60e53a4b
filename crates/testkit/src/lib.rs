//! What tests need and nothing else does: a clock that stands still, ids that can be foretold, things to store, and
//! databases to store them in.
//!
//! - [`FixedClock`] and [`SequentialIds`] stand in for the adapters that own the time and chance.
//! - [`a_user`], [`a_post`] and [`a_comment`] build things with sensible defaults; [`id`] makes an id of a word, and
//!   [`acting`] has a user act in a session.
//! - [`TestDatabase`] is an empty, migrated database of the test's own, on SQLite or on PostgreSQL;
//!   [`on_both_databases!`] runs a test whole against either.
//! - [`Proxy`] is a way to a server that can be cut.
//! - `app`, a feature: the real server on such a database, and a client that speaks HTTP to it.

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
mod proxy;

pub use builders::{CommentBuilder, PostBuilder, UserBuilder, a_comment, a_post, a_user, acting, author_of};
pub use clock::{FixedClock, NOW};
pub use database::{Engine, LoggedStatement, StatementLog, TestDatabase, run};
pub use ids::{SequentialIds, id};
pub use proxy::Proxy;
