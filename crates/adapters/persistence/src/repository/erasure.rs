//! How an account goes, with all that it wrote and every count that counted it.

use accounts::ports::EraseUser;
use domain::UserId;
use sea_orm::sea_query::{ExprTrait, LockType, Query, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait};

use super::comment::lock_posts;
use super::likes::{OF_COMMENTS, OF_POSTS};
use super::{comment_removal, counters};
use crate::entity::{comment, follow, post, user};

/// Erases an account within `tx`.
///
/// Its row is locked first: whatever it was about to write elsewhere either is there by then or fails. Rows are removed
/// before they are taken off counts, and the counts follow from what was removed.
pub(super) async fn erase(tx: &impl ConnectionTrait, id: UserId) -> Result<EraseUser, DbErr> {
    let lock = Query::select()
        .column(user::Column::Id)
        .from(user::Entity)
        .and_where(user::Column::Id.eq(id.as_str()))
        .lock(LockType::Update)
        .take();
    if tx.query_one(&lock).await?.is_none() {
        return Ok(EraseUser::NotFound);
    }
    OF_POSTS.remove_all_of(tx, id).await?;
    OF_COMMENTS.remove_all_of(tx, id).await?;
    remove_follows(tx, (follow::Column::FollowerId, follow::Column::FolloweeId), user::Column::FollowerCount, id)
        .await?;
    remove_follows(tx, (follow::Column::FolloweeId, follow::Column::FollowerId), user::Column::FollowingCount, id)
        .await?;
    remove_comments(tx, id).await?;
    // Posts go with their comments and likes, sessions and keys with the account.
    user::Entity::delete_by_id(id.to_string()).exec(tx).await?;
    Ok(EraseUser::Erased)
}

/// Removes the follows in whose column `own` the account stands, and takes them off `counter` of the accounts in the
/// column `other`.
async fn remove_follows(
    tx: &impl ConnectionTrait,
    (own, other): (follow::Column, follow::Column),
    counter: user::Column,
    id: UserId,
) -> Result<(), DbErr> {
    let delete = Query::delete().from_table(follow::Entity).and_where(own.eq(id.as_str())).returning_col(other).take();
    let mut others = Vec::new();
    for row in tx.query_all(&delete).await? {
        others.push(row.try_get_by_index(0)?);
    }
    counters::subtract_occurrences::<user::Entity, _>(tx, (user::Column::Id, counter), others).await
}

async fn remove_comments(tx: &impl ConnectionTrait, id: UserId) -> Result<(), DbErr> {
    // The account's own posts are locked as well: nobody may comment on them while they go.
    let own = Query::select()
        .column(post::Column::Id)
        .from(post::Entity)
        .and_where(post::Column::AuthorId.eq(id.as_str()))
        .take();
    let own_and_commented = Query::select()
        .column(comment::Column::PostId)
        .from(comment::Entity)
        .and_where(comment::Column::AuthorId.eq(id.as_str()))
        .union(UnionType::Distinct, own)
        .take();
    lock_posts(tx, post::Column::Id.in_subquery(own_and_commented)).await?;
    comment_removal::remove(tx, comment::Column::AuthorId.eq(id.as_str())).await?;
    Ok(())
}
