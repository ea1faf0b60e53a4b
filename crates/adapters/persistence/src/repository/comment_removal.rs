//! Removes comments in steps: first the content, then the likes, then, without replies, the row.
//!
//! A deleted comment with replies stays as a mark, without content or author. With its last reply it is removed too,
//! and so on upward. A single deleted comment and the comments of an erased account are removed in the same way. Long
//! work becomes a removal of its own: more likes, or more marks above the comment, than one transaction takes.
//!
//! Called by the repository of comments, and by [`super::erasure`] and [`super::removal`].
//!
//! Invariants:
//! - The post is locked first, then all comments that change, in the order of ids, before the first one changes.
//! - The counts of the post and the parents follow the removed rows in the same transaction.
//!
//! Tested in `tests/repositories/comments.rs` and `removals.rs`.

use database::{Fields, corrupt};
use domain::CommentId;
use removals::RemovalKind;
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, LockType, Order, Query, SimpleExpr, UnionType, WithClause,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Statement};

use super::likes::OF_COMMENTS;
use super::{counters, ids, pending_removals};
use crate::entity::{comment, post};

/// Marks above one another that one transaction removes. A thread of the greatest depth has fewer.
pub(super) const LEVELS: u64 = 200;
/// Chains of marks that one transaction removes: each takes a few statements.
const CHAINS: usize = 10;

/// How many levels of marks above each of `comments` may be removed, if a slice has about `most` rows. Their locks
/// are taken before it is known which of them are removed.
pub(super) fn levels(comments: usize, most: u64) -> u64 {
    (most / comments.max(1) as u64).clamp(1, LEVELS)
}

/// Locks all comments that [`remove`] will change or delete for the same `condition`, in the order of ids. Batches of
/// likes lock many comments in that order, without the post.
///
/// These are the comments to remove, and their parents. Above a parent that is only a mark, its parent is locked too:
/// up to `levels` of them and one more. The caller has locked the posts, so no replies are added.
pub(super) async fn lock(tx: &impl ConnectionTrait, condition: SimpleExpr, levels: u64) -> Result<(), DbErr> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let (going, goes_on, level) = (Alias::new("going"), Alias::new("goes_on"), Alias::new("level"));
    let column = |column: comment::Column| (comment::Entity, column);
    let answered = Query::select()
        .columns([column(comment::Column::Id), column(comment::Column::ParentId)])
        .expr(Expr::col(column(comment::Column::AuthorId)).is_null())
        .expr(Expr::cust("level + 1"))
        .from(comment::Entity)
        .inner_join(
            going.clone(),
            Expr::col(column(comment::Column::Id)).equals((going.clone(), comment::Column::ParentId)),
        )
        .and_where(Expr::col((going.clone(), goes_on.clone())))
        .and_where(Expr::cust(format!("level <= {levels}")))
        .take();
    let going_and_answered = Query::select()
        .columns([comment::Column::Id, comment::Column::ParentId])
        .expr_as(Expr::val(true), goes_on)
        .expr_as(Expr::cust("0"), level)
        .from(comment::Entity)
        .and_where(condition)
        .union(UnionType::Distinct, answered)
        .take();
    let with = WithClause::new()
        .recursive(true)
        .cte(CommonTableExpression::new().table_name(going.clone()).query(going_and_answered).to_owned())
        .to_owned();
    let is_going =
        Expr::col(comment::Column::Id).in_subquery(Query::select().column(comment::Column::Id).from(going).take());
    let select = Query::select()
        .column(comment::Column::Id)
        .from(comment::Entity)
        .and_where(is_going)
        .order_by(comment::Column::Id, Order::Asc)
        .lock(LockType::Update)
        .with_cte(with)
        .take();
    tx.query_all(&select).await?;
    Ok(())
}

