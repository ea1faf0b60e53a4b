//! Reads the fields of a row in the order of the `SELECT`.

use domain::{Cuid, Id, Revision, Timestamp};
use sea_orm::{DbErr, QueryResult, TryGetable};
use tokio_postgres::types::FromSqlOwned;

use crate::error::corrupt;
use crate::pipeline::unreadable;

/// A row of one of the two drivers.
pub enum Row {
    /// From a pool or a transaction.
    Pooled(QueryResult),
    /// From a pipeline.
    Pipelined(tokio_postgres::Row),
}

/// The row that fields are read from.
#[derive(Clone, Copy)]
pub enum Source<'r> {
    Pooled(&'r QueryResult),
    Pipelined(&'r tokio_postgres::Row),
}

impl<'r> From<&'r Row> for Source<'r> {
    fn from(row: &'r Row) -> Self {
        match row {
            Row::Pooled(row) => Self::Pooled(row),
            Row::Pipelined(row) => Self::Pipelined(row),
        }
    }
}

impl<'r> From<&'r QueryResult> for Source<'r> {
    fn from(row: &'r QueryResult) -> Self {
        Self::Pooled(row)
    }
}

/// Reads the fields of a row, from the first to the last.
pub struct Fields<'r> {
    row: Source<'r>,
    next: usize,
}

impl<'r> Fields<'r> {
    /// Begins at the first field of `row`.
    pub fn of(row: impl Into<Source<'r>>) -> Self {
        Self { row: row.into(), next: 0 }
    }

    /// The next field, without conversion.
    pub fn value<T: TryGetable + FromSqlOwned>(&mut self) -> Result<T, DbErr> {
        let index = self.index();
        match self.row {
            Source::Pooled(row) => Ok(row.try_get_by_index(index)?),
            Source::Pipelined(row) => row.try_get(index).map_err(unreadable),
        }
    }

    /// The next field as an id.
    pub fn id<T>(&mut self) -> Result<Id<T>, DbErr> {
        let index = self.index();
        match self.row {
            Source::Pooled(row) => parse_id(&row.try_get_by_index::<String>(index)?),
            Source::Pipelined(row) => parse_id(row.try_get(index).map_err(unreadable)?),
        }
    }

    /// The next field as an id; `None` for `NULL`.
    pub fn optional_id<T>(&mut self) -> Result<Option<Id<T>>, DbErr> {
        let index = self.index();
        match self.row {
            Source::Pooled(row) => row.try_get_by_index::<Option<String>>(index)?.as_deref().map(parse_id).transpose(),
            Source::Pipelined(row) => {
                row.try_get::<_, Option<&str>>(index).map_err(unreadable)?.map(parse_id).transpose()
            }
        }
    }

    fn index(&mut self) -> usize {
        let index = self.next;
        self.next += 1;
        index
    }

    /// A whole number of 32 or 64 bits: a later version may have widened the column.
    fn number(&mut self) -> Result<i64, DbErr> {
        let index = self.index();
        match self.row {
            Source::Pooled(row) => match row.try_get_by_index(index) {
                Ok(number) => Ok(number),
                Err(error) => row.try_get_by_index::<i32>(index).map(i64::from).map_err(|_| error),
            },
            Source::Pipelined(row) => match row.try_get(index) {
                Ok(number) => Ok(number),
                Err(error) => row.try_get::<_, i32>(index).map(i64::from).map_err(|_| unreadable(error)),
            },
        }
    }

    /// The next field as a time, stored in microseconds since the Unix epoch.
    pub fn time(&mut self) -> Result<Timestamp, DbErr> {
        self.number().map(Timestamp::from_micros)
    }

    /// The next field as a time, stored in microseconds since the Unix epoch; `None` for `NULL`.
    pub fn optional_time(&mut self) -> Result<Option<Timestamp>, DbErr> {
        Ok(self.value::<Option<i64>>()?.map(Timestamp::from_micros))
    }

    /// The next field as a count; a negative number is an error.
    pub fn count(&mut self) -> Result<u64, DbErr> {
        u64::try_from(self.number()?).map_err(|error| corrupt("count", error))
    }

    /// The next field as a revision, the number of edits.
    pub fn revision(&mut self) -> Result<Revision, DbErr> {
        u32::try_from(self.number()?).map(Revision).map_err(|error| corrupt("revision", error))
    }
}

fn parse_id<T>(raw: &str) -> Result<Id<T>, DbErr> {
    Cuid::parse(raw).map(Id::from).map_err(|error| corrupt("id", error))
}
