//! The schema and how it is brought up to date, by the migrations that the caller has.

use std::collections::HashSet;

use sea_orm::sea_query::{Alias, Query};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use crate::Database;
use crate::error::lacks_table;
use crate::operation::begun_again;

/// Names the lock that lets one instance migrate at a time; any fixed number does.
const MIGRATION_LOCK: i64 = 0x7468_6f75_6768_7473;

impl Database {
    /// Brings the schema up to date. Of several instances that try at once, one does it and the others wait. A migration is
    /// begun again where it met requests that lock the same tables in another order. A schema that is ahead is left alone.
    ///
    /// # Errors
    /// [`MigrateError`] when a migration fails; it is rolled back, and those before it stay.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), MigrateError> {
        self.migrate_each::<M>().await.map_err(MigrateError)
    }

    /// One transaction each: what one has locked is free again while the next makes its indexes.
    async fn migrate_each<M: MigratorTrait>(&self) -> Result<(), DbErr> {
        for _ in M::migrations() {
            if pending::<M>(&self.inner.writes).await?.is_none() {
                return Ok(());
            }
            begun_again(self, "migrate", || self.migrate_one::<M>()).await?;
        }
        // After a failed statement PostgreSQL answers `COMMIT` with a rollback, and not with an error.
        match pending::<M>(&self.inner.writes).await? {
            None => Ok(()),
            Some(_) => Err(DbErr::Custom("the migrations were rolled back".to_owned())),
        }
    }

    /// Makes the next migration, if there still is one when it is this instance's turn.
    async fn migrate_one<M: MigratorTrait>(&self) -> Result<(), DbErr> {
        // SQLite lets in one transaction that writes at a time; PostgreSQL is asked to.
        let guard = self.begin().await?;
        if guard.get_database_backend() == DbBackend::Postgres {
            // Migrations take as long as they take, and so does waiting for another instance's.
            guard.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
            guard.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
            if let Some(schema) = &self.inner.schema {
                make_schema(&guard, schema).await?;
            }
        }
        // The migrator has a table of its own, and three lines to say of each migration.
        M::install(guard.for_migrations()).with_subscriber(Dispatch::none()).await?;
        if let Some(next) = pending::<M>(&guard).await? {
            tracing::info!(migration = next, "migrating");
            M::up(guard.for_migrations(), Some(1)).with_subscriber(Dispatch::none()).await?;
        }
        guard.commit(None, []).await
    }

    /// Whether every migration of this version was applied; a later version may have applied more. Does not change the
    /// database.
    ///
    /// # Errors
    /// [`MigrateError`] when the database does not answer.
    pub async fn is_migrated<M: MigratorTrait>(&self) -> Result<bool, MigrateError> {
        Ok(pending::<M>(&self.inner.writes).await.map_err(MigrateError)?.is_none())
    }
}

/// The first migration of this version that the database behind `connection` has not had.
pub(crate) async fn pending<M: MigratorTrait>(connection: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    // By hand: the migrator refuses where a later version has applied more than this one knows, and instances of both
    // versions run side by side while one takes the place of the other.
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

/// Makes a schema if there is none. It is looked for first, because the right to make one is asked for even where there
/// is nothing to make.
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
