//! Hidden rows and their removals, and the depth of replies.
//!
//! All columns have constant defaults, so no row is rewritten. A reply that was stored earlier, or by the previous
//! version of the program, has the depth 0, which no reply has. Its depth is determined when a reply to it is added.

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
                "ALTER TABLE users ADD COLUMN removed BOOLEAN NOT NULL DEFAULT FALSE",
                "ALTER TABLE posts ADD COLUMN removed BOOLEAN NOT NULL DEFAULT FALSE",
                "ALTER TABLE comments ADD COLUMN depth BIGINT NOT NULL DEFAULT 0",
                "CREATE TABLE removals (
                    id {id} PRIMARY KEY,
                    kind TEXT NOT NULL CHECK (kind IN ('account', 'post', 'comment'))
                ) {clustered}",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(
            manager,
            &[
                "DROP TABLE removals",
                "ALTER TABLE comments DROP COLUMN depth",
                "ALTER TABLE posts DROP COLUMN removed",
                "ALTER TABLE users DROP COLUMN removed",
            ],
        )
        .await
    }
}
