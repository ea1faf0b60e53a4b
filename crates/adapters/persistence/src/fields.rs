//! Rows, read field by field in the order of the `SELECT`.

use domain::{Cuid, Id, Revision, Timestamp};
use sea_orm::{DbErr, QueryResult, TryGetable};

use crate::error::corrupt;

/// Reads the fields of a row from the first to the last.
pub(crate) struct Fields<'r> {
    row: &'r QueryResult,
    next: usize,
}

impl<'r> Fields<'r> {
    pub(crate) fn of(row: &'r QueryResult) -> Self {
        Self { row, next: 0 }
    }

    pub(crate) fn next<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let value = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(value)
    }

    pub(crate) fn id<T>(&mut self) -> Result<Id<T>, DbErr> {
        parse_id(&self.next::<String>()?)
    }

    pub(crate) fn optional_id<T>(&mut self) -> Result<Option<Id<T>>, DbErr> {
        self.next::<Option<String>>()?.as_deref().map(parse_id).transpose()
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, DbErr> {
        self.next().map(Timestamp::from_micros)
    }

    pub(crate) fn optional_time(&mut self) -> Result<Option<Timestamp>, DbErr> {
        Ok(self.next::<Option<i64>>()?.map(Timestamp::from_micros))
    }

    pub(crate) fn count(&mut self) -> Result<u64, DbErr> {
        u64::try_from(self.next::<i64>()?).map_err(|error| corrupt("count", error))
    }

    pub(crate) fn revision(&mut self) -> Result<Revision, DbErr> {
        u32::try_from(self.next::<i64>()?).map(Revision).map_err(|error| corrupt("revision", error))
    }
}

fn parse_id<T>(raw: &str) -> Result<Id<T>, DbErr> {
    Cuid::parse(raw).map(Id::from).map_err(|error| corrupt("id", error))
}
