//! Loads a batch of rows with one statement.
//!
//! The batch is one parameter, a JSON document. The statement is the same for any number of rows, and is prepared
//! once. No limit on parameters applies, and both databases can join the batch to their tables.

use std::fmt::Write as _;

use database::{Database, corrupt, lacks_reference, retrying};
use domain::{RepositoryError, Timestamp};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, JsonValue, Statement};

use super::Loaded;
use super::work::{Work, begin};

/// A type of row that is loaded into one table.
pub(super) trait Row {
    /// The table of these rows.
    const TABLE: Table;

    /// The values of the table's columns, in order.
    fn fields(&self) -> impl IntoIterator<Item = Field<'_>>;
}

/// A table and the references of its rows. In the conditions `r` is the row to load.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
    /// The condition that `stored` is the same row.
    pub(super) key: &'static str,
    /// The condition that all rows which `r` refers to exist.
    pub(super) needs: &'static str,
}

/// The type of a column.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Number,
}

/// The value of a column.
pub(super) enum Field<'a> {
    /// `NULL`.
    Null,
    Text(&'a str),
    Number(i64),
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Field<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<Timestamp> for Field<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Number(at.as_micros())
    }
}

impl Table {
    /// The `INSERT` of the new rows of a batch whose references exist.
    fn insert(&self, backend: DbBackend) -> String {
        let (name, rows, needs) = (self.name, self.rows(backend), self.needs);
        let columns = self.list(|column, _| column.to_owned());
        let values = self.list(|column, _| format!("r.{column}"));
        format!("INSERT INTO {name} ({columns}) SELECT {values} FROM {rows} WHERE {needs} ON CONFLICT DO NOTHING")
    }

    /// The `SELECT` that counts the rows of a batch which are stored.
    fn count_stored(&self, backend: DbBackend) -> String {
        let (name, rows, key) = (self.name, self.rows(backend), self.key);
        format!("SELECT count(*) FROM {rows} WHERE EXISTS (SELECT 1 FROM {name} AS stored WHERE {key})")
    }

    /// The batch as a table named `r`.
    fn rows(&self, backend: DbBackend) -> String {
        if backend == DbBackend::Postgres {
            let columns = self.list(|column, kind| match kind {
                Kind::Text => format!("{column} text"),
                Kind::Number => format!("{column} bigint"),
            });
            format!("json_to_recordset($1::json) AS r({columns})")
        } else {
            let columns = self.list(|column, _| format!("value ->> '{column}' AS {column}"));
            format!("(SELECT {columns} FROM json_each(?)) AS r")
        }
    }

    fn list(&self, show: impl Fn(&str, Kind) -> String) -> String {
        let shown: Vec<_> = self.columns.iter().map(|(column, kind)| show(column, *kind)).collect();
        shown.join(", ")
    }
}

/// Adds the new rows in a transaction of its own.
pub(super) async fn insert<R: Row>(
    db: &Database,
    operation: &'static str,
    rows: &[R],
) -> Result<Loaded, RepositoryError> {
    let (batch, offered) = (document(rows), rows.len());
    let insert = || try_insert(db, &R::TABLE, offered, &batch);
    let attempt = || async {
        match insert().await {
            // A row that was referred to was deleted after it was found. The second attempt does not find it.
            Err(error) if lacks_reference(&error) => insert().await,
            result => result,
        }
    };
    retrying(db, operation, attempt).await
}

async fn try_insert(db: &Database, table: &Table, offered: usize, batch: &str) -> Result<Loaded, DbErr> {
    let tx = begin(db, Work::ByIndex).await?;
    let backend = tx.get_database_backend();
    let statement = |sql| Statement::from_sql_and_values(backend, sql, [batch.into()]);
    let offered = u64::try_from(offered).map_err(|error| corrupt("bulk", error))?;
    let added = tx.execute_raw(statement(table.insert(backend))).await?.rows_affected();
    let stored = if added == offered {
        added
    } else {
        let row = tx.query_one_raw(statement(table.count_stored(backend))).await?;
        let stored: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        u64::try_from(stored).map_err(|error| corrupt("bulk", error))?
    };
    tx.commit(None).await?;
    Ok(Loaded { added, already_there: stored.saturating_sub(added), skipped: offered.saturating_sub(stored) })
}

/// `rows` as a JSON array of objects.
fn document<R: Row>(rows: &[R]) -> String {
    let mut document = String::from("[");
    for (number, row) in rows.iter().enumerate() {
        document.push_str(if number == 0 { "{" } else { ",{" });
        for (place, ((column, _), field)) in R::TABLE.columns.iter().zip(row.fields()).enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let value = match field {
                Field::Null => JsonValue::Null,
                Field::Text(text) => text.into(),
                Field::Number(number) => number.into(),
            };
            // Writing to a `String` never fails.
            let _ = write!(document, "{comma}\"{column}\":{value}");
        }
        document.push('}');
    }
    document.push(']');
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Word(&'static str, Option<&'static str>);

    impl Row for Word {
        const TABLE: Table = Table {
            name: "words",
            columns: &[("id", Kind::Text), ("text", Kind::Text), ("length", Kind::Number)],
            key: "stored.id = r.id",
            needs: "TRUE",
        };

        fn fields(&self) -> impl IntoIterator<Item = Field<'_>> {
            [self.0.into(), self.1.map_or(Field::Null, Field::Text), 3_u32.into()]
        }
    }

    #[test]
    fn writes_rows_as_json() {
        let rows = [Word("a", Some("\"é\"\n\\")), Word("b", None)];
        let expected = r#"[{"id":"a","text":"\"é\"\n\\","length":3},{"id":"b","text":null,"length":3}]"#;
        assert_eq!(document(&rows), expected);
        assert_eq!(document::<Word>(&[]), "[]");
    }

    #[test]
    fn reads_rows_in_the_words_of_the_database() {
        assert_eq!(
            Word::TABLE.insert(DbBackend::Postgres),
            "INSERT INTO words (id, text, length) SELECT r.id, r.text, r.length FROM \
             json_to_recordset($1::json) AS r(id text, text text, length bigint) WHERE TRUE ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            Word::TABLE.count_stored(DbBackend::Sqlite),
            "SELECT count(*) FROM (SELECT value ->> 'id' AS id, value ->> 'text' AS text, value ->> 'length' AS length \
             FROM json_each(?)) AS r WHERE EXISTS (SELECT 1 FROM words AS stored WHERE stored.id = r.id)"
        );
    }
}
