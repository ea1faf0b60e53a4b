//! Decides what happens to a connection to SQLite that returns to its pool.
//!
//! Invariant: a connection is used again only if it is known to be outside any transaction.
//!
//! The driver counts the transactions that a connection is in, and counts down only when `COMMIT` or `ROLLBACK`
//! succeeds. SQLite ends a transaction on its own when the disc is full or fails, or when memory is short. Then there
//! is nothing to roll back, and the count stays up. The next writer on such a connection would get savepoints instead
//! of transactions. They are "committed" into a transaction without end: acknowledged, and lost with the connection.
//!
//! Checking the count of a committed or rolled-back connection costs nothing. On PostgreSQL no check is needed: the
//! driver counts down when it queues the `ROLLBACK`, and closes the connection if that fails.
//!
//! Tested in `transaction/tests.rs` and `storage/tests.rs`.

use futures_util::future::BoxFuture;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, Sqlite};
use sqlx_core::transaction::TransactionManager;

type Manager = <Sqlite as sqlx::Database>::TransactionManager;

/// What happens to a connection that returns with a transaction, as far as the driver knows.
#[derive(Debug, Clone, Copy)]
pub(super) enum AfterRelease {
    /// It is closed, and the pool opens another.
    Close,
    /// It is taken out of the transaction: closing it would lose the in-memory database.
    Mend,
}

impl AfterRelease {
    /// A pool that does this when a connection returns.
    pub(super) fn apply(self, pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
        pool.after_release(move |connection, _| self.run(connection))
    }

    /// Whether the connection may be used again.
    fn run(self, connection: &mut SqliteConnection) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
        Box::pin(async move {
            if Manager::get_transaction_depth(connection) == 0 {
                return Ok(true);
            }
            // Its rollback may be queued; the ping is answered after it.
            connection.ping().await?;
            let depth = Manager::get_transaction_depth(connection);
            if depth == 0 {
                return Ok(true);
            }
            tracing::warn!(depth, action = ?self, "SQLite ended a transaction that was still in use");
            if matches!(self, Self::Close) {
                return Ok(false);
            }
            leave(connection, depth).await?;
            Ok(true)
        })
    }
}

/// Takes a connection out of `depth` transactions, of which the outermost may or may not exist.
async fn leave(connection: &mut SqliteConnection, depth: usize) -> Result<(), sqlx::Error> {
    // It fails where there is no transaction.
    let _ = connection.execute("ROLLBACK").await;
    // The driver counts down only what succeeds, so the transactions that it counts are begun here.
    connection.execute("BEGIN").await?;
    for level in (1..depth).rev() {
        connection.execute(AssertSqlSafe(format!("SAVEPOINT _sqlx_savepoint_{level}"))).await?;
        Manager::rollback(connection).await?;
    }
    Manager::rollback(connection).await
}
