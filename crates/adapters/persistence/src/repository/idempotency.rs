//! Keeps idempotency keys.

use async_trait::async_trait;
use database::{Database, Fields, corrupt, retrying};
use domain::{Cuid, DisplayName, RepositoryError, Timestamp, UserId};
use events::Effect;
use posts::IdempotentRequest;
use posts::ports::{IdempotencyKeyRepository, Write};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::entity::idempotency_key;

/// Keys forgotten by one transaction, so that none holds up others for long.
const PURGED_AT_ONCE: u64 = 1_000;

/// Keeps idempotency keys in the database.
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
            // Whoever purges at the same time, as other instances do, takes others.
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .take();
        let tx = self.db.begin().await?;
        let purged = idempotency_key::Entity::delete_many()
            .filter(Expr::tuple(key.map(Expr::col)).in_subquery(some))
            .exec(&tx)
            .await?;
        tx.commit(None, []).await?;
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

/// What a key stands for.
pub(super) enum Claim {
    /// The request at hand; its answer is stored with the key.
    Granted,
    /// An earlier request with the same wish, whose answer was this.
    Replay(Answer),
    /// An earlier request with another wish.
    Reused,
}

/// What an earlier request stored, as far as the present one does not say it itself.
pub(super) struct Answer {
    pub(super) id: Cuid,
    pub(super) at: Timestamp,
    pub(super) author_display_name: DisplayName,
}

/// What a write that may carry a key did with its fact.
pub(super) fn effect<T>(write: &Write<T>) -> Effect {
    match write {
        Write::Stored(_) => Effect::Committed,
        Write::Replayed(_) => Effect::Seen,
        Write::KeyReused | Write::SessionEnded => Effect::Nothing,
    }
}

/// Claims the key for an answer. A request that claims the same key meanwhile waits for this transaction to end.
///
/// The name of the author is stored with it, because the first answer showed it and it may change; everything else
/// in the answer is in the request, or as it always is right after a write.
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
        // A key that was forgotten but not purged yet is free.
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
