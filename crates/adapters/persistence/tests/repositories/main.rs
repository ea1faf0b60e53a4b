//! The repository suite: one file a port, every test on SQLite and on PostgreSQL.
//!
//! Other modules test properties of several ports:
//! - [`erasure`], [`removals`], [`concurrency`] and [`pagination`]: invariants under concurrent writes
//! - [`facts`]: each write publishes what it changed
//! - [`log`]: the log of events has every transaction once, and each aggregate in order
//! - [`storage`]: an acknowledged write is stored
//! - [`replicas`]: the routing of reads
//! - [`schema`]: the list of tables
//! - [`budgets`] and [`plans`]: costs

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod batches;
mod bookmarks;
mod budgets;
mod comments;
mod concurrency;
mod database;
mod ended_sessions;
mod erasure;
mod facts;
mod follows;
mod idempotency;
mod locking_order;
mod log;
mod pagination;
mod pipeline;
mod plans;
mod posts;
mod refresh_model;
mod removals;
mod replicas;
mod scene;
mod schema;
mod schema_changes;
mod sessions;
mod storage;
mod timelines;
mod users;
mod viewer_flags;
