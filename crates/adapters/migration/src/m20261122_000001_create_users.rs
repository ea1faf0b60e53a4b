//! Accounts.

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
                "CREATE TABLE users (
                    id {id} PRIMARY KEY,
                    username {id} NOT NULL UNIQUE,
                    display_name TEXT NOT NULL,
                    bio TEXT NOT NULL,
                    password_hash TEXT NOT NULL,
                    created_at BIGINT NOT NULL,
                    revision BIGINT NOT NULL DEFAULT 0,
                    post_count BIGINT NOT NULL DEFAULT 0 CHECK (post_count >= 0),
                    follower_count BIGINT NOT NULL DEFAULT 0 CHECK (follower_count >= 0),
                    following_count BIGINT NOT NULL DEFAULT 0 CHECK (following_count >= 0)
                ) {counted}",
                "CREATE INDEX users_by_time ON users (created_at, id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE users"]).await
    }
}
