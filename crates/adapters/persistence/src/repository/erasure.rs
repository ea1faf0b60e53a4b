//! Erases an account: hides it at once, and removes its rows in slices.
//!
//! Invariants:
//! - A hidden account keeps no name, no bio, no password and no session.
//! - A slice removes rows of one kind, so its locks follow the global order ([`super::locks`]).
//! - Each slice corrects the counters that its rows were part of.
//! - The account is deleted last, once no row of it is left.
//!
//! Called by the repositories of users ([`hide`]) and of removals ([`remove_some`]).
//!
//! On failure a slice is rolled back; the removal is repeated later.
//!
//! Tested in `tests/repositories/erasure.rs` and `removals.rs`.

use accounts::ports::{EraseUser, KeptName, Proof};
use database::{Fields, Transaction};
use domain::{Id, Principal, UserId};
use events::Fact;
use removals::RemovalKind;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::{has_session, holds, in_session};
use super::likes::{OF_COMMENTS, OF_POSTS};
use super::session::remove_sessions;
use super::{
    bookmark_removal, comment_removal, counters, exists, ids, kept_name, locks, parsed, pending_removals,
    thread_removal,
};
use crate::entity::{bookmark, comment, comment_like, follow, idempotency_key, post, post_like, session, user};
use crate::view;

/// Most posts of an account that one slice works on.
const POSTS: u64 = 50;

/// Hides the account of `by` with all its content, ends its sessions, and requests the removal of its rows. Tells so.
///
/// Nothing that identifies the person is left. Changing the user name locks the row as a key: it waits for the writes
/// of the account, and later writes wait for it.
pub(super) async fn hide(tx: &Transaction, by: Principal, proof: &Proof, kept: &KeptName) -> Result<EraseUser, DbErr> {
    let id = by.user_id;
    let hidden = user::Entity::update_many()
        .col_expr(user::Column::Removed, Expr::val(true))
        // A name that no user can have.
        .col_expr(user::Column::Username, Expr::val(format!("~{id}")))
        .col_expr(user::Column::DisplayName, Expr::val(""))
        .col_expr(user::Column::Bio, Expr::val(""))
        .col_expr(user::Column::PasswordHash, Expr::val(""))
        .filter(view::user::is(&id.into()))
        .filter(holds(proof))
        .filter(in_session(by.session_id))
        .exec(tx)
        .await?
        .rows_affected;
    if hidden == 0 {
        let is_in_session = has_session(tx, by.session_id).await?;
        return Ok(if is_in_session { EraseUser::ProofMoved } else { EraseUser::SessionEnded });
    }
    remove_sessions(tx, id, session::Column::UserId.eq(id.as_str())).await?;
    tx.tell([Fact::UserErased { user: id }]);
    kept_name::keep(tx, kept).await?;
    pending_removals::request(tx, RemovalKind::Account, &[id.to_string()]).await?;
    Ok(EraseUser::Erased)
}

/// The result of a slice of an account.
pub(super) enum Removed {
    /// Some rows were removed, with these facts.
    Some(Vec<Fact>),
    /// Nothing could be removed, though rows are left.
    Nothing,
    /// The account itself was removed.
    Account,
}

/// Removes about `most` rows of a hidden account, all of one kind, which keeps the order of locks. Removes the
/// account itself when no other row is left.
pub(super) async fn remove_some(tx: &impl ConnectionTrait, id: UserId, most: u64) -> Result<Removed, DbErr> {
    match remove_posts(tx, id, most).await? {
        Some(0) => return Ok(Removed::Nothing),
        Some(_) => return Ok(Removed::Some(Vec::new())),
        None => {}
    }
    let mut posts = remove_comments(tx, id, most).await?;
    if posts.is_empty() {
        posts = OF_POSTS.remove_some_by(tx, id.as_str(), most).await?;
    }
    if !posts.is_empty() {
        return Ok(Removed::Some(distinct(posts)?.map(|post| Fact::PostRecounted { post }).collect()));
    }
    if !OF_COMMENTS.remove_some_by(tx, id.as_str(), most).await?.is_empty() {
        return Ok(Removed::Some(Vec::new()));
    }
    for side in [Side::FOLLOWING, Side::FOLLOWERS] {
        let users = remove_follows(tx, &side, id, most).await?;
        if !users.is_empty() {
            return Ok(Removed::Some(distinct(users)?.map(|user| Fact::UserRecounted { user }).collect()));
        }
    }
    if bookmark_removal::remove_some_by(tx, id.as_str(), most).await? {
        return Ok(Removed::Some(Vec::new()));
    }
    if remove_keys(tx, id, most).await? {
        return Ok(Removed::Some(Vec::new()));
    }
    remove_account(tx, id).await
}

fn distinct<T>(mut ids: Vec<String>) -> Result<impl Iterator<Item = Id<T>>, DbErr> {
    ids.sort_unstable();
    ids.dedup();
    Ok(parsed(&ids)?.into_iter())
}

/// Removes rows below the newest posts first, as these would be scanned most often. Returns how many rows were
/// removed; `None` if there are no posts.
async fn remove_posts(tx: &impl ConnectionTrait, id: UserId, most: u64) -> Result<Option<u64>, DbErr> {
    let newest = Query::select()
        .column(post::Column::Id)
        .from(post::Entity)
        .and_where(post::Column::AuthorId.eq(id.as_str()))
        .order_by(post::Column::CreatedAt, Order::Desc)
        .order_by(post::Column::Id, Order::Desc)
        .limit(Ord::min(POSTS, most))
        .take();
    let newest = ids(tx, &newest).await?;
    if newest.is_empty() {
        return Ok(None);
    }
    Ok(Some(thread_removal::remove_some(tx, id, &newest, most).await?.rows))
}

