//! Comments on posts, not replies, that are written together.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::{Author, PostId, SessionId, UserId};
use posts::ports::{AddCommentOutcome, NewComment, Write};
use resilience::Coalesce;
use sea_orm::{DbErr, QueryResult, Statement};
use serde::Serialize;

use super::{Together, set};
use crate::database::Transaction;
use crate::fields::Fields;
use crate::repository::{add_comment, stored_comment};
use crate::view::user::read_author;

/// Keeps the accounts of the authors whose sessions are there from being erased, then locks the posts, both in the order of
/// ids; counts the comments of these authors on posts that are there, and stores them. Answers these authors (`true`) and
/// posts (`false`), and the sessions that have ended (`NULL`).
///
/// To update what was locked in the same statement is safe here: nobody holds `FOR KEY SHARE` on a post without having
/// locked it for its counts before (`posts.rs` says what would come of it).
const COMMENT: &str = set::with_new!(
    "id text, post_id text, author_id text, session_id text, content text, created_at bigint",
    set::acting!(),
    ", authors AS MATERIALIZED ( \
        SELECT id, username, display_name FROM users \
        WHERE id = ANY (ARRAY(SELECT author_id FROM acting)) AND NOT removed ORDER BY id FOR KEY SHARE \
    ), by_authors AS MATERIALIZED ( \
        SELECT acting.* FROM acting JOIN authors ON authors.id = author_id \
    ), on_posts AS MATERIALIZED ( \
        SELECT id FROM posts WHERE id = ANY (ARRAY(SELECT post_id FROM by_authors)) AND ",
    set::post_is_there!(),
    " ORDER BY id FOR NO KEY UPDATE \
    ), counted AS ( \
        UPDATE posts SET comment_count = comment_count + counts.number \
        FROM (SELECT post_id, count(*) AS number FROM by_authors GROUP BY post_id) AS counts \
        WHERE posts.id = counts.post_id AND posts.id = ANY (ARRAY(SELECT id FROM on_posts)) \
    ), stored AS ( \
        INSERT INTO comments (id, post_id, author_id, content, created_at) \
        SELECT by_authors.id, post_id, author_id, content, created_at \
        FROM by_authors JOIN on_posts ON on_posts.id = post_id \
    ) \
    SELECT true, id, username, display_name FROM authors UNION ALL SELECT false, id, NULL, NULL FROM on_posts \
    UNION ALL SELECT NULL, ended.id, NULL, NULL FROM ended"
);

#[derive(Serialize)]
struct CommentRow<'c> {
    id: &'c str,
    post_id: &'c str,
    author_id: &'c str,
    session_id: &'c str,
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

    fn as_statement(commentings: &[&Self], patience: Duration) -> Result<Statement, DbErr> {
        let rows = commentings.iter().map(|commenting| {
            let comment = &commenting.0;
            CommentRow {
                id: comment.id.as_str(),
                post_id: comment.post_id.as_str(),
                author_id: comment.author_id.as_str(),
                session_id: comment.session_id.as_str(),
                content: comment.content.as_str(),
                created_at: comment.created_at.as_micros(),
            }
        });
        set::statement(COMMENT, rows, patience)
    }

    fn outcomes(commentings: &[&Self], rows: &[QueryResult]) -> Result<Vec<AddCommentOutcome>, DbErr> {
        let (mut authors, mut posts) = (HashMap::<UserId, Author>::new(), HashSet::<PostId>::new());
        let mut ended = HashSet::<SessionId>::new();
        for row in rows {
            let mut fields = Fields::of(row);
            match fields.next::<Option<bool>>()? {
                Some(true) => {
                    let author = read_author(&mut fields)?;
                    authors.insert(author.id, author);
                }
                Some(false) => drop(posts.insert(fields.id()?)),
                None => drop(ended.insert(fields.id()?)),
            }
        }
        let outcome = |comment: &NewComment| match authors.get(&comment.author_id) {
            _ if ended.contains(&comment.session_id) => AddCommentOutcome::Write(Write::SessionEnded),
            None => AddCommentOutcome::Write(Write::SessionEnded),
            Some(_) if !posts.contains(&comment.post_id) => AddCommentOutcome::PostNotFound,
            Some(author) => AddCommentOutcome::Write(Write::Stored(stored_comment(
                comment,
                author.clone(),
                comment.id,
                comment.created_at,
            ))),
        };
        Ok(commentings.iter().map(|commenting| outcome(&commenting.0)).collect())
    }
}
