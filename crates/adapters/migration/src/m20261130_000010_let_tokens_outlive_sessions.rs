//! Refresh tokens no longer reference their sessions: a session ends with its row, however many tokens it had. A
//! token without a session is useless, and is purged when it expires.

use async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationTrait, SchemaManager};

use crate::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const REFERENCE: &str = "REFERENCES sessions (id) ON DELETE CASCADE";

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            return ddl::run(manager, &["ALTER TABLE refresh_tokens DROP CONSTRAINT refresh_tokens_session_id_fkey"])
                .await;
        }
        rebuild(manager, "").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, &["DELETE FROM refresh_tokens WHERE session_id NOT IN (SELECT id FROM sessions)"]).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let add = format!(
                "ALTER TABLE refresh_tokens ADD CONSTRAINT refresh_tokens_session_id_fkey \
                 FOREIGN KEY (session_id) {REFERENCE}"
            );
            return ddl::run(manager, &[&add]).await;
        }
        rebuild(manager, REFERENCE).await
    }
}

/// SQLite cannot drop a constraint of a table, so the table is replaced.
async fn rebuild(manager: &SchemaManager<'_>, reference: &str) -> Result<(), DbErr> {
    let create = format!(
        "CREATE TABLE refresh_tokens_rebuilt (
            token_hash {{bytes}} PRIMARY KEY,
            session_id {{id}} NOT NULL {reference},
            created_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            used_at BIGINT,
            parent_hash {{bytes}}
        )"
    );
    ddl::run(
        manager,
        &[
            &create,
            "INSERT INTO refresh_tokens_rebuilt (token_hash, session_id, created_at, expires_at, used_at, parent_hash)
                SELECT token_hash, session_id, created_at, expires_at, used_at, parent_hash FROM refresh_tokens",
            "DROP TABLE refresh_tokens",
            "ALTER TABLE refresh_tokens_rebuilt RENAME TO refresh_tokens",
            "CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)",
            "CREATE INDEX refresh_tokens_by_session_and_time ON refresh_tokens (session_id, created_at)",
        ],
    )
    .await
}