/// Removes some comments on posts of others. Returns the ids of the posts.
async fn remove_comments(tx: &impl ConnectionTrait, id: UserId, most: u64) -> Result<Vec<String>, DbErr> {
    let some = Query::select()
        .columns([comment::Column::Id, comment::Column::PostId])
        .from(comment::Entity)
        .and_where(comment::Column::AuthorId.eq(id.as_str()))
        .limit(most)
        .take();
    let (mut comments, mut posts) = (Vec::new(), Vec::new());
    for row in tx.query_all(&some).await? {
        let mut fields = Fields::of(&row);
        comments.push(fields.value::<String>()?);
        posts.push(fields.value::<String>()?);
    }
    if comments.is_empty() {
        return Ok(comments);
    }
    locks::posts(tx, post::Column::Id.is_in(posts), LockType::NoKeyUpdate).await?;
    let by_it = || comment::Column::Id.is_in(&comments);
    let levels = comment_removal::levels(comments.len(), most);
    comment_removal::lock(tx, by_it(), levels).await?;
    comment_removal::remove(tx, by_it(), most, levels).await
}

/// One side of the follows of an account.
struct Side {
    own: follow::Column,
    own_counter: user::Column,
    other: follow::Column,
    other_counter: user::Column,
}

impl Side {
    const FOLLOWING: Self = Self {
        own: follow::Column::FollowerId,
        own_counter: user::Column::FollowingCount,
        other: follow::Column::FolloweeId,
        other_counter: user::Column::FollowerCount,
    };
    const FOLLOWERS: Self = Self {
        own: follow::Column::FolloweeId,
        own_counter: user::Column::FollowerCount,
        other: follow::Column::FollowerId,
        other_counter: user::Column::FollowingCount,
    };
}

/// Removes some follows, and lowers the counts of both accounts. Returns the ids of the other accounts.
async fn remove_follows(tx: &impl ConnectionTrait, side: &Side, id: UserId, most: u64) -> Result<Vec<String>, DbErr> {
    let its = || side.own.eq(id.as_str());
    let some = Query::select().column(side.other).from(follow::Entity).and_where(its()).limit(most).take();
    let others = ids(tx, &some).await?;
    if others.is_empty() {
        return Ok(others);
    }
    let concerned = user::Column::Id.is_in(&others).or(user::Column::Id.eq(id.as_str()));
    locks::accounts(tx, concerned, LockType::NoKeyUpdate).await?;
    let delete = Query::delete()
        .from_table(follow::Entity)
        .and_where(its().and(side.other.is_in(others)))
        .returning_col(side.other)
        .take();
    let mut removed = Vec::new();
    for row in tx.query_all(&delete).await? {
        removed.push(row.try_get_by_index::<String>(0)?);
    }
    let theirs = (user::Column::Id, side.other_counter);
    counters::subtract_occurrences::<user::Entity, _>(tx, theirs, removed.clone()).await?;
    let itself = user::Entity::update_many().filter(user::Column::Id.eq(id.as_str()));
    counters::subtract(tx, itself, side.own_counter, i64::try_from(removed.len()).unwrap_or(i64::MAX)).await?;
    Ok(removed)
}

/// Removes some idempotency keys. Returns whether there were any.
async fn remove_keys(tx: &impl ConnectionTrait, id: UserId, most: u64) -> Result<bool, DbErr> {
    let key = [idempotency_key::Column::UserId, idempotency_key::Column::Key];
    let some = Query::select()
        .columns(key)
        .from(idempotency_key::Entity)
        .and_where(idempotency_key::Column::UserId.eq(id.as_str()))
        .limit(most)
        .take();
    let some = Expr::tuple(key.map(Expr::col)).in_subquery(some);
    Ok(idempotency_key::Entity::delete_many().filter(some).exec(tx).await?.rows_affected > 0)
}

/// Removes the account, if no row of it is left once it is locked. An instance of the previous version, which ignores
/// hiding, may have stored something.
async fn remove_account(tx: &impl ConnectionTrait, id: UserId) -> Result<Removed, DbErr> {
    locks::accounts(tx, user::Column::Id.eq(id.as_str()), LockType::Update).await?;
    let left = [
        exists(tx, post::Entity, post::Column::AuthorId.eq(id.as_str())).await?,
        exists(tx, comment::Entity, comment::Column::AuthorId.eq(id.as_str())).await?,
        exists(tx, post_like::Entity, post_like::Column::UserId.eq(id.as_str())).await?,
        exists(tx, bookmark::Entity, bookmark::Column::UserId.eq(id.as_str())).await?,
        exists(tx, comment_like::Entity, comment_like::Column::UserId.eq(id.as_str())).await?,
        exists(tx, follow::Entity, follow::Column::FollowerId.eq(id.as_str())).await?,
        exists(tx, follow::Entity, follow::Column::FolloweeId.eq(id.as_str())).await?,
    ];
    if left.contains(&true) {
        return Ok(Removed::Nothing);
    }
    // Sessions and keys that were added meanwhile are deleted by cascade.
    user::Entity::delete_by_id(id.to_string()).exec(tx).await?;
    Ok(Removed::Account)
}
