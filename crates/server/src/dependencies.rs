//! The dependencies of the server, as named in its health report.

use async_trait::async_trait;
use database::{Database, Role, StorageStatus};
use http_kit::health::Dependency;
use redis_adapters::Redis;

/// The primary: up if it responds and stores writes. It is not required while reads can be served without it.
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
                tracing::warn!(error = %error.source, "the database does not respond");
                false
            }
        }
    }

    fn is_required(&self) -> bool {
        // An embedded database is a local file. Another server, with another disc, may work.
        if self.0.is_embedded() {
            return true;
        }
        let servers = self.0.servers();
        let is_up = |role| servers.iter().any(|server| server.role == role && server.up);
        // A primary that cannot store writes can be read. All instances share it: if each reported that it cannot
        // serve, reads would fail too, where only writes need to.
        let can_be_read = self.0.storage() != StorageStatus::Sound && is_up(Role::Primary);
        !can_be_read && !is_up(Role::Replica)
    }
}

/// The replicas: up if all of them are. The primary serves their reads otherwise.
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

/// Redis. Without it every instance counts limits alone and bypasses its cache.
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
