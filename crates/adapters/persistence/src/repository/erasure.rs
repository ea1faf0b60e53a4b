//! How an account goes, with all that it wrote and every count that counted it.

use accounts::ports::{EraseUser, KeptName, PasswordHash};
use domain::UserId;
use sea_orm::sea_query::{ExprTrait, LockType, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait};

use super::comment::lock_posts;
use super::follow::{find_users, lock_users, lock_users_that_are_free};
use super::likes::{OF_COMMENTS, OF_POSTS};
use super::session::remove_sessions;
use super::{comment_removal, counters, exists, kept_name};
use crate::entity::{comment, comment_like, follow, post, post_like, session, user};

/// How an attempt to erase an account ended.
pub(super) enum Erasure {
    /// With this.
    Ended(EraseUser),
    /// Somebody came to follow it meanwhile whose row another one holds: to be begun again.
    Overtaken,
}

/// Erases an account within `tx`.
///
/// Its row is locked before anything of it is looked at: whatever it was about to write elsewhere either is there by
/// then or fails. Rows are removed before they are taken off counts, and the counts follow from what was removed.
pub(super) async fn erase(
    tx: &impl ConnectionTrait,
    id: UserId,
    verified: &PasswordHash,
    kept: &KeptName,
) -> Result<Erasure, DbErr> {
    match lock_account_and_acquaintances(tx, id).await? {
        Locked::All => {}
        Locked::NoAccount => return Ok(Erasure::Ended(EraseUser::NotFound)),
        Locked::NotAll => return Ok(Erasure::Overtaken),
    }
    let proved = user::Column::Id.eq(id.as_str()).and(user::Column::PasswordHash.eq(verified.0.as_str()));
    if !exists(tx, user::Entity, proved).await? {
        return Ok(Erasure::Ended(EraseUser::PasswordMoved));
    }
    lock_posts(tx, post::Column::Id.in_subquery(posts_concerned(id)), LockType::Update).await?;
    let by_it = || comment::Column::AuthorId.eq(id.as_str());
    comment_removal::lock(tx, by_it(), is_concerned(id)).await?;
    OF_POSTS.remove_all_of(tx, id).await?;
    OF_COMMENTS.remove_all_of(tx, id).await?;
    remove_follows(tx, (follow::Column::FollowerId, follow::Column::FolloweeId), user::Column::FollowerCount, id)
        .await?;
    remove_follows(tx, (follow::Column::FolloweeId, follow::Column::FollowerId), user::Column::FollowingCount, id)
        .await?;
    comment_removal::remove(tx, by_it()).await?;
    // As with every session that ends: by itself the database would begin at the sessions.
    remove_sessions(tx, session::Column::UserId.eq(id.as_str())).await?;
    kept_name::keep(tx, kept).await?;
    // Posts go with their comments and likes, keys with the account.
    user::Entity::delete_by_id(id.to_string()).exec(tx).await?;
    Ok(Erasure::Ended(EraseUser::Erased))
}

enum Locked {
    All,
    NoAccount,
    NotAll,
}

/// Takes the locks of the account and of those who follow it or are followed, whose counts will change, in the order of
/// their ids.
///
/// Who came to follow it while its own row was waited for may stand before it in that order. They are locked late, and only
/// if that needs no waiting: whoever waits out of order may wait in a circle.
async fn lock_account_and_acquaintances(tx: &impl ConnectionTrait, id: UserId) -> Result<Locked, DbErr> {
    let followed = Query::select()
        .column(follow::Column::FolloweeId)
        .from(follow::Entity)
        .and_where(follow::Column::FollowerId.eq(id.as_str()))
        .take();
    let acquaintances = Query::select()
        .column(follow::Column::FollowerId)
        .from(follow::Entity)
        .and_where(follow::Column::FolloweeId.eq(id.as_str()))
        .union(UnionType::Distinct, followed)
        .take();
    let is_acquainted = || user::Column::Id.in_subquery(acquaintances.clone());
    // Others only get other counts: they may go on to like and comment, for which their rows must stay.
    let before = || is_acquainted().and(user::Column::Id.lt(id.as_str()));
    lock_users(tx, before(), LockType::NoKeyUpdate).await?;
    let itself = lock_users(tx, user::Column::Id.eq(id.as_str()), LockType::Update).await?;
    if itself.is_empty() {
        return Ok(Locked::NoAccount);
    }
    // Nobody comes any more from here on.
    let held = lock_users_that_are_free(tx, before(), LockType::NoKeyUpdate).await?;
    if find_users(tx, before()).await? != held {
        return Ok(Locked::NotAll);
    }
    lock_users(tx, is_acquainted().and(user::Column::Id.gt(id.as_str())), LockType::NoKeyUpdate).await?;
    Ok(Locked::All)
}

/// The posts that go with the account, and those on which something of it goes.
fn posts_concerned(id: UserId) -> SelectStatement {
    let own = Query::select()
        .column(post::Column::Id)
        .from(post::Entity)
        .and_where(post::Column::AuthorId.eq(id.as_str()))
        .take();
    let liked = Query::select()
        .column(post_like::Column::PostId)
        .from(post_like::Entity)
        .and_where(post_like::Column::UserId.eq(id.as_str()))
        .take();
    let likes_of_comments = Query::select()
        .column(comment_like::Column::CommentId)
        .from(comment_like::Entity)
        .and_where(comment_like::Column::UserId.eq(id.as_str()))
        .take();
    let of_liked_comments = Query::select()
        .column(comment::Column::PostId)
        .from(comment::Entity)
        .and_where(comment::Column::Id.in_subquery(likes_of_comments))
        .take();
    Query::select()
        .column(comment::Column::PostId)
        .from(comment::Entity)
        .and_where(comment::Column::AuthorId.eq(id.as_str()))
        .union(UnionType::Distinct, own)
        .union(UnionType::Distinct, liked)
        .union(UnionType::Distinct, of_liked_comments)
        .take()
}

/// Whether a comment that others wrote goes with the posts of the account, or loses a like that it gave.
fn is_concerned(id: UserId) -> SimpleExpr {
    let on = Query::select()
        .column(post::Column::Id)
        .from(post::Entity)
        .and_where(post::Column::AuthorId.eq(id.as_str()))
        .take();
    let liked = Query::select()
        .column(comment_like::Column::CommentId)
        .from(comment_like::Entity)
        .and_where(comment_like::Column::UserId.eq(id.as_str()))
        .take();
    comment::Column::PostId.in_subquery(on).or(comment::Column::Id.in_subquery(liked))
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
