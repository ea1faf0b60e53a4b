//! Posts that are published together.

use std::collections::HashMap;
use std::time::Duration;

use domain::{Post, UserId};
use posts::ports::{NewPost, Write};
use resilience::Coalesce;
use sea_orm::{DbErr, QueryResult, Statement};
use serde::Serialize;

use super::{Together, set};
use crate::database::Transaction;
use crate::fields::Fields;
use crate::repository::{publish, stored_post};
use crate::view::user::read_author;

/// Counts the posts on their authors, in the order of ids as everybody does, and stores those of authors who are there;
/// answers these.
///
/// The authors are not locked beforehand: what an update meets that waited for another, it meets in the version that
/// the statement began with. From there it would ask for a lock that somebody may hold who waits for its own, as soon
/// as a third keeps that version from going (`FOR KEY SHARE`).
const PUBLISH: &str = set::with_new!(
    "id text, author_id text, content text, created_at bigint",
    "authors AS ( \
        UPDATE users SET post_count = post_count + counts.number \
        FROM ( \
            SELECT author_id, count(*) AS number FROM new GROUP BY author_id ORDER BY author_id COLLATE \"C\" \
        ) AS counts \
        WHERE users.id = counts.author_id AND users.id = ANY (ARRAY(SELECT author_id FROM new)) \
        RETURNING users.id, username, display_name \
    ), stored AS ( \
        INSERT INTO posts (id, author_id, content, created_at) \
        SELECT new.id, author_id, content, created_at FROM new JOIN authors ON authors.id = author_id \
    ) \
    SELECT id, username, display_name FROM authors"
);

#[derive(Serialize)]
struct PostRow<'p> {
    id: &'p str,
    author_id: &'p str,
    content: &'p str,
    created_at: i64,
}

/// A post to be published, without an idempotency key.
pub(crate) struct Publishing(pub(crate) NewPost);

impl Coalesce for Publishing {
    type Key = ();

    fn key(&self) -> Option<()> {
        None
    }
}

impl Together for Publishing {
    type Outcome = Write<Post>;

    fn operation(&self) -> &'static str {
        "posts.publish"
    }

    fn by(&self) -> UserId {
        self.0.author_id
    }

    async fn alone(&self, tx: &Transaction) -> Result<Write<Post>, DbErr> {
        publish(tx, &self.0).await
    }

    fn as_statement(publishings: &[&Self], patience: Duration) -> Result<Statement, DbErr> {
        let rows = publishings.iter().map(|publishing| {
            let post = &publishing.0;
            PostRow {
                id: post.id.as_str(),
                author_id: post.author_id.as_str(),
                content: post.content.as_str(),
                created_at: post.created_at.as_micros(),
            }
        });
        set::statement(PUBLISH, rows, patience)
    }

    fn outcomes(publishings: &[&Self], rows: &[QueryResult]) -> Result<Vec<Write<Post>>, DbErr> {
        let author = |row| read_author(&mut Fields::of(row)).map(|author| (author.id, author));
        let authors: HashMap<_, _> = rows.iter().map(author).collect::<Result<_, _>>()?;
        let outcome = |post: &NewPost| match authors.get(&post.author_id) {
            Some(author) => Write::Stored(stored_post(post, author.clone(), post.id, post.created_at)),
            None => Write::AuthorGone,
        };
        Ok(publishings.iter().map(|publishing| outcome(&publishing.0)).collect())
    }
}
