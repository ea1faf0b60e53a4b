//! Likes of posts and of comments: the same act on two pairs of tables.

use domain::{Cuid, Timestamp, UserId};
use posts::ports::Like;
use sea_orm::sea_query::{ExprTrait, OnConflict, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{counters, exists};
use crate::database::Database;
use crate::entity::{comment, comment_like, post, post_like};
use crate::error::{corrupt, lacks_reference};

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

impl<I: EntityTrait, L: EntityTrait> Likes<I, L> {
    /// Stores a like, and counts it if it is new.
    pub(super) async fn like(&self, db: &Database, item: Cuid, user: UserId, at: Timestamp) -> Result<Like, DbErr> {
        let tx = db.begin().await?;
        let insert = Query::insert()
            .into_table(self.table)
            .columns([self.liked, self.user, self.at])
            .values([item.as_str().into(), user.as_str().into(), at.as_micros().into()])
            .map_err(|error| corrupt("like", error))?
            .on_conflict(OnConflict::columns([self.liked, self.user]).do_nothing().to_owned())
            .take();
        let inserted = match tx.execute(&insert).await {
            Ok(result) => result.rows_affected(),
            Err(error) if lacks_reference(&error) => {
                tx.rollback().await?;
                let item_is_there = exists(db.reads(), self.items, self.is_alive(item)).await?;
                return Ok(if item_is_there { Like::UserGone } else { Like::NotFound });
            }
            Err(error) => return Err(error),
        };
        if inserted == 1 && !self.count(&tx, item, 1).await? {
            return Ok(Like::NotFound);
        }
        tx.commit().await?;
        Ok(Like::Done)
    }

    /// Removes a like, and counts that if there was one.
    pub(super) async fn unlike(&self, db: &Database, item: Cuid, user: UserId) -> Result<Like, DbErr> {
        let tx = db.begin().await?;
        let removed = L::delete_many()
            .filter(self.liked.eq(item.as_str()))
            .filter(self.user.eq(user.as_str()))
            .exec(&tx)
            .await?
            .rows_affected;
        if removed == 1 {
            self.count(&tx, item, -1).await?;
        } else if !exists(&tx, self.items, self.is_alive(item)).await? {
            return Ok(Like::NotFound);
        }
        tx.commit().await?;
        Ok(Like::Done)
    }

    /// Answers whether there is such an item to count it on.
    async fn count(&self, tx: &impl ConnectionTrait, item: Cuid, change: i64) -> Result<bool, DbErr> {
        let rows = I::update_many().filter(self.is_alive(item));
        Ok(counters::add(tx, rows, self.like_count, change).await?.rows_affected == 1)
    }

    fn is_alive(&self, item: Cuid) -> SimpleExpr {
        self.item_id.eq(item.as_str()).and(self.alive.is_not_null())
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
