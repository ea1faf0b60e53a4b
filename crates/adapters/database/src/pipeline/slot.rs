//! A slot for one connection, which is filled, retired and cut.

use std::sync::{Arc, PoisonError, RwLock};

use super::connection::Connection;

/// The slot in which readers find a connection, while there is one.
#[derive(Default)]
pub(super) struct Slot(RwLock<State>);

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    /// Raised when the server is lost. A connection whose opening began before that must not fill the slot
    /// afterwards.
    era: u64,
}

impl Slot {
    pub(super) fn connection(&self) -> Option<Arc<Connection>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).connection.clone()
    }

    /// The era for a connection that is about to be opened.
    pub(super) fn era(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).era
    }

    /// Makes a connection available that was begun in `era`. Returns `false` when that era is over.
    pub(super) fn fill(&self, era: u64, connection: Arc<Connection>) -> bool {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.era == era {
            state.connection = Some(connection);
        }
        state.era == era
    }

    /// Hides the connection from new readers. It ends after its last response.
    pub(super) fn retire(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).connection = None;
    }

    /// Closes the connection at once.
    pub(super) fn cut(&self) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.era += 1;
        if let Some(connection) = state.connection.take() {
            connection.cut();
        }
    }
}
