//! The port for metrics and traces of what the database does.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DatabaseConnection, Values};

use crate::operation;
use crate::role::Role;

/// Observes statements and transactions. Called in the task that runs them.
pub trait Observer: Send + Sync {
    /// Called when a statement has ended.
    fn statement(&self, event: &StatementEvent<'_>);

    /// Called when a transaction begins.
    fn transaction(&self);

    /// Called when a read is routed to a server. The reason is one of:
    /// - `fresh`: a replica has everything that the reader may expect
    /// - `behind`: no replica has it
    /// - `unknown`: the position that the reader may expect is unknown
    /// - `lost`: the primary is out of reach
    /// - `only`: there are no replicas
    fn routed(&self, _role: Role, _reason: &'static str) {}

    /// Called when the attempt of a port's method failed and is retried. The reason is one of:
    /// - `deadlock`, `serialization`, `busy`: the database rolled it back in favour of another transaction
    /// - `held`: a batch met a row lock that was held for too long
    /// - `stale_plan`: a statement had been prepared before the schema changed
    fn retried(&self, _operation: &'static str, _reason: &'static str) {}

    /// Called after each pass of the sequencer. The outcome is one of:
    /// - `moved`: it gave positions to entries; `moved` says to how many
    /// - `undone`: its view of the rows was old, so it moved none and is repeated
    /// - `nothing`: there were none to move
    /// - `taken`: another instance was sequencing
    /// - `failed`: the primary was out of reach
    fn sequenced(&self, _outcome: &'static str, _moved: u64) {}

    /// Called about once a second by the sequencer: the newest position of the log, and how many transactions wait for
    /// theirs, at most 10,000.
    fn log(&self, _head: u64, _waiting: u64) {}
}

/// A statement that has ended.
#[derive(Debug, Clone, Copy)]
pub struct StatementEvent<'a> {
    /// The port's method that it belongs to, such as `posts.publish`.
    pub operation: &'static str,
    /// The role of the server that ran it.
    pub role: Role,
    /// The kind of connection that it used.
    pub way: Way,
    /// Its text, which contains no data of users.
    pub sql: &'a str,
    /// Its values, which are data of users.
    pub values: Option<&'a Values>,
    /// How long it took, including the wait for a connection.
    pub elapsed: Duration,
    /// Whether it failed.
    pub failed: bool,
}

/// The kind of connection that a statement uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// A pooled connection, held until the statement ends.
    Pool,
    /// A pipelined connection, shared with other statements.
    Pipeline,
}

/// Reports every statement that is sent to a server over its pool.
pub(super) fn observe(connection: &mut DatabaseConnection, role: Role, observer: Arc<dyn Observer>) {
    connection.set_metric_callback(move |info| {
        observer.statement(&StatementEvent {
            operation: operation::current(),
            role,
            way: Way::Pool,
            sql: &info.statement.sql,
            values: info.statement.values.as_ref(),
            elapsed: info.elapsed,
            failed: info.failed,
        });
    });
}
