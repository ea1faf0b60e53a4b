//! What the server makes use of, as its health report names it.

use api::Dependency;
use async_trait::async_trait;
use coordination::Redis;
use persistence::{Database, Role};

/// The primary. While a replica is there, reads go on without it.
pub(crate) struct PrimaryDependency(pub(crate) Database);

#[async_trait]
impl Dependency for PrimaryDependency {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn is_up(&self) -> bool {
        match self.0.ping().await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = %error.source, "the database gives no sign of life");
                false
            }
        }
    }

    fn is_required(&self) -> bool {
        !self.0.servers().iter().any(|server| server.role == Role::Replica && server.up)
    }
}

/// The replicas. What they cannot serve the primary does.
pub(crate) struct ReplicasDependency(pub(crate) Database);

#[async_trait]
impl Dependency for ReplicasDependency {
    fn name(&self) -> &'static str {
        "replicas"
    }

    async fn is_up(&self) -> bool {
        self.0.servers().iter().all(|server| server.role == Role::Primary || server.up)
    }

    fn is_required(&self) -> bool {
        false
    }
}

/// Redis. Without it every instance counts and remembers by itself.
pub(crate) struct RedisDependency(pub(crate) Redis);

#[async_trait]
impl Dependency for RedisDependency {
    fn name(&self) -> &'static str {
        "redis"
    }

    async fn is_up(&self) -> bool {
        self.0.ping().await.is_ok()
    }

    fn is_required(&self) -> bool {
        false
    }
}
