//! Follows.

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
                "CREATE TABLE follows (
                    follower_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    followee_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    created_at BIGINT NOT NULL,
                    PRIMARY KEY (follower_id, followee_id),
                    CHECK (follower_id <> followee_id)
                ) {clustered}",
                "CREATE INDEX follows_by_followee ON follows (followee_id, created_at, follower_id)",
                "CREATE INDEX follows_by_follower ON follows (follower_id, created_at, followee_id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE follows"]).await
    }
}
