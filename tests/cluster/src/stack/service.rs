//! The long-running services of the stack.

/// A service of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    PostgresPrimary,
    PostgresReplica,
    Redis,
    App1,
    App2,
    Nginx,
}

impl Service {
    /// All services, dependencies first.
    pub(crate) const ALL: [Self; 6] =
        [Self::PostgresPrimary, Self::PostgresReplica, Self::Redis, Self::App1, Self::App2, Self::Nginx];

    /// The name in the compose file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PostgresPrimary => "postgres-primary",
            Self::PostgresReplica => "postgres-replica",
            Self::Redis => "redis",
            Self::App1 => "app1",
            Self::App2 => "app2",
            Self::Nginx => "nginx",
        }
    }
}
