//! Reads the schema of a freshly migrated database.

use anyhow::{Context as _, Result};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, QueryResult, Statement, TryGetable};

#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// Unique sets of columns, without the primary key.
    pub(crate) unique: Vec<Vec<String>>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As spelled by SQLite.
    pub(crate) kind: String,
    pub(crate) nullable: bool,
    pub(crate) primary_key: bool,
}

/// A reference to another table or the same one.
#[derive(Debug)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    pub(crate) referenced: Vec<String>,
    pub(crate) on_delete: String,
}

/// Migrates an empty SQLite database and returns its tables, sorted by name.
pub(crate) async fn read() -> Result<Vec<Table>> {
    let database = Database::connect("sqlite::memory:").await.context("no SQLite database")?;
    Migrator::up(&database, None).await.context("the migrations fail")?;
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' \
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'seaql_migrations' ORDER BY name";
    let mut tables = Vec::new();
    for row in rows(&database, names, []).await? {
        tables.push(table(&database, get(&row, "name")?).await?);
    }
    Ok(tables)
}

async fn table(database: &DatabaseConnection, name: String) -> Result<Table> {
    let columns = rows(database, "SELECT * FROM pragma_table_info(?) ORDER BY cid", [&name]).await?;
    let columns = columns.iter().map(column).collect::<Result<_>>()?;
    let unique = unique(database, &name).await?;
    let foreign_keys = foreign_keys(database, &name).await?;
    Ok(Table { name, columns, unique, foreign_keys })
}

fn column(row: &QueryResult) -> Result<Column> {
    let primary_key = get::<i64>(row, "pk")? > 0;
    Ok(Column {
        name: get(row, "name")?,
        kind: get(row, "type")?,
        // SQLite does not report NOT NULL for a primary key; PostgreSQL does.
        nullable: get::<i64>(row, "notnull")? == 0 && !primary_key,
        primary_key,
    })
}

async fn unique(database: &DatabaseConnection, table: &str) -> Result<Vec<Vec<String>>> {
    let indexes =
        "SELECT name FROM pragma_index_list(?) WHERE \"unique\" = 1 AND origin <> 'pk' AND partial = 0 ORDER BY name";
    let mut unique = Vec::new();
    for index in rows(database, indexes, [table]).await? {
        let index: String = get(&index, "name")?;
        let columns = rows(database, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", [&index]).await?;
        unique.push(columns.iter().map(|row| get(row, "name")).collect::<Result<_>>()?);
    }
    unique.sort();
    Ok(unique)
}

async fn foreign_keys(database: &DatabaseConnection, table: &str) -> Result<Vec<ForeignKey>> {
    // One row per column; the columns of one key share its `id`.
    let parts = rows(database, "SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq", [table]).await?;
    let mut keys: Vec<ForeignKey> = Vec::new();
    for part in &parts {
        if get::<i64>(part, "seq")? == 0 {
            let (table, on_delete) = (get(part, "table")?, get(part, "on_delete")?);
            keys.push(ForeignKey { columns: Vec::new(), table, referenced: Vec::new(), on_delete });
        }
        if let Some(key) = keys.last_mut() {
            key.columns.push(get(part, "from")?);
            key.referenced.push(get::<Option<String>>(part, "to")?.unwrap_or_else(|| "id".to_owned()));
        }
    }
    keys.sort_by(|a, b| a.columns.cmp(&b.columns));
    Ok(keys)
}

async fn rows<const N: usize>(database: &DatabaseConnection, sql: &str, values: [&str; N]) -> Result<Vec<QueryResult>> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values.map(Into::into));
    Ok(database.query_all_raw(statement).await?)
}

fn get<T: TryGetable>(row: &QueryResult, column: &str) -> Result<T> {
    row.try_get("", column).with_context(|| format!("the schema's {column} cannot be read"))
}
