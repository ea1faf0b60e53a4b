//! Removes the rows below hidden posts, and then the posts.
//!
//! Comments are removed from the leaves upward, as each refers to its parent. None are added meanwhile: a hidden post
//! accepts no comments, no likes and no bookmarks.
//!
//! Called by [`super::removal`] and [`super::erasure`], once a slice.
//!
//! Invariants:
//! - The rows that exist decide what is removed. Counters only guide the search, and wrong ones are corrected.
//! - Comments to delete and their parents are locked together, in the order of ids.
//!
//! Tested in `tests/repositories/removals.rs`.

use database::Fields;
use domain::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Statement, Value};

use super::likes::{OF_COMMENTS, OF_POSTS};
use super::{bookmark_removal, counters, ids, locks};
use crate::entity::{bookmark, comment, post, post_like, user};

/// The rows that a slice removed below some posts.
pub(super) struct Gone {
    /// All removed rows: comments, likes, bookmarks and posts. 0 when nothing could be removed.
    pub(super) rows: u64,
    pub(super) posts: u64,
}

/// Removes up to `most` comments, likes and bookmarks of `posts`, which are hidden and all by `author`. Then removes
/// those of the posts that have none of these, and lowers the author's count.
///
/// The rows that exist decide what is removed. Counters only guide the search, and wrong ones are corrected.
pub(super) async fn remove_some(
    tx: &impl ConnectionTrait,
    author: UserId,
    posts: &[String],
    most: u64,
) -> Result<Gone, DbErr> {
    locks::accounts(tx, user::Column::Id.eq(author.as_str()), LockType::NoKeyUpdate).await?;
    locks::posts(tx, post::Column::Id.is_in(posts), LockType::Update).await?;
    let mut left = most;
    // Once a slice: a second call would lock other comments out of order.
    left = left.saturating_sub(remove_leaves(tx, posts, left).await?);
    if left > 0 {
        left -= OF_POSTS.remove_some_of(tx, posts, left).await?;
    }
    if left > 0 {
        left -= bookmark_removal::remove_some_of(tx, posts, left).await?;
    }
    if left == 0 {
        return Ok(Gone { rows: most, posts: 0 });
    }
    let gone = remove_bare(tx, author, posts, left).await?;
    let rows = most - left + gone;
    Ok(if rows == 0 {
        Gone { rows: recount_replies(tx, posts, most).await?, posts: 0 }
    } else {
        Gone { rows, posts: gone }
    })
}

/// Removes up to `most` of `posts` that have no comments, no likes and no bookmarks. Returns how many.
async fn remove_bare(tx: &impl ConnectionTrait, author: UserId, posts: &[String], most: u64) -> Result<u64, DbErr> {
    let bare = Query::select()
        .column(post::Column::Id)
        .from(post::Entity)
        .and_where(post::Column::Id.is_in(posts))
        .and_where(of_post(comment::Entity, comment::Column::PostId).not())
        .and_where(of_post(post_like::Entity, post_like::Column::PostId).not())
        .and_where(of_post(bookmark::Entity, bookmark::Column::PostId).not())
        .limit(most)
        .take();
    let bare = ids(tx, &bare).await?;
    if bare.is_empty() {
        return Ok(0);
    }
    let gone = post::Entity::delete_many().filter(post::Column::Id.is_in(bare)).exec(tx).await?.rows_affected;
    let its = user::Entity::update_many().filter(user::Column::Id.eq(author.as_str()));
    counters::subtract(tx, its, user::Column::PostCount, i64::try_from(gone).unwrap_or(i64::MAX)).await?;
    Ok(gone)
}

/// The condition that a row of `table` refers to the row of `posts` in its column `post_id`.
fn of_post<E: EntityTrait>(table: E, post_id: E::Column) -> SimpleExpr {
    let refers = Expr::col((table, post_id)).equals((post::Entity, post::Column::Id));
    Expr::exists(Query::select().expr(Expr::val(1)).from(table).and_where(refers).take())
}

