//! Statements of many requests over a few connections to one PostgreSQL server, sent without waiting for each other's
//! answers.
//!
//! It is an optimisation and never a new way to fail: what it cannot answer, or not now, goes over the pool. So it says
//! [`None`] where that is to be asked.
//!
//! - [`address`] says where the server is and what its sessions are told, [`tls`] whom they trust.
//! - [`keeper`] keeps a connection open in the background, [`slot`] is where it is found.
//! - [`connection`] sends statements, [`statements`] keeps them prepared, [`values`] and [`error`] translate.

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
pub(crate) use error::{Refusal, unreadable};
use keeper::Keeper;
use slot::Slot;
use values::Parameters;

/// The connections of a pipeline: a quarter of all that may be opened to a server, and no more than these, which carry
/// more than one process can ask.
const MOST: u32 = 8;
/// So many statements on each keep the server busy; more only wait there instead of here.
pub(super) const AT_ONCE: u32 = 8;
/// With fewer connections in all, the pool needs every one of them.
const WORTH_IT_FROM: u32 = 8;

/// How many of `max_connections` are for the pipeline.
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
    /// Begins to open so many connections, and to open them again when they end, in the runtime of the caller. They are
    /// not tried while the server is down.
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

    /// The rows that `statement` finds; `None` if the pool is to be asked: no connection is free enough, the one that
    /// was asked broke off or is held up by another statement, or the statement is of a kind that is not for pipelines.
    pub(super) async fn query(&self, statement: &Statement) -> Option<Result<Vec<Row>, DbErr>> {
        let parameters = Parameters::of(statement.values.as_ref())?;
        let turn = self.least_busy()?;
        match turn.query(&statement.sql, &parameters).await? {
            Ok(rows) => Some(Ok(rows)),
            Err(error) if error::says_nothing_of_the_statement(&error) => None,
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

    /// Drops the connections at once, with all that is under way: their server was lost.
    pub(super) fn cut(&self) {
        self.slots.iter().for_each(Slot::cut);
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> u32 {
        self.slots.iter().filter_map(Slot::connection).map(|_| 1).sum()
    }

    /// Ends the connections, each once the last answer has come that somebody waits for.
    pub(super) async fn close(&self) {
        self.closing.send_replace(true);
        self.slots.iter().for_each(Slot::retire);
        let keepers = std::mem::take(&mut *self.keepers.lock().unwrap_or_else(PoisonError::into_inner));
        for keeper in keepers {
            // It was aborted, or panicked: it is over.
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
