//! Reasons for which requests are shed: because of the load, not because of the request.

/// The overloaded part, or the reason to go to another instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shed {
    /// Too many connections are open.
    Connections,
    /// Too many passwords are waiting to be hashed.
    Credentials,
    /// Too many statements are waiting for a database server.
    Database,
    /// Too many writes are in flight.
    Writes,
    /// The instance is stopping.
    Draining,
}

impl Shed {
    /// The label in metrics.
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
