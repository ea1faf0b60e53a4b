//! Likes of posts and of comments: the same statements over two pairs of tables.

use database::{Transaction, corrupt};
use domain::{Cuid, Principal, Timestamp};
use events::Liked;
use posts::ports::{Like, Unlike};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::in_session;
use super::{counters, ids, locks};
use crate::entity::{comment, comment_like, post, post_like};
use crate::view::{self, presence};

/// A table of things that can be liked, and the table of their likes.
pub(super) struct Likes<I: EntityTrait, L: EntityTrait> {
    items: I,
    item_id: I::Column,
    /// The condition that a row of `items` is visible and has content.
    is_there: fn() -> SimpleExpr,
    like_count: I::Column,
    table: L,
    liked: L::Column,
    user: L::Column,
    at: L::Column,
}

/// The tables of likes of posts.
pub(super) const OF_POSTS: Likes<post::Entity, post_like::Entity> = Likes {
    items: post::Entity,
    item_id: post::Column::Id,
    is_there: presence::post,
    like_count: post::Column::LikeCount,
    table: post_like::Entity,
    liked: post_like::Column::PostId,
    user: post_like::Column::UserId,
    at: post_like::Column::CreatedAt,
};

/// The tables of likes of comments.
pub(super) const OF_COMMENTS: Likes<comment::Entity, comment_like::Entity> = Likes {
    items: comment::Entity,
    item_id: comment::Column::Id,
    is_there: presence::comment,
    like_count: comment::Column::LikeCount,
    table: comment_like::Entity,
    liked: comment_like::Column::CommentId,
    user: comment_like::Column::UserId,
    at: comment_like::Column::CreatedAt,
};

/// The outcome of giving or taking back a like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LikeOutcome {
    Changed,
    Unchanged,
    NotFound,
    SessionEnded,
}

impl From<LikeOutcome> for Like {
    fn from(outcome: LikeOutcome) -> Self {
        match outcome {
            LikeOutcome::Changed => Self::Given,
            LikeOutcome::Unchanged => Self::Already,
            LikeOutcome::NotFound => Self::NotFound,
            LikeOutcome::SessionEnded => Self::SessionEnded,
        }
    }
}

impl From<LikeOutcome> for Unlike {
    fn from(outcome: LikeOutcome) -> Self {
        match outcome {
            LikeOutcome::Changed => Self::TakenBack,
            LikeOutcome::Unchanged => Self::Nothing,
            LikeOutcome::NotFound => Self::NotFound,
            LikeOutcome::SessionEnded => Self::SessionEnded,
        }
    }
}

/// Things that can be liked, and the names of the port's methods.
pub(crate) trait LikedThings: Send + Sync + 'static {
    const LIKE: &'static str;
    const UNLIKE: &'static str;

    /// The thing with this id, for facts.
    fn of(item: Cuid) -> Liked;

    /// Stores a like, and counts it if it is new, in a transaction that may contain other writes.
    fn like(
        tx: &Transaction,
        item: Cuid,
        by: Principal,
        at: Timestamp,
    ) -> impl Future<Output = Result<LikeOutcome, DbErr>> + Send;

    /// Removes a like, and counts that if it existed, in a transaction that may contain other writes.
    fn unlike(tx: &Transaction, item: Cuid, by: Principal) -> impl Future<Output = Result<LikeOutcome, DbErr>> + Send;
}

