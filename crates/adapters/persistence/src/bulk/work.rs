//! Transactions that do a lot.

use database::{Database, Transaction};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// How a transaction goes about its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Looks up some thousand rows one by one.
    ByIndex,
    /// Goes through whole tables.
    Whole,
}

/// Begins a transaction that is set up for `work`. The settings end with it, or hurt nobody.
pub(super) async fn begin(db: &Database, work: Work) -> Result<Transaction, DbErr> {
    let tx = db.begin().await?;
    if tx.get_database_backend() == DbBackend::Sqlite {
        // Ids come in no order, so that pages all over the tables are needed again and again: keeps 64 MiB of them.
        tx.execute_unprepared("PRAGMA cache_size = -65536").await?;
    } else if work == Work::ByIndex {
        // The plan is made when tables are short, for a batch of unknown length, and kept: reading whole tables must
        // not look like a good idea then.
        tx.execute_unprepared("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off").await?;
    }
    Ok(tx)
}
