//! Reserved names of erased accounts, as keyed hashes: another account must not be mistaken for the erased one.

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
                "CREATE TABLE kept_names (
                    name_hash {bytes} NOT NULL PRIMARY KEY,
                    kept_until BIGINT NOT NULL
                ) {clustered}",
                "CREATE INDEX kept_names_by_end ON kept_names (kept_until)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE kept_names"]).await
    }
}
