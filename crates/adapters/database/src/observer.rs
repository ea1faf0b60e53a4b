//! What others may learn of what is asked of the database.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DatabaseConnection, Values};

use crate::node::Role;
use crate::operation;

/// Watches what is asked of the database. Called in the task that asks.
pub trait Observer: Send + Sync {
    /// A statement has ended.
    fn statement(&self, event: &StatementEvent<'_>);

    /// A transaction begins.
    fn transaction(&self);

    /// A read was sent to a server, for a reason: `fresh` (a replica that has all the reader may expect), `behind` (no
    /// replica has), `unknown` (what the reader may expect cannot be told), `lost` (the rest is out of reach), `only`.
    fn routed(&self, _role: Role, _reason: &'static str) {}

    /// What a port's method was about to do failed, and is begun again, for a reason: `deadlock`, `serialization` or `busy`
    /// (the database ended it in favour of another), `held` (a batch met a row that somebody held for too long),
    /// `stale_plan` (a statement was prepared before the schema changed).
    fn retried(&self, _operation: &'static str, _reason: &'static str) {}
}

/// A statement that has ended.
#[derive(Debug, Clone, Copy)]
pub struct StatementEvent<'a> {
    /// The port's method that it was part of, such as `posts.publish`.
    pub operation: &'static str,
    /// What the server is that it was sent to.
    pub role: Role,
    /// Over what it was sent.
    pub way: Way,
    /// Its text, in which there is no data of users.
    pub sql: &'a str,
    /// Its values, which are data of users.
    pub values: Option<&'a Values>,
    /// How long it took, waiting for a connection included.
    pub elapsed: Duration,
    /// Whether it failed.
    pub failed: bool,
}

/// Over what a statement was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// A connection of its own for as long as it took.
    Pool,
    /// A connection that it shared with others.
    Pipeline,
}

/// Tells `observer` of everything that is asked of a server over its pool.
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
