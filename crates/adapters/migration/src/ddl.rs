//! Data definition that both databases understand.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// Runs `statements` in order, with the words in braces spelled for the database at hand:
///
/// | word | SQLite | PostgreSQL |
/// |---|---|---|
/// | `{id}` | `TEXT` | `TEXT COLLATE "C"` |
/// | `{counted}` | nothing | `WITH (fillfactor = 85)` |
/// | `{bytes}` | `BLOB` | `BYTEA` |
/// | `{clustered}` | `WITHOUT ROWID` | nothing |
///
/// `"C"` makes PostgreSQL compare identifiers and names byte by byte, as SQLite does: faster, and independent of the
/// system's locales, whose changes would corrupt indexes. `{counted}` leaves room in the pages of tables whose counters
/// change often: a new version of a row that finds room in its page needs no new entries in any index. `{clustered}`
/// keeps a table that is hardly more than its key in it.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let (id, bytes, clustered, counted) = match manager.get_database_backend() {
        DbBackend::Postgres => ("TEXT COLLATE \"C\"", "BYTEA", "", "WITH (fillfactor = 85)"),
        _ => ("TEXT", "BLOB", "WITHOUT ROWID", ""),
    };
    for statement in statements {
        let sql = statement
            .replace("{id}", id)
            .replace("{bytes}", bytes)
            .replace("{clustered}", clustered)
            .replace("{counted}", counted);
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
