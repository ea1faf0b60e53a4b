//! For ending sessions: the predecessor of a refresh token, the user agent of a session, and ended sessions whose
//! access tokens may still be valid.

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
        // Log-ins, refreshes and ends of sessions wait while the indexes are built. Both tables are locked first, so
        // a conflict shows before an index is built.
        ddl::lock(manager, &["sessions", "refresh_tokens"]).await?;
        ddl::run(
            manager,
            &[
                // In the order of the list of sessions, and for the newest token of each.
                "CREATE INDEX sessions_by_user_and_time ON sessions (user_id, created_at, id)",
                "CREATE INDEX refresh_tokens_by_session_and_time ON refresh_tokens (session_id, created_at)",
                "CREATE TABLE ended_sessions (
                    position {committed},
                    session_id {id} NOT NULL UNIQUE,
                    ended_at BIGINT NOT NULL DEFAULT {now}
                )",
                "CREATE INDEX ended_sessions_by_position ON ended_sessions (position)",
                "CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at)",
                // All statements on these tables wait from here on, for a moment.
                "ALTER TABLE sessions ADD COLUMN user_agent TEXT",
                "ALTER TABLE refresh_tokens ADD COLUMN parent_hash {bytes}",
                "DROP INDEX sessions_by_user",
                "DROP INDEX refresh_tokens_by_session",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(
            manager,
            &[
                "DROP TABLE ended_sessions",
                "CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id)",
                "DROP INDEX refresh_tokens_by_session_and_time",
                "CREATE INDEX sessions_by_user ON sessions (user_id)",
                "DROP INDEX sessions_by_user_and_time",
                "ALTER TABLE refresh_tokens DROP COLUMN parent_hash",
                "ALTER TABLE sessions DROP COLUMN user_agent",
            ],
        )
        .await
    }
}
