//! Sessions, and the hashes of their refresh tokens.

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
                "CREATE TABLE sessions (
                    id {id} PRIMARY KEY,
                    user_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
                    created_at BIGINT NOT NULL
                )",
                "CREATE INDEX sessions_by_user ON sessions (user_id)",
                "CREATE TABLE refresh_tokens (
                    token_hash {bytes} PRIMARY KEY,
                    session_id {id} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
                    created_at BIGINT NOT NULL,
                    expires_at BIGINT NOT NULL,
                    used_at BIGINT
                )",
                "CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id)",
                "CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DROP TABLE refresh_tokens", "DROP TABLE sessions"]).await
    }
}
