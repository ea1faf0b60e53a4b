//! What becomes of a connection to SQLite that goes back to its pool.
//!
//! No connection is used again of which it is not known that it is outside any transaction. The driver counts the
//! transactions that a connection is in, and counts down only when `COMMIT` or `ROLLBACK` succeeds. SQLite ends a
//! transaction by itself when the disc is full or fails, or when memory is short; there is none left to roll back then,
//! and the count stays. Whoever writes next over such a connection gets savepoints instead of transactions, which are
//! "committed" into one that nobody ends: acknowledged, and gone with the connection.
//!
//! A connection that was committed or rolled back is told by its count, which costs nothing. On PostgreSQL the driver counts
//! down when it queues the `ROLLBACK`, and closes the connection if that fails.

use futures_util::future::BoxFuture;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, Sqlite};
use sqlx_core::transaction::TransactionManager;

type Manager = <Sqlite as sqlx::Database>::TransactionManager;

/// What becomes of a connection that comes back within a transaction, or so it seems.
#[derive(Debug, Clone, Copy)]
pub(super) enum AfterRelease {
    /// It is closed; whoever comes next opens another.
    Close,
    /// It is taken out of the transaction, for the database goes with it.
    Mend,
}

impl AfterRelease {
    /// The pool with this as what is done when a connection comes back.
    pub(super) fn apply(self, pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
        pool.after_release(move |connection, _| self.run(connection))
    }

    /// Whether the connection may be used again.
    fn run(self, connection: &mut SqliteConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
        Box::pin(async move {
            if Manager::get_transaction_depth(connection) == 0 {
                return Ok(true);
            }
            // Its rollback may be queued; the ping is answered after that.
            connection.ping().await?;
            let depth = Manager::get_transaction_depth(connection);
            if depth == 0 {
                return Ok(true);
            }
            tracing::warn!(depth, action = ?self, "SQLite ended a transaction by itself");
            if matches!(self, Self::Close) {
                return Ok(false);
            }
            leave(connection, depth).await?;
            Ok(true)
        })
    }
}

/// Takes a connection out of `depth` transactions, of which the outermost may be there or not.
async fn leave(connection: &mut SqliteConnection, depth: usize) -> Result<(), sqlx::Error> {
    // It fails where there is none.
    let _ = connection.execute("ROLLBACK").await;
    // What the driver believes to be there is made, for only what succeeds is counted.
    connection.execute("BEGIN").await?;
    for level in (1..depth).rev() {
        connection.execute(AssertSqlSafe(format!("SAVEPOINT _sqlx_savepoint_{level}"))).await?;
        Manager::rollback(connection).await?;
    }
    Manager::rollback(connection).await
}
