//! The names of erased accounts, which are reserved for a time.

use accounts::ports::{KeptName, KeptNameRepository, NameHashes};
use async_trait::async_trait;
use database::{Database, Select, retrying};
use domain::{RepositoryError, Timestamp};
use sea_orm::sea_query::{ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryTrait};

use super::exists;
use crate::entity::kept_name;

/// Names that one transaction deletes, which bounds how long it blocks others.
const PURGED_AT_ONCE: u64 = 1_000;

/// The port `KeptNameRepository` over the database.
pub struct SeaKeptNameRepository {
    db: Database,
}

impl SeaKeptNameRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_purge_some(&self, now: Timestamp) -> Result<u64, DbErr> {
        let some = Query::select()
            .column(kept_name::Column::NameHash)
            .from(kept_name::Entity)
            .and_where(kept_name::Column::KeptUntil.lte(now.as_micros()))
            .limit(PURGED_AT_ONCE)
            // Other instances that purge at the same time take other rows.
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .take();
        let tx = self.db.begin().await?;
        let purged =
            kept_name::Entity::delete_many().filter(kept_name::Column::NameHash.in_subquery(some)).exec(&tx).await?;
        tx.commit(None).await?;
        Ok(purged.rows_affected)
    }
}

#[async_trait]
impl KeptNameRepository for SeaKeptNameRepository {
    async fn purge(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        let mut purged = 0;
        loop {
            let some = retrying(&self.db, "kept_names.purge", || self.try_purge_some(now)).await?;
            purged += some;
            if some < PURGED_AT_ONCE {
                return Ok(purged);
            }
        }
    }
}

/// Reserves a name, in the transaction that frees it.
pub(super) async fn keep(tx: &impl ConnectionTrait, name: &KeptName) -> Result<(), DbErr> {
    let row = kept_name::ActiveModel { name_hash: Set(name.hash.0.to_vec()), kept_until: Set(name.until.as_micros()) };
    let mut insert = kept_name::Entity::insert(row).into_query();
    // An earlier reservation has expired, or an account had the name before it was reserved.
    let renewed =
        OnConflict::column(kept_name::Column::NameHash).update_column(kept_name::Column::KeptUntil).to_owned();
    tx.execute(insert.on_conflict(renewed)).await?;
    Ok(())
}

/// Whether a name is reserved at `now`, under any of its hashes. To be queried after the account was inserted: an
/// insert that waited for an erasure then sees its reservation.
pub(super) async fn is_kept(connection: &impl Select, hashes: &NameHashes, now: Timestamp) -> Result<bool, DbErr> {
    let hashes = hashes.all().map(|hash| hash.0.to_vec());
    let kept = kept_name::Column::NameHash.is_in(hashes).and(kept_name::Column::KeptUntil.gt(now.as_micros()));
    exists(connection, kept_name::Entity, kept).await
}
