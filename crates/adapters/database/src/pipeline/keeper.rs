//! Keeps a slot filled: opens its connection, drives it, and reopens it after it ends.
//!
//! Called by [`super::Pipeline::open`], one task a slot.
//!
//! Invariants:
//! - A connection is opened only while the server is up.
//! - A slot never gets a connection that was begun before the server was lost.
//!
//! On failure the pause before the next attempt doubles, up to five seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

use super::address::{Address, ConnectError, Driver};
use super::connection::Connection;
use super::error::chain;
use super::slot::Slot;
use crate::plans::Plans;

/// Pause before a connection is reopened. It doubles after every connection that failed to open or ended early.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A connection that lived for this long did not end early.
const LONG: Duration = Duration::from_secs(10);
/// A connection is replaced after this time, as in pools: the memory of its session grows.
const LIFETIME: Duration = Duration::from_mins(30);
/// Each slot's connection lives longer than that of the slot before, so that they are not replaced at once.
const STAGGER: Duration = Duration::from_secs(20);

/// The task that keeps one slot filled.
pub(super) struct Keeper {
    pub(super) server: String,
    pub(super) address: Arc<Address>,
    pub(super) slots: Arc<[Slot]>,
    pub(super) index: usize,
    pub(super) plans: Plans,
    pub(super) up: watch::Receiver<bool>,
    pub(super) closing: watch::Receiver<bool>,
}

impl Keeper {
    /// Runs until the pipeline closes.
    pub(super) async fn run(mut self) {
        let mut closing = self.closing.clone();
        let mut pause = SHORTEST_PAUSE;
        // One warning for all slots, and for all attempts in a row.
        let mut is_reported = self.index != 0;
        loop {
            let opened = tokio::select! {
                _ = closing.wait_for(|closing| *closing) => return,
                opened = self.open() => opened,
            };
            match opened {
                Some(Ok((era, connection, driver))) => {
                    let begun = Instant::now();
                    self.drive(era, connection, driver).await;
                    if begun.elapsed() >= LONG {
                        pause = SHORTEST_PAUSE;
                        is_reported = self.index != 0;
                    }
                }
                Some(Err(error)) if !is_reported => {
                    tracing::warn!(server = self.server, %error, "cannot pipeline reads; they use the pool");
                    is_reported = true;
                }
                Some(Err(error)) => tracing::debug!(server = self.server, %error, "cannot pipeline reads yet"),
                None => return,
            }
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => return,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Opens a connection, once the server is up. `None` when the pipeline is gone.
    async fn open(&mut self) -> Option<Result<(u64, Arc<Connection>, Driver), ConnectError>> {
        self.up.wait_for(|up| *up).await.ok()?;
        let era = self.slot().era();
        let opened = self.address.connect().await;
        let connection = |client| Arc::new(Connection::new(client, self.plans.clone()));
        Some(opened.map(|(client, driver)| (era, connection(client), driver)))
    }

    /// Makes a connection available to readers until it ends.
    async fn drive(&self, era: u64, connection: Arc<Connection>, driver: Driver) {
        if !self.slot().fill(era, Arc::clone(&connection)) {
            return;
        }
        if *self.closing.borrow() {
            self.slot().retire();
        }
        let cut = connection.end();
        drop(connection);
        let end = sleep(LIFETIME + STAGGER * u32::try_from(self.index).unwrap_or_default());
        tokio::pin!(end, driver);
        let mut retired = false;
        loop {
            tokio::select! {
                ended = &mut driver => {
                    if let Err(error) = ended {
                        tracing::debug!(server = self.server, error = chain(&error), "a pipelined connection ended");
                    }
                    break;
                }
                () = cut.notified() => break,
                () = &mut end, if !retired => {
                    self.slot().retire();
                    retired = true;
                }
            }
        }
        self.slot().retire();
    }

    fn slot(&self) -> &Slot {
        &self.slots[self.index]
    }
}
