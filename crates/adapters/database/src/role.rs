//! The two roles of the servers of a database.

/// The role of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Takes writes, and has all of them.
    Primary,
    /// Has the writes that it has replayed so far.
    Replica,
}

impl Role {
    /// The label of the role in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}