/// Implements [`LikedThings`] for a pair of tables.
macro_rules! liked_things {
    ($(#[$meta:meta])* $name:ident, $likes:ident, $liked:path, $like:literal, $unlike:literal) => {
        $(#[$meta])*
        pub(crate) enum $name {}

        impl LikedThings for $name {
            const LIKE: &'static str = $like;
            const UNLIKE: &'static str = $unlike;

            fn of(item: Cuid) -> Liked {
                $liked(item.into())
            }

            async fn like(tx: &Transaction, item: Cuid, by: Principal, at: Timestamp) -> Result<LikeOutcome, DbErr> {
                $likes.like(tx, item, by, at).await
            }

            async fn unlike(tx: &Transaction, item: Cuid, by: Principal) -> Result<LikeOutcome, DbErr> {
                $likes.unlike(tx, item, by).await
            }
        }
    };
}

liked_things!(LikedPosts, OF_POSTS, Liked::Post, "posts.like", "posts.unlike");
liked_things!(LikedComments, OF_COMMENTS, Liked::Comment, "comments.like", "comments.unlike");

impl<I: EntityTrait, L: EntityTrait> Likes<I, L> {
    /// Stores a like, and counts it if it is new.
    async fn like(
        &self,
        tx: &impl ConnectionTrait,
        item: Cuid,
        by: Principal,
        at: Timestamp,
    ) -> Result<LikeOutcome, DbErr> {
        if let Some(missing) = self.lock(tx, item, by).await? {
            return Ok(missing);
        }
        let insert = Query::insert()
            .into_table(self.table)
            .columns([self.liked, self.user, self.at])
            .values([item.as_str().into(), by.user_id.as_str().into(), at.as_micros().into()])
            .map_err(|error| corrupt("like", error))?
            .on_conflict(OnConflict::columns([self.liked, self.user]).do_nothing().to_owned())
            .take();
        if tx.execute(&insert).await?.rows_affected() == 1 {
            self.count(tx, item, 1).await?;
            return Ok(LikeOutcome::Changed);
        }
        Ok(LikeOutcome::Unchanged)
    }

    /// Removes a like, and counts that if it existed.
    async fn unlike(&self, tx: &impl ConnectionTrait, item: Cuid, by: Principal) -> Result<LikeOutcome, DbErr> {
        if let Some(missing) = self.lock(tx, item, by).await? {
            return Ok(missing);
        }
        let removed = L::delete_many()
            .filter(self.liked.eq(item.as_str()))
            .filter(self.user.eq(by.user_id.as_str()))
            .exec(tx)
            .await?
            .rows_affected;
        if removed == 1 {
            self.count(tx, item, -1).await?;
            return Ok(LikeOutcome::Changed);
        }
        Ok(LikeOutcome::Unchanged)
    }

    /// Locks the user and then the thing, in the global order. Returns which of them is missing; a user whose session
    /// has ended counts as missing.
    async fn lock(&self, tx: &impl ConnectionTrait, item: Cuid, by: Principal) -> Result<Option<LikeOutcome>, DbErr> {
        let acting = view::user::is(&by.user_id.into()).and(in_session(by.session_id));
        if locks::accounts(tx, acting, LockType::KeyShare).await?.is_empty() {
            return Ok(Some(LikeOutcome::SessionEnded));
        }
        let alive = self.item_id.eq(item.as_str()).and((self.is_there)());
        let locked = locks::rows(tx, self.items, self.item_id, alive, LockType::NoKeyUpdate).await?;
        Ok(if locked.is_empty() { Some(LikeOutcome::NotFound) } else { None })
    }

    async fn count(&self, tx: &impl ConnectionTrait, item: Cuid, change: i64) -> Result<(), DbErr> {
        let rows = I::update_many().filter(self.item_id.eq(item.as_str()));
        counters::add(tx, rows, self.like_count, change).await?;
        Ok(())
    }

    /// Removes up to `most` likes that a hidden account gave, and lowers the counts. Returns the ids of the things.
    pub(super) async fn remove_some_by(
        &self,
        tx: &impl ConnectionTrait,
        user: &str,
        most: u64,
    ) -> Result<Vec<String>, DbErr> {
        let some = Query::select().column(self.liked).from(self.table).and_where(self.user.eq(user)).limit(most).take();
        let items = ids(tx, &some).await?;
        if items.is_empty() {
            return Ok(items);
        }
        locks::rows(tx, self.items, self.item_id, self.item_id.is_in(&items), LockType::NoKeyUpdate).await?;
        let of_user = self.user.eq(user).and(self.liked.is_in(&items));
        self.remove(tx, of_user).await
    }

    /// Removes up to `most` likes of `items`, which the caller has locked, and lowers the counts. Returns how many.
    pub(super) async fn remove_some_of(
        &self,
        tx: &impl ConnectionTrait,
        items: &[String],
        most: u64,
    ) -> Result<u64, DbErr> {
        let key = [self.liked, self.user];
        let some = Query::select().columns(key).from(self.table).and_where(self.liked.is_in(items)).limit(most).take();
        Ok(self.remove(tx, Expr::tuple(key.map(Expr::col)).in_subquery(some)).await?.len() as u64)
    }

    /// Removes likes, and lowers the counts by the rows that were really removed.
    async fn remove(&self, tx: &impl ConnectionTrait, condition: SimpleExpr) -> Result<Vec<String>, DbErr> {
        let delete = Query::delete().from_table(self.table).and_where(condition).returning_col(self.liked).take();
        let mut items = Vec::new();
        for row in tx.query_all(&delete).await? {
            items.push(row.try_get_by_index(0)?);
        }
        counters::subtract_occurrences::<I, _>(tx, (self.item_id, self.like_count), items.clone()).await?;
        Ok(items)
    }
}