/// Removes the live comments that meet `condition`, with up to `most` of their likes and up to `levels` of marks
/// above each. Corrects the counts of posts and parents. Returns the post of each comment.
///
/// The caller has locked the posts, so no reply is added to a comment meanwhile, and the comments ([`lock`]).
pub(super) async fn remove(
    tx: &impl ConnectionTrait,
    condition: SimpleExpr,
    most: u64,
    levels: u64,
) -> Result<Vec<String>, DbErr> {
    let silence = Query::update()
        .table(comment::Entity)
        .value(comment::Column::AuthorId, Option::<String>::None)
        .value(comment::Column::Content, Option::<String>::None)
        .value(comment::Column::EditedAt, Option::<i64>::None)
        .value(comment::Column::Revision, Expr::col(comment::Column::Revision).add(1))
        .and_where(condition.and(comment::Column::AuthorId.is_not_null()))
        .returning(Query::returning().columns([comment::Column::Id, comment::Column::PostId]))
        .take();
    let (mut silent, mut posts) = (Vec::new(), Vec::new());
    for row in tx.query_all(&silence).await? {
        let mut fields = Fields::of(&row);
        silent.push(fields.value::<String>()?);
        posts.push(fields.value::<String>()?);
    }
    if silent.is_empty() {
        return Ok(posts);
    }
    let counter = (post::Column::Id, post::Column::CommentCount);
    counters::subtract_occurrences::<post::Entity, _>(tx, counter, posts.clone()).await?;
    if OF_COMMENTS.remove_some_of(tx, &silent, most).await? == most {
        let liked = comment::Column::Id.is_in(&silent).and(comment::Column::LikeCount.gt(0));
        let liked = Query::select().column(comment::Column::Id).from(comment::Entity).and_where(liked).take();
        let left = ids(tx, &liked).await?;
        pending_removals::request(tx, RemovalKind::Comment, &left).await?;
    }
    prune(tx, &silent, levels).await?;
    Ok(posts)
}

/// Deletes those of `silent` that have neither replies nor likes, and up to `levels` marks above each that become
/// empty. If many marks could be removed, most are left to removals of their own.
async fn prune(tx: &impl ConnectionTrait, silent: &[String], levels: u64) -> Result<(), DbErr> {
    let delete = Query::delete()
        .from_table(comment::Entity)
        .and_where(comment::Column::Id.is_in(silent))
        .and_where(has_nothing())
        .returning_col(comment::Column::ParentId)
        .take();
    let mut parents = Vec::new();
    for row in tx.query_all(&delete).await? {
        parents.extend(row.try_get_by_index::<Option<String>>(0)?);
    }
    if parents.is_empty() {
        return Ok(());
    }
    let counter = (comment::Column::Id, comment::Column::ReplyCount);
    counters::subtract_occurrences::<comment::Entity, _>(tx, counter, parents.clone()).await?;
    let marks = comment::Column::Id.is_in(parents).and(has_nothing());
    let marks = Query::select().column(comment::Column::Id).from(comment::Entity).and_where(marks).take();
    let marks = ids(tx, &marks).await?;
    let (falling, left) = marks.split_at(marks.len().min(CHAINS));
    for mark in falling {
        remove_marks(tx, mark, levels).await?;
    }
    pending_removals::request(tx, RemovalKind::Comment, left).await
}

/// The condition that a comment is a mark without replies and likes.
fn has_nothing() -> SimpleExpr {
    comment::Column::AuthorId.is_null().and(comment::Column::ReplyCount.eq(0)).and(comment::Column::LikeCount.eq(0))
}

/// Deletes an empty mark, and the marks above it whose only reply was removed, up to `levels` in all. If an empty
/// mark is left above, requests its removal and returns its id. Does nothing if `id` is no empty mark.
pub(super) async fn remove_marks(tx: &impl ConnectionTrait, id: &str, levels: u64) -> Result<Option<CommentId>, DbErr> {
    let chain = format!(
        "WITH RECURSIVE chain (id, parent_id, falls, level) AS ( \
            SELECT id, parent_id, author_id IS NULL AND reply_count = 0 AND like_count = 0, 0 \
            FROM comments WHERE id = $1 \
            UNION ALL \
            SELECT above.id, above.parent_id, \
                above.author_id IS NULL AND above.reply_count = 1 AND above.like_count = 0, level + 1 \
            FROM chain JOIN comments AS above ON above.id = chain.parent_id WHERE falls AND level < {levels} \
        ) \
        SELECT id, falls FROM chain ORDER BY level"
    );
    let chain = Statement::from_sql_and_values(tx.get_database_backend(), chain, [id.into()]);
    // The last row is above the deleted ones; it is removed later, or stays.
    let (mut falling, mut above) = (Vec::new(), None);
    for row in tx.query_all_raw(chain).await? {
        let mut fields = Fields::of(&row);
        let (id, falls) = (fields.value::<String>()?, fields.value::<bool>()?);
        if falls && (falling.len() as u64) < levels { falling.push(id) } else { above = Some((id, falls)) }
    }
    if falling.is_empty() {
        return Ok(None);
    }
    comment::Entity::delete_many().filter(comment::Column::Id.is_in(falling)).exec(tx).await?;
    let Some((above, falls_later)) = above else {
        return Ok(None);
    };
    let parent = comment::Entity::update_many().filter(comment::Column::Id.eq(&above));
    counters::add(tx, parent, comment::Column::ReplyCount, -1).await?;
    if !falls_later {
        return Ok(None);
    }
    let left = CommentId::parse(&above).map_err(|error| corrupt("comment", error))?;
    pending_removals::request(tx, RemovalKind::Comment, &[above]).await?;
    Ok(Some(left))
}
