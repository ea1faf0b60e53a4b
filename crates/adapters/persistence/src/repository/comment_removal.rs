//! How comments go: first their words, then, if nothing hangs on them, they themselves.
//!
//! A deleted comment stays, without words or author, as long as it has replies; with its last reply it goes too, and
//! so on upward. One comment that is deleted and all comments of an erased account go the same way.

use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::counters;
use crate::entity::{comment, comment_like, post};
use crate::fields::Fields;

/// Comments handled by one statement; keeps the number of its parameters far below every database's bound.
const CHUNK: usize = 500;

/// Removes the live comments that `condition` picks, and corrects the counts of their posts and parents. Answers how
/// many there were.
///
/// The caller holds the locks of the posts concerned: every change to the comments of a post takes that lock first, so
/// that no reply can be added to a comment while it goes.
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
