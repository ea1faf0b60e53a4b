//! How the rows below hidden posts go, and then the posts.
//!
//! Comments go from the leaves upward, as each refers to the one that it answers. None are added: a hidden post takes no
//! comments and no likes.

use domain::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Statement};

use super::comment::lock_posts;
use super::counters;
use super::follow::lock_users;
use super::likes::{OF_COMMENTS, OF_POSTS};
use crate::entity::{comment, post, user};
use crate::fields::Fields;

/// Removes up to `most` comments and likes of `posts`, which are all by `author`; then those of the posts that have neither,
/// and takes them off the author's count. Answers how many posts went.
pub(super) async fn remove_some(
    tx: &impl ConnectionTrait,
    author: UserId,
    posts: &[String],
    most: u64,
) -> Result<u64, DbErr> {
    lock_users(tx, user::Column::Id.eq(author.as_str()), LockType::NoKeyUpdate).await?;
    lock_posts(tx, post::Column::Id.is_in(posts), LockType::Update).await?;
    let mut left = most;
    while left > 0 {
        match remove_leaves(tx, posts, left).await? {
            0 => break,
            removed => left = left.saturating_sub(removed),
        }
    }
    if left > 0 {
        left -= OF_POSTS.remove_some_of(tx, posts, left).await?;
    }
    if left == 0 {
        return Ok(0);
    }
    let comments = Query::select()
        .expr(Expr::val(1))
        .from(comment::Entity)
        .and_where(Expr::col((comment::Entity, comment::Column::PostId)).equals((post::Entity, post::Column::Id)))
        .take();
    let gone = post::Entity::delete_many()
        .filter(post::Column::Id.is_in(posts))
        .filter(post::Column::LikeCount.eq(0))
        .filter(Expr::exists(comments).not())
        .exec(tx)
        .await?
        .rows_affected;
    let its = user::Entity::update_many().filter(user::Column::Id.eq(author.as_str()));
    counters::add(tx, its, user::Column::PostCount, -i64::try_from(gone).unwrap_or(i64::MAX)).await?;
    Ok(gone)
}

/// Comments without replies, and those above them of which each has only the one below: where one is picked, so is all that
/// answers it.
fn leaves(backend: DbBackend, posts: &[String], most: u64) -> Statement {
    let values: Vec<_> = posts.iter().map(|post| post.as_str().into()).collect();
    let places: Vec<_> = (1..=posts.len()).map(|place| format!("${place}")).collect();
    let lock = if backend == DbBackend::Postgres { "FOR UPDATE" } else { "" };
    let sql = format!(
        "WITH RECURSIVE going (id, parent_id) AS ( \
            SELECT id, parent_id FROM ( \
                SELECT id, parent_id FROM comments WHERE post_id IN ({}) AND reply_count = 0 LIMIT {most} \
            ) AS leaves \
            UNION ALL \
            SELECT above.id, above.parent_id \
            FROM going JOIN comments AS above ON above.id = going.parent_id WHERE above.reply_count = 1 \
        ) \
        SELECT id, post_id, parent_id, author_id IS NOT NULL, like_count FROM comments \
        WHERE id IN (SELECT id FROM going LIMIT {most}) ORDER BY id {lock}",
        places.join(", ")
    );
    Statement::from_sql_and_values(backend, sql, values)
}

/// Removes up to `most` comments, or as many likes of them if they have more. Answers how many of both.
async fn remove_leaves(tx: &impl ConnectionTrait, posts: &[String], most: u64) -> Result<u64, DbErr> {
    let (mut going, mut on, mut answered, mut likes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for row in tx.query_all_raw(leaves(tx.get_database_backend(), posts, most)).await? {
        let mut fields = Fields::of(&row);
        going.push(fields.next::<String>()?);
        let post = fields.next::<String>()?;
        answered.extend(fields.next::<Option<String>>()?);
        if fields.next::<bool>()? {
            on.push(post);
        }
        likes += fields.count()?;
    }
    if going.is_empty() {
        return Ok(0);
    }
    if likes > most {
        return OF_COMMENTS.remove_some_of(tx, &going, most).await;
    }
    let removed = going.len() as u64;
    answered.retain(|parent| going.binary_search(parent).is_err());
    // Likes go with what they are of.
    comment::Entity::delete_many().filter(comment::Column::Id.is_in(going)).exec(tx).await?;
    let replies = (comment::Column::Id, comment::Column::ReplyCount);
    counters::subtract_occurrences::<comment::Entity, _>(tx, replies, answered).await?;
    let comments = (post::Column::Id, post::Column::CommentCount);
    counters::subtract_occurrences::<post::Entity, _>(tx, comments, on).await?;
    Ok(removed + likes)
}
