//! Pipelined connections to one PostgreSQL server: each carries statements of many requests, which are sent without
//! waiting for the results of earlier ones.
//!
//! Called by [`crate::node`], for reads.
//!
//! Invariants:
//! - A pipeline adds no new failure. What it cannot run, or cannot run now, is [`None`], and the caller uses the
//!   pool.
//! - A connection that is stuck gets no new statements.
//! - An error of the connection is never reported as one of the statement.
//!
//! On failure a connection is closed, and its [`keeper`] opens another in the background.
//!
//! Parts: [`address`] and [`tls`] configure the connections. [`keeper`] keeps one open for each [`slot`].
//! [`connection`] sends statements, and [`statements`] caches prepared ones. [`values`] and [`error`] translate
//! between the drivers.
//!
//! Tested in the parts, and in `persistence/tests/repositories/pipeline.rs`.

mod address;
mod connection;
mod error;
mod keeper;
mod slot;
mod statements;
mod tls;
mod values;

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{DbErr, Statement};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::Row;

use crate::plans::Plans;
pub(super) use address::Address;
use connection::Turn;
pub(crate) use error::unreadable;
use keeper::Keeper;
use slot::Slot;
use values::Parameters;

/// Most connections of a pipeline. These carry more statements than one process can send.
const MOST: u32 = 8;
/// The target number of statements in flight on each connection. More would queue at the server instead of here.
pub(super) const AT_ONCE: u32 = 8;
/// With fewer connections in all, the pool needs every one of them.
const WORTH_IT_FROM: u32 = 8;

/// How many of `max_connections` are for the pipeline: a quarter, at most [`MOST`].
pub(super) fn share(max_connections: u32) -> u32 {
    if max_connections < WORTH_IT_FROM { 0 } else { (max_connections / 4).min(MOST) }
}

/// The pipelined connections to one server.
pub(super) struct Pipeline {
    slots: Arc<[Slot]>,
    keepers: Mutex<Vec<JoinHandle<()>>>,
    closing: watch::Sender<bool>,
}

impl Pipeline {
    /// Begins to open `connections` in the runtime of the caller, and reopens them when they end. While the server is
    /// not `up`, they are not tried.
    pub(super) fn open(
        server: &str,
        address: Address,
        connections: u32,
        plans: &Plans,
        up: &watch::Sender<bool>,
    ) -> Self {
        let slots: Arc<[Slot]> = (0..connections).map(|_| Slot::default()).collect();
        let closing = watch::Sender::new(false);
        let address = Arc::new(address);
        let keepers = (0..slots.len())
            .map(|index| {
                let keeper = Keeper {
                    server: server.to_owned(),
                    address: Arc::clone(&address),
                    slots: Arc::clone(&slots),
                    index,
                    plans: plans.clone(),
                    up: up.subscribe(),
                    closing: closing.subscribe(),
                };
                tokio::spawn(keeper.run())
            })
            .collect();
        Self { slots, keepers: Mutex::new(keepers), closing }
    }

    /// The rows of `statement`, or `None` to send the caller to the pool. Then all connections are busy, the chosen one is
    /// closed or blocked, or the pipeline does not support the statement.
    pub(super) async fn query(&self, statement: &Statement) -> Option<Result<Vec<Row>, DbErr>> {
        let parameters = Parameters::of(statement.values.as_ref())?;
        let turn = self.least_busy()?;
        match turn.query(&statement.sql, &parameters).await? {
            Ok(rows) => Some(Ok(rows)),
            Err(error) if error::concerns_the_connection(&error) => None,
            Err(error) => Some(Err(error::translated(error))),
        }
    }

    fn least_busy(&self) -> Option<Turn> {
        let connections = self.slots.iter().filter_map(Slot::connection);
        connections
            .filter_map(|connection| Some((connection.load()?, connection)))
            .min_by_key(|(load, _)| *load)
            .map(|(_, connection)| Turn::begin(connection))
    }

    /// Closes the connections at once, with all statements in flight: their server was lost.
    pub(super) fn cut(&self) {
        self.slots.iter().for_each(Slot::cut);
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> u32 {
        self.slots.iter().filter_map(Slot::connection).map(|_| 1).sum()
    }

    /// Closes each connection after the last response that a caller waits for.
    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        self.slots.iter().for_each(Slot::retire);
        let keepers = std::mem::take(&mut *self.keepers.lock().unwrap_or_else(PoisonError::into_inner));
        for keeper in keepers {
            // The keeper has ended, even if it was aborted or panicked.
            let _ = keeper.await;
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        for keeper in self.keepers.get_mut().unwrap_or_else(PoisonError::into_inner) {
            keeper.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_quarter_of_the_connections_where_there_are_enough() {
        let shares = [1, 4, 7, 8, 16, 20, 32, 64, 10_000].map(share);
        assert_eq!(shares, [0, 0, 0, 2, 4, 5, 8, 8, 8]);
    }
}
