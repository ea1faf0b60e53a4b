//! The log of events: what every transaction changed.

use async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use crate::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(
            manager,
            &[
                "CREATE TABLE events (
                    position {number} PRIMARY KEY,
                    payload TEXT NOT NULL,
                    recorded_at BIGINT NOT NULL DEFAULT {now}
                )",
                "CREATE TABLE event_log (
                    one SMALLINT PRIMARY KEY CHECK (one = 1),
                    epoch {id} NOT NULL,
                    oldest BIGINT NOT NULL
                )",
                "INSERT INTO event_log (one, epoch, oldest) VALUES (1, {random}, 1)",
            ],
        )
        .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // The writers of SQLite are in order already.
            let outbox = "CREATE TABLE outbox (
                id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                payload TEXT NOT NULL
            )";
            ddl::run(manager, &[outbox]).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE event_log", "DROP TABLE events", "DROP TABLE IF EXISTS outbox"]).await
    }
}
