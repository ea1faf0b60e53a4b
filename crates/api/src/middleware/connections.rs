//! How many connections there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Counts the connections of all workers.
///
/// A server that stopped accepting at its bound would leave all further clients waiting without a word. This one
/// accepts them and answers 503 to what they ask, up to twice its bound; past that it is to hang up on them.
#[derive(Debug, Clone)]
pub struct Connections {
    open: Arc<AtomicUsize>,
    most: usize,
}

/// An open connection, counted until this value goes. What belongs to a connection goes with it, so this is to be kept
/// among its data (`HttpServer::on_connect`).
#[derive(Debug)]
pub struct Connection {
    open: Arc<AtomicUsize>,
    is_surplus: bool,
}

impl Connections {
    /// None yet, and no more than `most` that are served.
    pub fn new(most: usize) -> Self {
        Self { open: Arc::default(), most }
    }

    /// Counts a new connection; `None` when it is to be closed at once.
    pub fn enter(&self) -> Option<Connection> {
        let open = self.open.fetch_add(1, Relaxed) + 1;
        let connection = Connection { open: Arc::clone(&self.open), is_surplus: open > self.most };
        // Counts it out again if it is to be closed.
        (open <= self.most.saturating_mul(2)).then_some(connection)
    }
}

impl Connection {
    /// Whether it is one more than are served.
    pub(crate) fn is_surplus(&self) -> bool {
        self.is_surplus
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_served_answered_or_closed() {
        let connections = Connections::new(2);
        let mut open: Vec<Connection> = (0..4).filter_map(|_| connections.enter()).collect();
        assert_eq!(open.iter().map(Connection::is_surplus).collect::<Vec<_>>(), [false, false, true, true]);
        assert!(connections.enter().is_none());
        open.truncate(1);
        assert!(connections.enter().is_some_and(|connection| !connection.is_surplus()));
    }
}