/// Corrects up to `most` reply counts below `posts`, and returns how many. Called when comments are left of which
/// none is a leaf: then some counts are too high.
async fn recount_replies(tx: &impl ConnectionTrait, posts: &[String], most: u64) -> Result<u64, DbErr> {
    let (values, placeholders) = listed(posts);
    let replies = |of: &str| format!("(SELECT count(*) FROM comments AS replies WHERE replies.parent_id = {of}.id)");
    let sql = format!(
        "UPDATE comments SET reply_count = {} WHERE id IN ( \
            SELECT id FROM comments AS wrong WHERE post_id IN ({placeholders}) AND reply_count <> {} LIMIT {most} \
        )",
        replies("comments"),
        replies("wrong")
    );
    let recount = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let corrected = tx.execute_raw(recount).await?.rows_affected();
    if corrected > 0 {
        tracing::warn!(corrected, "comments of hidden posts had a wrong reply count");
    }
    Ok(corrected)
}

/// Parameters for `posts`, and their placeholders as a list.
fn listed(posts: &[String]) -> (Vec<Value>, String) {
    let placeholders: Vec<_> = (1..=posts.len()).map(|number| format!("${number}")).collect();
    (posts.iter().map(|post| post.as_str().into()).collect(), placeholders.join(", "))
}

/// Selects comments without replies, and the comments above them that have only the selected reply. If a comment is
/// selected, so are all its replies. Replies are looked up row by row: with a count that is too low, a reply would
/// lose its parent. The parents of the selected comments are included, as their counts change. All are locked
/// together, in the order of ids.
fn leaves(backend: DbBackend, posts: &[String], most: u64) -> Statement {
    let (values, placeholders) = listed(posts);
    let lock = if backend == DbBackend::Postgres { "FOR UPDATE" } else { "" };
    let sql = format!(
        "WITH RECURSIVE going (id, parent_id) AS ( \
            SELECT id, parent_id FROM ( \
                SELECT id, parent_id FROM comments WHERE post_id IN ({placeholders}) AND reply_count = 0 \
                AND (SELECT id FROM comments AS reply WHERE reply.parent_id = comments.id LIMIT 1) IS NULL LIMIT {most} \
            ) AS leaves \
            UNION ALL \
            SELECT above.id, above.parent_id \
            FROM going JOIN comments AS above ON above.id = going.parent_id WHERE above.reply_count = 1 \
            AND (SELECT id FROM comments AS other \
                WHERE other.parent_id = above.id AND other.id <> going.id LIMIT 1) IS NULL \
        ), \
        picked (id, parent_id) AS (SELECT id, parent_id FROM going LIMIT {most}) \
        SELECT id, post_id, parent_id, author_id IS NOT NULL, like_count, id IN (SELECT id FROM picked) FROM comments \
        WHERE id IN (SELECT id FROM picked UNION SELECT parent_id FROM picked) ORDER BY id {lock}"
    );
    Statement::from_sql_and_values(backend, sql, values)
}

/// Removes up to `most` comments, or likes of them if they have more likes than that. Returns how many of both.
async fn remove_leaves(tx: &impl ConnectionTrait, posts: &[String], most: u64) -> Result<u64, DbErr> {
    let (mut going, mut on, mut answered, mut likes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for row in tx.query_all_raw(leaves(tx.get_database_backend(), posts, most)).await? {
        let mut fields = Fields::of(&row);
        let (id, post) = (fields.value::<String>()?, fields.value::<String>()?);
        let (parent, has_words) = (fields.value::<Option<String>>()?, fields.value::<bool>()?);
        let like_count = fields.count()?;
        if !fields.value::<bool>()? {
            continue;
        }
        going.push(id);
        answered.extend(parent);
        if has_words {
            on.push(post);
        }
        likes += like_count;
    }
    if going.is_empty() {
        return Ok(0);
    }
    if likes > most {
        likes = OF_COMMENTS.remove_some_of(tx, &going, most).await?;
        // Fewer than the counts say: the counts were too high, and no likes are left.
        if likes >= most {
            return Ok(likes);
        }
    }
    let removed = going.len() as u64;
    answered.retain(|parent| going.binary_search(parent).is_err());
    // Remaining likes are deleted by cascade.
    comment::Entity::delete_many().filter(comment::Column::Id.is_in(going)).exec(tx).await?;
    let replies = (comment::Column::Id, comment::Column::ReplyCount);
    counters::subtract_occurrences::<comment::Entity, _>(tx, replies, answered).await?;
    let comments = (post::Column::Id, post::Column::CommentCount);
    counters::subtract_occurrences::<post::Entity, _>(tx, comments, on).await?;
    Ok(removed + likes)
}
