//! Data definition that both databases understand.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// Runs `statements` in order, with the words in braces spelled for the database at hand:
///
/// | word | SQLite | PostgreSQL |
/// |---|---|---|
/// | `{id}` | `TEXT` | `TEXT COLLATE "C"` |
/// | `{bytes}` | `BLOB` | `BYTEA` |
/// | `{clustered}` | `WITHOUT ROWID` | nothing |
///
/// `"C"` makes PostgreSQL compare identifiers byte by byte, as SQLite does: faster, and independent of the system's
/// locales, whose changes would corrupt indexes. `{clustered}` keeps a table that is hardly more than its key in it.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let (id, bytes, clustered) = match manager.get_database_backend() {
        DbBackend::Postgres => ("TEXT COLLATE \"C\"", "BYTEA", ""),
        _ => ("TEXT", "BLOB", "WITHOUT ROWID"),
    };
    for statement in statements {
        let sql = statement.replace("{id}", id).replace("{bytes}", bytes).replace("{clustered}", clustered);
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
