//! Posts that are published together.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::{Author, Post, SessionId, UserId};
use posts::ports::{NewPost, Write};
use resilience::Coalesce;
use sea_orm::{DbErr, QueryResult, Statement};
use serde::Serialize;

use super::{Together, set};
use crate::database::Transaction;
use crate::fields::Fields;
use crate::repository::{publish, stored_post};
use crate::view::user::read_author;

/// Counts the posts of sessions that are there on their authors, in the order of ids as everybody does, and stores them.
/// Answers the authors (`true`), and the sessions that have ended (`false`).
///
/// The count is raised by way of a conflict, as that alone takes the order that it is given and meets each row as it is
/// now. An `UPDATE` can do neither:
///
/// - It goes through its rows in the order of its plan, whatever it is joined to: by a hash, in that of the table.
/// - If the rows were locked in order beforehand, it would begin at the version that the statement saw when it began, not
///   at the one that is locked. As long as a third keeps that version from going (`FOR KEY SHARE`, as for a like or a
///   comment), it would ask for it in turn, behind others who wait for what is locked here: a circle.
///
/// Nothing is ever inserted: what is proposed is a row that is there, and is locked.
const PUBLISH: &str = set::with_new!(
    "id text, author_id text, session_id text, content text, created_at bigint",
    set::acting!(),
    ", authors AS ( \
        INSERT INTO users AS author (id, username, display_name, bio, password_hash, created_at, post_count) \
        SELECT users.id, username, display_name, bio, password_hash, created_at, number \
        FROM users JOIN ( \
            SELECT author_id, count(*) AS number FROM acting GROUP BY author_id \
        ) AS counts ON counts.author_id = users.id \
        WHERE users.id = ANY (ARRAY(SELECT author_id FROM acting)) AND NOT removed ORDER BY users.id FOR NO KEY UPDATE OF users \
        ON CONFLICT (id) DO UPDATE SET post_count = author.post_count + excluded.post_count \
        RETURNING author.id, author.username, author.display_name \
    ), stored AS ( \
        INSERT INTO posts (id, author_id, content, created_at) \
        SELECT acting.id, author_id, content, created_at FROM acting JOIN authors ON authors.id = author_id \
    ) \
    SELECT true, id, username, display_name FROM authors UNION ALL SELECT false, ended.id, NULL, NULL FROM ended"
);

#[derive(Serialize)]
struct PostRow<'p> {
    id: &'p str,
    author_id: &'p str,
    session_id: &'p str,
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
                session_id: post.session_id.as_str(),
                content: post.content.as_str(),
                created_at: post.created_at.as_micros(),
            }
        });
        set::statement(PUBLISH, rows, patience)
    }

    fn outcomes(publishings: &[&Self], rows: &[QueryResult]) -> Result<Vec<Write<Post>>, DbErr> {
        let (mut authors, mut ended) = (HashMap::<UserId, Author>::new(), HashSet::<SessionId>::new());
        for row in rows {
            let mut fields = Fields::of(row);
            if fields.next()? {
                let author = read_author(&mut fields)?;
                authors.insert(author.id, author);
            } else {
                ended.insert(fields.id()?);
            }
        }
        let outcome = |post: &NewPost| match authors.get(&post.author_id) {
            Some(author) if !ended.contains(&post.session_id) => {
                Write::Stored(stored_post(post, author.clone(), post.id, post.created_at))
            }
            _ => Write::SessionEnded,
        };
        Ok(publishings.iter().map(|publishing| outcome(&publishing.0)).collect())
    }
}
