//! Bookmarks: posts that a user wants to find again.

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
                "CREATE TABLE bookmarks (
                    user_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    post_id {id} NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
                    bookmarked_at BIGINT NOT NULL,
                    PRIMARY KEY (user_id, post_id)
                ) {clustered}",
                // The order of the list.
                "CREATE INDEX bookmarks_by_time ON bookmarks (user_id, bookmarked_at, post_id)",
                // For the removal of posts. With the user, it finds one bookmark as exactly as the key does.
                "CREATE INDEX bookmarks_by_post ON bookmarks (post_id, user_id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE bookmarks"]).await
    }
}
