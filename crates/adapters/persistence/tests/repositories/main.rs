//! The repository suite: one file a port, every test on SQLite and on PostgreSQL.
//!
//! Beyond the ports' own behaviour: [`erasure`], [`removals`], [`concurrency`] and [`pagination`] hold what must be true whatever
//! happens at once; [`facts`] that each write tells what it changed; [`storage`] that nothing is acknowledged in vain; [`replicas`] who is read from; [`budgets`] and [`plans`] hold what it may cost.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod batches;
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
mod pagination;
mod pipeline;
mod plans;
mod posts;
mod refresh_model;
mod removals;
mod replicas;
mod scene;
mod schema_changes;
mod sessions;
mod storage;
mod timelines;
mod users;
mod viewer_flags;
