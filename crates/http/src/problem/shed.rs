//! Requests that are shed: refused for what they would take, and not for what they are.

/// What was too much, or why a request goes elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shed {
    /// There are too many connections.
    Connections,
    /// Too many passwords wait to be hashed.
    Credentials,
    /// Too many statements wait for a database server.
    Database,
    /// Too many writes are in flight.
    Writes,
    /// The instance is stopping.
    Draining,
}

impl Shed {
    /// Its name in metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Credentials => "credentials",
            Self::Database => "database",
            Self::Writes => "writes",
            Self::Draining => "draining",
        }
    }
}
