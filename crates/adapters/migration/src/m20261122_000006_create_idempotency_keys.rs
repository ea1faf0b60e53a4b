//! Idempotency keys, each with the part of the first answer that does not follow from the request.

use async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_orm::DbErr;
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
                "CREATE TABLE idempotency_keys (
                    user_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    key {id} NOT NULL,
                    fingerprint {bytes} NOT NULL,
                    effect_id {id} NOT NULL,
                    author_display_name TEXT NOT NULL,
                    created_at BIGINT NOT NULL,
                    PRIMARY KEY (user_id, key)
                ) {clustered}",
                "CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE idempotency_keys"]).await
    }
}
