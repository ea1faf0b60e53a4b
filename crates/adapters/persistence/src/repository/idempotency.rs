//! Idempotency keys: claimed in the transaction of their write, and purged when they expire.
//!
//! Invariants:
//! - A key and the effect of its request are committed together.
//! - Concurrent requests with one key: the second waits for the first, and replays its response.
//!
//! Tested in `tests/repositories/idempotency.rs`.

use async_trait::async_trait;
use database::{Database, Fields, corrupt, retrying};
use domain::{Cuid, DisplayName, RepositoryError, Timestamp, UserId};
use events::Effect;
use posts::IdempotentRequest;
use posts::ports::{IdempotencyKeyRepository, Write};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::entity::idempotency_key;

/// Keys that one transaction deletes, which bounds how long it blocks others.
const PURGED_AT_ONCE: u64 = 1_000;

/// The port `IdempotencyKeyRepository` over the database.
pub struct SeaIdempotencyKeyRepository {
    db: Database,
}

impl SeaIdempotencyKeyRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_purge_some(&self, before: Timestamp) -> Result<u64, DbErr> {
        let key = [idempotency_key::Column::UserId, idempotency_key::Column::Key];
        let some = Query::select()
            .columns(key)
            .from(idempotency_key::Entity)
            .and_where(idempotency_key::Column::CreatedAt.lt(before.as_micros()))
            .limit(PURGED_AT_ONCE)
            // A concurrent purge of another instance takes other keys.
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .take();
        let tx = self.db.begin().await?;
        let purged = idempotency_key::Entity::delete_many()
            .filter(Expr::tuple(key.map(Expr::col)).in_subquery(some))
            .exec(&tx)
            .await?;
        tx.commit(None).await?;
        Ok(purged.rows_affected)
    }
}

#[async_trait]
impl IdempotencyKeyRepository for SeaIdempotencyKeyRepository {
    async fn purge(&self, before: Timestamp) -> Result<u64, RepositoryError> {
        let mut purged = 0;
        loop {
            let some = retrying(&self.db, "idempotency_keys.purge", || self.try_purge_some(before)).await?;
            purged += some;
            if some < PURGED_AT_ONCE {
                return Ok(purged);
            }
        }
    }
}

/// The result of claiming a key.
pub(super) enum Claim {
    /// The key belongs to this request, and its answer is stored.
    Granted,
    /// The key belongs to an earlier request with the same content, which had this answer.
    Replay(Answer),
    /// The key belongs to an earlier request with other content.
    Reused,
}

/// The stored part of the first answer; the rest of it follows from the request.
pub(super) struct Answer {
    pub(super) id: Cuid,
    pub(super) at: Timestamp,
    pub(super) author_display_name: DisplayName,
}

/// The effect of a write under a key.
pub(super) fn effect<T>(write: &Write<T>) -> Effect {
    match write {
        Write::Stored(_) => Effect::Committed,
        Write::Replayed(_) => Effect::Seen,
        Write::KeyReused | Write::SessionEnded => Effect::Nothing,
    }
}

/// Claims the key, and stores the answer with it. A concurrent request with the same key waits for this transaction
/// to end.
///
/// The author's display name is stored, because the first answer showed it and it may change. The rest of the answer
/// is in the request, or has a fixed value right after a write.
pub(super) async fn claim(
    tx: &impl ConnectionTrait,
    user: UserId,
    request: &IdempotentRequest,
    answer: &Answer,
) -> Result<Claim, DbErr> {
    let columns = [
        idempotency_key::Column::UserId,
        idempotency_key::Column::Key,
        idempotency_key::Column::Fingerprint,
        idempotency_key::Column::EffectId,
        idempotency_key::Column::AuthorDisplayName,
        idempotency_key::Column::CreatedAt,
    ];
    let insert = Query::insert()
        .into_table(idempotency_key::Entity)
        .columns(columns)
        .values([
            user.as_str().into(),
            request.key.as_str().into(),
            request.fingerprint.0.to_vec().into(),
            answer.id.as_str().into(),
            answer.author_display_name.as_str().into(),
            answer.at.as_micros().into(),
        ])
        .map_err(|error| corrupt("idempotency key", error))?
        // An expired key that was not purged yet is free.
        .on_conflict(
            OnConflict::columns([idempotency_key::Column::UserId, idempotency_key::Column::Key])
                .update_columns([
                    idempotency_key::Column::Fingerprint,
                    idempotency_key::Column::EffectId,
                    idempotency_key::Column::AuthorDisplayName,
                    idempotency_key::Column::CreatedAt,
                ])
                .action_and_where(
                    Expr::col((idempotency_key::Entity, idempotency_key::Column::CreatedAt))
                        .lt(request.remembered_since.as_micros()),
                )
                .to_owned(),
        )
        .take();
    if tx.execute(&insert).await?.rows_affected() == 1 {
        return Ok(Claim::Granted);
    }
    let select = Query::select()
        .columns([
            idempotency_key::Column::Fingerprint,
            idempotency_key::Column::EffectId,
            idempotency_key::Column::CreatedAt,
            idempotency_key::Column::AuthorDisplayName,
        ])
        .from(idempotency_key::Entity)
        .and_where(idempotency_key::Column::UserId.eq(user.as_str()))
        .and_where(idempotency_key::Column::Key.eq(request.key.as_str()))
        .take();
    let row = tx.query_one(&select).await?.ok_or_else(|| DbErr::RecordNotFound("idempotency key".to_owned()))?;
    let mut fields = Fields::of(&row);
    if fields.value::<Vec<u8>>()? != request.fingerprint.0 {
        return Ok(Claim::Reused);
    }
    Ok(Claim::Replay(Answer {
        id: fields.id::<()>()?.cuid(),
        at: fields.time()?,
        author_display_name: DisplayName::from_stored(fields.value()?),
    }))
}
