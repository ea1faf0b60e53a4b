//! How comments go: first their words, then, if nothing hangs on them, they themselves.
//!
//! A deleted comment stays, without words or author, as long as it has replies; with its last reply it goes too, and
//! so on upward. One comment that is deleted and all comments of an erased account go the same way.

use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, LockType, Order, Query, SimpleExpr, UnionType, WithClause,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter};

use super::counters;
use crate::entity::{comment, comment_like, post};
use crate::fields::Fields;

/// Comments handled by one statement; keeps the number of its parameters far below every database's bound.
const CHUNK: usize = 500;

/// Takes the locks of all comments that [`remove`] will change or delete for the same `condition`, and of those that `others`
/// picks, in the order of their ids: likes lock many comments in that order, and no post.
///
/// These are the comments that go, those that they answer, and as long as nothing is left of these but their mark, what
/// they answer in turn. The caller holds the locks of the posts concerned, so that none are added.
pub(super) async fn lock(tx: &impl ConnectionTrait, condition: SimpleExpr, others: SimpleExpr) -> Result<(), DbErr> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let (going, goes_on) = (Alias::new("going"), Alias::new("goes_on"));
    let column = |column: comment::Column| (comment::Entity, column);
    let answered = Query::select()
        .columns([column(comment::Column::Id), column(comment::Column::ParentId)])
        .expr(Expr::col(column(comment::Column::AuthorId)).is_null())
        .from(comment::Entity)
        .inner_join(
            going.clone(),
            Expr::col(column(comment::Column::Id)).equals((going.clone(), comment::Column::ParentId)),
        )
        .and_where(Expr::col((going.clone(), goes_on.clone())))
        .take();
    let going_and_answered = Query::select()
        .columns([comment::Column::Id, comment::Column::ParentId])
        .expr_as(Expr::val(true), goes_on)
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
        .and_where(is_going.or(others))
        .order_by(comment::Column::Id, Order::Asc)
        .lock(LockType::Update)
        .with_cte(with)
        .take();
    tx.query_all(&select).await?;
    Ok(())
}

/// Removes the live comments that `condition` picks, and corrects the counts of their posts and parents. Answers how
/// many there were.
///
/// The caller holds the locks of the posts concerned: every change to the comments of a post takes that lock first, so
/// that no reply can be added to a comment while it goes. And those of the comments ([`lock`]).
pub(super) async fn remove(tx: &impl ConnectionTrait, condition: SimpleExpr) -> Result<usize, DbErr> {
    let silence = Query::update()
        .table(comment::Entity)
        .value(comment::Column::AuthorId, Option::<String>::None)
        .value(comment::Column::Content, Option::<String>::None)
        .value(comment::Column::EditedAt, Option::<i64>::None)
        .value(comment::Column::LikeCount, 0)
        .value(comment::Column::Revision, Expr::col(comment::Column::Revision).add(1))
        .and_where(condition.and(comment::Column::AuthorId.is_not_null()))
        .returning(Query::returning().columns([comment::Column::Id, comment::Column::PostId]))
        .take();
    let mut ids = Vec::new();
    let mut posts = Vec::new();
    for row in tx.query_all(&silence).await? {
        let mut fields = Fields::of(&row);
        ids.push(fields.next::<String>()?);
        posts.push(fields.next::<String>()?);
    }
    let removed = ids.len();
    counters::subtract_occurrences::<post::Entity, _>(tx, (post::Column::Id, post::Column::CommentCount), posts)
        .await?;
    for chunk in ids.chunks(CHUNK) {
        comment_like::Entity::delete_many().filter(comment_like::Column::CommentId.is_in(chunk)).exec(tx).await?;
    }
    prune(tx, ids).await?;
    Ok(removed)
}

/// Deletes those of `ids` that say nothing and have no replies, then those of their parents of which that is true now.
async fn prune(tx: &impl ConnectionTrait, mut ids: Vec<String>) -> Result<(), DbErr> {
    while !ids.is_empty() {
        let mut parents = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let delete = Query::delete()
                .from_table(comment::Entity)
                .and_where(comment::Column::Id.is_in(chunk))
                .and_where(comment::Column::AuthorId.is_null())
                .and_where(comment::Column::ReplyCount.eq(0))
                .returning_col(comment::Column::ParentId)
                .take();
            for row in tx.query_all(&delete).await? {
                parents.extend(row.try_get_by_index::<Option<String>>(0)?);
            }
        }
        let counter = (comment::Column::Id, comment::Column::ReplyCount);
        counters::subtract_occurrences::<comment::Entity, _>(tx, counter, parents.clone()).await?;
        parents.sort_unstable();
        parents.dedup();
        ids = parents;
    }
    Ok(())
}
