//! What the server makes use of, as its health report names it.

use async_trait::async_trait;
use database::{Database, Role, StorageStatus};
use http_kit::health::Dependency;
use redis_adapters::Redis;

/// The primary: that it answers, and that it stores what is written. While a replica is there, reads go on without it.
pub(crate) struct PrimaryDependency(pub(crate) Database);

#[async_trait]
impl Dependency for PrimaryDependency {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn is_up(&self) -> bool {
        match self.0.ping().await {
            Ok(()) => self.0.storage() == StorageStatus::Sound,
            Err(error) => {
                tracing::warn!(error = %error.source, "the database gives no sign of life");
                false
            }
        }
    }

    fn is_required(&self) -> bool {
        // A file is this server's own: with another one there is another disc.
        if self.0.is_embedded() {
            return true;
        }
        let servers = self.0.servers();
        let is_up = |role| servers.iter().any(|server| server.role == role && server.up);
        // A primary that stores nothing can be read. All instances have it in common: if each said that it cannot serve,
        // nothing would be served, where only writes fail.
        let can_be_read = self.0.storage() != StorageStatus::Sound && is_up(Role::Primary);
        !can_be_read && !is_up(Role::Replica)
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
