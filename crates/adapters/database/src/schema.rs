//! Applies the caller's migrations to the schema.
//!
//! Called by the server at its start, by chores and by tests.
//!
//! Invariants:
//! - Each migration is one transaction, under a lock that lets one instance migrate at a time.
//! - A schema of a later version is left unchanged.
//!
//! On failure a migration is rolled back; those before it stay.
//!
//! Tested in `transaction/tests.rs` and in `persistence/tests/repositories/database.rs`.

use std::collections::HashSet;

use sea_orm::sea_query::{Alias, Query};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use crate::Database;
use crate::error::lacks_table;
use crate::operation::begun_again;

/// The key of the advisory lock that lets one instance migrate at a time; any fixed number does.
const MIGRATION_LOCK: i64 = 0x7468_6f75_6768_7473;

impl Database {
    /// Applies the pending migrations. Of several instances that migrate at once, one does it and the others wait. A
    /// migration that deadlocks with requests is retried. A schema of a later version is left unchanged.
    ///
    /// # Errors
    /// [`MigrateError`] when a migration fails. It is rolled back, and those before it stay.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), MigrateError> {
        self.migrate_each::<M>().await.map_err(MigrateError)
    }

    /// One transaction each: the locks of one are released before the next builds its indexes.
    async fn migrate_each<M: MigratorTrait>(&self) -> Result<(), DbErr> {
        for _ in M::migrations() {
            if pending::<M>(&self.inner.writes).await?.is_none() {
                return Ok(());
            }
            begun_again(self, "migrate", || self.migrate_one::<M>()).await?;
        }
        // After a failed statement PostgreSQL answers `COMMIT` with a rollback instead of an error.
        match pending::<M>(&self.inner.writes).await? {
            None => Ok(()),
            Some(_) => Err(DbErr::Custom("the migrations were rolled back".to_owned())),
        }
    }

    /// Applies the next migration, if one is still pending once the lock is held.
    async fn migrate_one<M: MigratorTrait>(&self) -> Result<(), DbErr> {
        // SQLite has one write transaction at a time; on PostgreSQL an advisory lock does the same.
        let guard = self.begin().await?;
        if guard.get_database_backend() == DbBackend::Postgres {
            // Migrations have no timeout, and waiting for another instance has none.
            guard.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
            guard.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
            if let Some(schema) = &self.inner.schema {
                make_schema(&guard, schema).await?;
            }
        }
        // The migrator creates its own table, and logs three lines for each migration.
        M::install(guard.for_migrations()).with_subscriber(Dispatch::none()).await?;
        if let Some(next) = pending::<M>(&guard).await? {
            tracing::info!(migration = next, "migrating");
            M::up(guard.for_migrations(), Some(1)).with_subscriber(Dispatch::none()).await?;
        }
        guard.commit(None).await
    }

    /// Whether every migration of this version was applied; a later version may have applied more. Only reads.
    ///
    /// # Errors
    /// [`MigrateError`] when the query fails.
    pub async fn is_migrated<M: MigratorTrait>(&self) -> Result<bool, MigrateError> {
        Ok(pending::<M>(&self.inner.writes).await.map_err(MigrateError)?.is_none())
    }
}

/// The first migration of this version that was not applied to the database behind `connection`.
pub(crate) async fn pending<M: MigratorTrait>(connection: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    // By hand: the migrator fails where a later version has applied more migrations. During a rolling update,
    // instances of both versions run side by side.
    let select = Query::select().column(Alias::new("version")).from(Alias::new("seaql_migrations")).take();
    let rows = match connection.query_all(&select).await {
        Ok(rows) => rows,
        Err(error) if lacks_table(&error) => Vec::new(),
        Err(error) => return Err(error),
    };
    let applied: HashSet<String> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    let all = M::migrations();
    Ok(all.iter().map(|migration| migration.name()).find(|name| !applied.contains(*name)).map(str::to_owned))
}

/// Creates a schema if it is missing. It is looked up first, because `CREATE SCHEMA IF NOT EXISTS` needs the right to
/// create one even where it exists.
async fn make_schema(tx: &impl ConnectionTrait, schema: &str) -> Result<(), DbErr> {
    let known = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
    let known = Statement::from_sql_and_values(DbBackend::Postgres, known, [schema.into()]);
    if tx.query_one_raw(known).await?.is_none() {
        tx.execute_unprepared(&format!("CREATE SCHEMA \"{schema}\"")).await?;
    }
    Ok(())
}

/// A schema that could not be brought up to date or inspected.
#[derive(Debug, thiserror::Error)]
#[error("cannot migrate the database")]
pub struct MigrateError(#[source] pub DbErr);
