//! The table of requested removals, which have rows that are still to be removed.
//!
//! Written by the repositories that hide or empty rows ([`request`]). Read by [`super::removal`], which removes them.
//!
//! Invariants:
//! - A removal is requested in the transaction that makes it necessary.
//! - Two slices of one removal never run at the same time. A slice locks the row of its removal first, and SQLite has
//!   one writer.
//!
//! Tested in `tests/repositories/removals.rs`.

use database::{Fields, Select, corrupt};
use domain::Cuid;
use removals::ports::Progress;
use removals::{Removal, RemovalKind};
use sea_orm::sea_query::{LockBehavior, LockType, OnConflict, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr};

use super::exists;
use crate::entity::removal;

const ACCOUNT: &str = "account";
const POST: &str = "post";
const COMMENT: &str = "comment";

/// Requests the removal of hidden rows.
pub(super) async fn request(tx: &impl ConnectionTrait, kind: RemovalKind, ids: &[String]) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    let kind = match kind {
        RemovalKind::Account => ACCOUNT,
        RemovalKind::Post => POST,
        RemovalKind::Comment => COMMENT,
    };
    let mut insert = Query::insert();
    insert.into_table(removal::Entity).columns([removal::Column::Id, removal::Column::Kind]);
    for id in ids {
        insert.values([id.as_str().into(), kind.into()]).map_err(|error| corrupt("removal", error))?;
    }
    insert.on_conflict(OnConflict::column(removal::Column::Id).do_nothing().to_owned());
    tx.execute(&insert).await.map(drop)
}

/// Locks the row of a removal. Returns its progress instead when the row is locked or missing.
pub(super) async fn claim(tx: &impl ConnectionTrait, id: Cuid) -> Result<Option<Progress>, DbErr> {
    let is_it = || removal::Column::Id.eq(id.as_str());
    let claim = Query::select()
        .column(removal::Column::Id)
        .from(removal::Entity)
        .and_where(is_it())
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    if tx.query_one(&claim).await?.is_some() {
        return Ok(None);
    }
    let is_taken = exists(tx, removal::Entity, is_it()).await?;
    Ok(Some(if is_taken { Progress::Taken } else { Progress::Done }))
}

/// Forgets a finished removal.
pub(super) async fn forget(tx: &impl ConnectionTrait, id: Cuid) -> Result<(), DbErr> {
    let delete = Query::delete().from_table(removal::Entity).and_where(removal::Column::Id.eq(id.as_str())).take();
    tx.execute(&delete).await.map(drop)
}

/// Up to `most` pending removals with an id above `after`, in the order of ids.
pub(super) async fn pending(connection: &impl Select, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, DbErr> {
    let mut select = Query::select();
    select
        .columns([removal::Column::Id, removal::Column::Kind])
        .from(removal::Entity)
        // A later version, which runs beside this one during an update, may have other kinds.
        .and_where(removal::Column::Kind.is_in([ACCOUNT, POST, COMMENT]))
        .order_by(removal::Column::Id, Order::Asc)
        .limit(most.into());
    if let Some(after) = after {
        select.and_where(removal::Column::Id.gt(after.as_str()));
    }
    let rows = connection.select_all(&select).await?;
    let read = |row| {
        let mut fields = Fields::of(row);
        let id = fields.id::<()>()?.cuid();
        let kind = match fields.value::<String>()?.as_str() {
            ACCOUNT => RemovalKind::Account,
            POST => RemovalKind::Post,
            COMMENT => RemovalKind::Comment,
            other => return Err(corrupt("removal", format!("of an unknown kind, {other}"))),
        };
        Ok(Removal { kind, id })
    };
    rows.iter().map(read).collect()
}
