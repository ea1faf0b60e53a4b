//! Likes of posts and of comments: the same act on two pairs of tables.

use domain::{Cuid, Principal, Timestamp, UserId};
use posts::ports::Like;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::in_session;
use super::counters;
use super::follow::lock_users;
use crate::database::Transaction;
use crate::entity::{comment, comment_like, post, post_like, user};
use crate::error::corrupt;

/// A table of things that can be liked, and the table of who likes which.
pub(super) struct Likes<I: EntityTrait, L: EntityTrait> {
    items: I,
    item_id: I::Column,
    /// A column that is NULL in items that were deleted but stay.
    alive: I::Column,
    like_count: I::Column,
    table: L,
    liked: L::Column,
    user: L::Column,
    at: L::Column,
}

/// Likes of posts.
pub(super) const OF_POSTS: Likes<post::Entity, post_like::Entity> = Likes {
    items: post::Entity,
    item_id: post::Column::Id,
    alive: post::Column::AuthorId,
    like_count: post::Column::LikeCount,
    table: post_like::Entity,
    liked: post_like::Column::PostId,
    user: post_like::Column::UserId,
    at: post_like::Column::CreatedAt,
};

/// Likes of comments.
pub(super) const OF_COMMENTS: Likes<comment::Entity, comment_like::Entity> = Likes {
    items: comment::Entity,
    item_id: comment::Column::Id,
    alive: comment::Column::AuthorId,
    like_count: comment::Column::LikeCount,
    table: comment_like::Entity,
    liked: comment_like::Column::CommentId,
    user: comment_like::Column::UserId,
    at: comment_like::Column::CreatedAt,
};

/// Things that can be liked, and the ports' methods by which they are.
pub(crate) trait LikedThings: Send + Sync + 'static {
    const LIKE: &'static str;
    const UNLIKE: &'static str;

    /// Stores a like, and counts it if it is new, in a transaction that may have others.
    fn like(
        tx: &Transaction,
        item: Cuid,
        by: Principal,
        at: Timestamp,
    ) -> impl Future<Output = Result<Like, DbErr>> + Send;

    /// Removes a like, and counts that if there was one, in a transaction that may have others.
    fn unlike(tx: &Transaction, item: Cuid, by: Principal) -> impl Future<Output = Result<Like, DbErr>> + Send;
}

/// Names what can be liked.
macro_rules! liked_things {
    ($(#[$meta:meta])* $name:ident, $likes:ident, $like:literal, $unlike:literal) => {
        $(#[$meta])*
        pub(crate) enum $name {}

        impl LikedThings for $name {
            const LIKE: &'static str = $like;
            const UNLIKE: &'static str = $unlike;

            async fn like(tx: &Transaction, item: Cuid, by: Principal, at: Timestamp) -> Result<Like, DbErr> {
                $likes.like(tx, item, by, at).await
            }

            async fn unlike(tx: &Transaction, item: Cuid, by: Principal) -> Result<Like, DbErr> {
                $likes.unlike(tx, item, by).await
            }
        }
    };
}

liked_things!(
    /// Posts.
    LikedPosts, OF_POSTS, "posts.like", "posts.unlike"
);
liked_things!(
    /// Comments.
    LikedComments, OF_COMMENTS, "comments.like", "comments.unlike"
);

impl<I: EntityTrait, L: EntityTrait> Likes<I, L> {
    /// Stores a like, and counts it if it is new.
    async fn like(&self, tx: &impl ConnectionTrait, item: Cuid, by: Principal, at: Timestamp) -> Result<Like, DbErr> {
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
        }
        Ok(Like::Done)
    }

    /// Removes a like, and counts that if there was one.
    async fn unlike(&self, tx: &impl ConnectionTrait, item: Cuid, by: Principal) -> Result<Like, DbErr> {
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
        }
        Ok(Like::Done)
    }

    /// Locks who likes, then what is liked, as everybody does who locks both; answers which of them is missing: an account whose session
    /// has ended counts as such.
    async fn lock(&self, tx: &impl ConnectionTrait, item: Cuid, by: Principal) -> Result<Option<Like>, DbErr> {
        let acting = user::Column::Id.eq(by.user_id.as_str()).and(in_session(by.session_id));
        if lock_users(tx, acting, LockType::KeyShare).await?.is_empty() {
            return Ok(Some(Like::SessionEnded));
        }
        let alive = Query::select()
            .expr(Expr::val(1))
            .from(self.items)
            .and_where(self.item_id.eq(item.as_str()))
            .and_where(self.alive.is_not_null())
            .lock(LockType::NoKeyUpdate)
            .take();
        Ok(if tx.query_one(&alive).await?.is_some() { None } else { Some(Like::NotFound) })
    }

    async fn count(&self, tx: &impl ConnectionTrait, item: Cuid, change: i64) -> Result<(), DbErr> {
        let rows = I::update_many().filter(self.item_id.eq(item.as_str()));
        counters::add(tx, rows, self.like_count, change).await?;
        Ok(())
    }

    /// Removes all likes that `user` gave, and takes them off the counts.
    ///
    /// The likes are removed first and the counts follow from what was removed: a like that is taken back at the same
    /// moment is counted by whoever removed it, once.
    pub(super) async fn remove_all_of(&self, tx: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
        let delete = Query::delete()
            .from_table(self.table)
            .and_where(self.user.eq(user.as_str()))
            .returning_col(self.liked)
            .take();
        let mut items = Vec::new();
        for row in tx.query_all(&delete).await? {
            items.push(row.try_get_by_index(0)?);
        }
        counters::subtract_occurrences::<I, _>(tx, (self.item_id, self.like_count), items).await
    }
}
