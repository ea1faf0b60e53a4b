//! Posts and their likes.

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
                "CREATE TABLE posts (
                    id {id} PRIMARY KEY,
                    author_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    content TEXT NOT NULL,
                    created_at BIGINT NOT NULL,
                    edited_at BIGINT,
                    revision BIGINT NOT NULL DEFAULT 0,
                    like_count BIGINT NOT NULL DEFAULT 0 CHECK (like_count >= 0),
                    comment_count BIGINT NOT NULL DEFAULT 0 CHECK (comment_count >= 0)
                ) {counted}",
                "CREATE INDEX posts_by_time ON posts (created_at, id)",
                "CREATE INDEX posts_by_author ON posts (author_id, created_at, id)",
                "CREATE TABLE post_likes (
                    post_id {id} NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
                    user_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    created_at BIGINT NOT NULL,
                    PRIMARY KEY (post_id, user_id)
                ) {clustered}",
                "CREATE INDEX post_likes_by_time ON post_likes (post_id, created_at, user_id)",
                "CREATE INDEX post_likes_by_user ON post_likes (user_id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE post_likes", "DROP TABLE posts"]).await
    }
}
