//! Data definition statements for both databases.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// Runs `statements` in order, with the words in braces replaced for the database:
///
/// | word | SQLite | PostgreSQL |
/// |---|---|---|
/// | `{id}` | `TEXT` | `TEXT COLLATE "C"` |
/// | `{counted}` | nothing | `WITH (fillfactor = 85)` |
/// | `{bytes}` | `BLOB` | `BYTEA` |
/// | `{clustered}` | `WITHOUT ROWID` | nothing |
/// | `{committed}` | the number of the row | the id of the transaction that stores it |
/// | `{number}` | `INTEGER`, which as a primary key is the number of the row | `BIGINT` |
/// | `{random}` | 32 random hexadecimal digits | the same |
/// | `{now}` | the time in microseconds | the same |
///
/// - `"C"` makes PostgreSQL compare identifiers and names byte by byte, as SQLite does. That is faster, and
///   independent of the locales of the system, whose changes would corrupt indexes.
/// - `{counted}` leaves room in the pages of tables whose counters change often. A new version of a row that fits
///   into its page needs no new index entries.
/// - `{clustered}` stores a table that is little more than its key in the index of the key.
/// - `{committed}` is a number that shows what was committed since the last query. SQLite has one writer. PostgreSQL
///   reports below which transaction id all transactions have ended.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let words = match manager.get_database_backend() {
        DbBackend::Postgres => [
            ("{id}", "TEXT COLLATE \"C\""),
            ("{bytes}", "BYTEA"),
            ("{clustered}", ""),
            ("{counted}", "WITH (fillfactor = 85)"),
            ("{committed}", "BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)"),
            ("{number}", "BIGINT"),
            ("{random}", "replace(gen_random_uuid()::text, '-', '')"),
            ("{now}", "((extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"),
        ],
        _ => [
            ("{id}", "TEXT"),
            ("{bytes}", "BLOB"),
            ("{clustered}", "WITHOUT ROWID"),
            ("{counted}", ""),
            ("{committed}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
            ("{number}", "INTEGER"),
            ("{random}", "lower(hex(randomblob(16)))"),
            ("{now}", "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))"),
        ],
    };
    for statement in statements {
        let sql = words.iter().fold((*statement).to_owned(), |sql, (word, spelled)| sql.replace(word, spelled));
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Locks `tables` against writers until the end of the transaction, on PostgreSQL. SQLite has one writer at a time.
pub(crate) async fn lock(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() == DbBackend::Postgres {
        let sql = format!("LOCK TABLE {} IN EXCLUSIVE MODE", tables.join(", "));
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
