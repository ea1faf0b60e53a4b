//! Transactions that process many rows.

use database::{Database, Transaction};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// How a transaction accesses its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Looks up some thousand rows one by one.
    ByIndex,
    /// Scans whole tables.
    Whole,
}

/// Begins a transaction with settings for `work`. They end with the transaction, or are harmless.
pub(super) async fn begin(db: &Database, work: Work) -> Result<Transaction, DbErr> {
    let tx = db.begin().await?;
    if tx.get_database_backend() == DbBackend::Sqlite {
        // Ids are random, so pages of all parts of the tables are needed again and again. Caches 64 MiB of them.
        tx.execute_unprepared("PRAGMA cache_size = -65536").await?;
    } else if work == Work::ByIndex {
        // The plan is made while tables are short, for a batch of unknown size, and is kept. Scanning whole tables
        // must not look cheap then.
        tx.execute_unprepared("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off").await?;
    }
    Ok(tx)
}
