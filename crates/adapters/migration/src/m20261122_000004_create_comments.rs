//! Comments and their likes. A deleted comment that has replies has neither author nor content.
//!
//! A thread is deleted with its post, all at once, and not from parents to replies. A thread may be of any depth, and
//! SQLite cascades recursively, up to a thousand levels.

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
                "CREATE TABLE comments (
                    id {id} PRIMARY KEY,
                    post_id {id} NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
                    parent_id {id} REFERENCES comments (id),
                    author_id {id} REFERENCES users (id),
                    content TEXT,
                    created_at BIGINT NOT NULL,
                    edited_at BIGINT,
                    revision BIGINT NOT NULL DEFAULT 0,
                    like_count BIGINT NOT NULL DEFAULT 0 CHECK (like_count >= 0),
                    reply_count BIGINT NOT NULL DEFAULT 0 CHECK (reply_count >= 0),
                    CHECK ((author_id IS NULL) = (content IS NULL))
                ) {counted}",
                "CREATE INDEX comments_top_level ON comments (post_id, created_at, id) WHERE parent_id IS NULL",
                "CREATE INDEX comments_by_parent ON comments (parent_id, created_at, id) WHERE parent_id IS NOT NULL",
                "CREATE INDEX comments_by_post ON comments (post_id)",
                "CREATE INDEX comments_by_author ON comments (author_id)",
                "CREATE TABLE comment_likes (
                    comment_id {id} NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
                    user_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    created_at BIGINT NOT NULL,
                    PRIMARY KEY (comment_id, user_id)
                ) {clustered}",
                "CREATE INDEX comment_likes_by_user ON comment_likes (user_id)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE comment_likes", "DROP TABLE comments"]).await
    }
}
