//! A place for one connection, which comes and goes.

use std::sync::{Arc, PoisonError, RwLock};

use super::connection::Connection;

/// Where readers find a connection, while there is one.
#[derive(Default)]
pub(super) struct Slot(RwLock<State>);

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    /// Raised when the server is lost, so that a connection that was being opened then is not taken for one to the
    /// server that comes back.
    era: u64,
}

impl Slot {
    pub(super) fn connection(&self) -> Option<Arc<Connection>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).connection.clone()
    }

    /// The era in which a connection is about to be opened.
    pub(super) fn era(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).era
    }

    /// Lets readers find a connection that was begun in `era`; answers whether that is not over.
    pub(super) fn fill(&self, era: u64, connection: Arc<Connection>) -> bool {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.era == era {
            state.connection = Some(connection);
        }
        state.era == era
    }

    /// Lets nobody find the connection any more. It ends after its last answer.
    pub(super) fn retire(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).connection = None;
    }

    /// Ends the connection at once.
    pub(super) fn cut(&self) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.era += 1;
        if let Some(connection) = state.connection.take() {
            connection.cut();
        }
    }
}
