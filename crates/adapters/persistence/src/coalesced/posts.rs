//! Posts that are published together.

use domain::{Post, UserId};
use posts::ports::{NewPost, Write};
use resilience::Coalesce;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;

use super::{Together, set};
use crate::database::Transaction;
use crate::repository::{publish, stored_post};

/// Locks the authors, in the order of their ids as everybody does, for counting on them.
const LOCK_AUTHORS: &str = "SELECT id, username, display_name FROM users \
    WHERE id IN (SELECT json_array_elements_text($1::json)) ORDER BY id FOR NO KEY UPDATE";
/// Stores the posts, and counts them on their authors.
const STORE: &str = "WITH new AS ( \
        SELECT * FROM json_to_recordset($1::json) AS new(id text, author_id text, content text, created_at bigint) \
    ), counted AS ( \
        UPDATE users SET post_count = post_count + counts.number \
        FROM (SELECT author_id, count(*) AS number FROM new GROUP BY author_id) AS counts \
        WHERE users.id = counts.author_id \
    ) \
    INSERT INTO posts (id, author_id, content, created_at) SELECT id, author_id, content, created_at FROM new";

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

    async fn as_set(publishings: &[Self], tx: &Transaction) -> Result<Vec<Write<Post>>, DbErr> {
        let posts: Vec<&NewPost> = publishings.iter().map(|publishing| &publishing.0).collect();
        let wanted = set::ids(posts.iter().map(|post| post.author_id.as_str()))?;
        let authors = set::authors(tx, LOCK_AUTHORS, wanted).await?;
        let rows: Vec<_> = posts
            .iter()
            .filter(|post| authors.contains_key(&post.author_id))
            .map(|post| PostRow {
                id: post.id.as_str(),
                author_id: post.author_id.as_str(),
                content: post.content.as_str(),
                created_at: post.created_at.as_micros(),
            })
            .collect();
        tx.execute_raw(set::statement(STORE, [set::rows(&rows)?])).await?;
        let outcome = |post: &NewPost| match authors.get(&post.author_id) {
            Some(author) => Write::Stored(stored_post(post, author.clone(), post.id, post.created_at)),
            None => Write::AuthorGone,
        };
        Ok(posts.into_iter().map(outcome).collect())
    }
}
