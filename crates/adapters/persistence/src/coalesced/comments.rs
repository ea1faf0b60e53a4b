//! Comments on posts, not replies, that are written together.

use domain::{PostId, UserId};
use posts::ports::{AddCommentOutcome, NewComment, Write};
use resilience::Coalesce;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;

use super::{Together, set};
use crate::database::Transaction;
use crate::repository::{add_comment, stored_comment};

/// Keeps the authors' accounts from being erased.
const LOCK_AUTHORS: &str = "SELECT id, username, display_name FROM users \
    WHERE id IN (SELECT json_array_elements_text($1::json)) ORDER BY id FOR KEY SHARE";
/// Locks the posts, in the order of their ids, for counting on them.
const LOCK_POSTS: &str = "SELECT id FROM posts \
    WHERE id IN (SELECT json_array_elements_text($1::json)) ORDER BY id FOR NO KEY UPDATE";
/// Stores the comments, and counts them on their posts.
const STORE: &str = "WITH new AS ( \
        SELECT * FROM json_to_recordset($1::json) \
            AS new(id text, post_id text, author_id text, content text, created_at bigint) \
    ), counted AS ( \
        UPDATE posts SET comment_count = comment_count + counts.number \
        FROM (SELECT post_id, count(*) AS number FROM new GROUP BY post_id) AS counts \
        WHERE posts.id = counts.post_id \
    ) \
    INSERT INTO comments (id, post_id, author_id, content, created_at) \
    SELECT id, post_id, author_id, content, created_at FROM new";

#[derive(Serialize)]
struct CommentRow<'c> {
    id: &'c str,
    post_id: &'c str,
    author_id: &'c str,
    content: &'c str,
    created_at: i64,
}

/// A comment to be added, no reply, and without an idempotency key.
pub(crate) struct Commenting(pub(crate) NewComment);

impl Coalesce for Commenting {
    type Key = ();

    fn key(&self) -> Option<()> {
        None
    }
}

impl Together for Commenting {
    type Outcome = AddCommentOutcome;

    fn operation(&self) -> &'static str {
        "comments.add"
    }

    fn by(&self) -> UserId {
        self.0.author_id
    }

    async fn alone(&self, tx: &Transaction) -> Result<AddCommentOutcome, DbErr> {
        add_comment(tx, &self.0).await
    }

    async fn as_set(commentings: &[Self], tx: &Transaction) -> Result<Vec<AddCommentOutcome>, DbErr> {
        let comments: Vec<&NewComment> = commentings.iter().map(|commenting| &commenting.0).collect();
        let wanted = set::ids(comments.iter().map(|comment| comment.author_id.as_str()))?;
        let authors = set::authors(tx, LOCK_AUTHORS, wanted).await?;
        let wanted = set::ids(comments.iter().map(|comment| comment.post_id.as_str()))?;
        let posts = set::locked::<domain::Post>(tx, LOCK_POSTS, wanted).await?;
        let is_there = |post: PostId| posts.contains(&post.cuid());
        let rows: Vec<_> = comments
            .iter()
            .filter(|comment| authors.contains_key(&comment.author_id) && is_there(comment.post_id))
            .map(|comment| CommentRow {
                id: comment.id.as_str(),
                post_id: comment.post_id.as_str(),
                author_id: comment.author_id.as_str(),
                content: comment.content.as_str(),
                created_at: comment.created_at.as_micros(),
            })
            .collect();
        tx.execute_raw(set::statement(STORE, [set::rows(&rows)?])).await?;
        let outcome = |comment: &NewComment| match authors.get(&comment.author_id) {
            None => AddCommentOutcome::Write(Write::AuthorGone),
            Some(_) if !is_there(comment.post_id) => AddCommentOutcome::PostNotFound,
            Some(author) => AddCommentOutcome::Write(Write::Stored(stored_comment(
                comment,
                author.clone(),
                comment.id,
                comment.created_at,
            ))),
        };
        Ok(comments.into_iter().map(outcome).collect())
    }
}
