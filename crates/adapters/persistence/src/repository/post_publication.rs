//! Publishes posts: raises the author's count, and stores the post.
//!
//! With an idempotency key a post has a transaction of its own. Without one it shares a batch.
//!
//! Invariants:
//! - A post is stored and counted in one statement or transaction, or not at all.
//! - Authors are locked in the order of their ids.
//!
//! Tested in `tests/repositories/posts.rs`, `batches.rs` and `locking_order.rs`.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use database::{BatchWrite, Database, Fields, Transaction, corrupt, retrying, set, told, with_new};
use domain::{Author, DisplayName, Post, PostId, RepositoryError, Revision, SessionId, Timestamp, UserId, Username};
use events::{Effect, Fact};
use posts::IdempotentRequest;
use posts::ports::{NewPost, Write};
use resilience::Coalesce;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use serde::Serialize;

use super::acting::{acting, in_session};
use super::idempotency::{self, Answer, Claim, claim};
use crate::entity::{post, user};
use crate::view;
use crate::view::user::read_author;

/// Publishes under an idempotency key, in a transaction of its own, as it may have to be rolled back.
pub(super) async fn publish_once(
    db: &Database,
    new: &NewPost,
    request: &IdempotentRequest,
) -> Result<Write<Post>, RepositoryError> {
    let attempt = || async {
        let tx = db.begin().await?;
        let written = try_publish_once(&tx, new, request).await?;
        match &written {
            Write::Stored(_) => tx.commit(new.author_id).await?,
            Write::Replayed(post) => tx.abandon(new.author_id, [published(new, post.id, post.created_at)]).await?,
            Write::KeyReused | Write::SessionEnded => {}
        }
        Ok(written)
    };
    retrying(db, "posts.publish", attempt).await
}

/// Publishes in a transaction, which the caller rolls back unless the post was stored.
async fn try_publish_once(tx: &Transaction, new: &NewPost, request: &IdempotentRequest) -> Result<Write<Post>, DbErr> {
    let Some(author) = count_post(tx, new).await? else {
        return Ok(Write::SessionEnded);
    };
    let answer = Answer { id: new.id.cuid(), at: new.created_at, author_display_name: author.display_name.clone() };
    match claim(tx, new.author_id, request, &answer).await? {
        Claim::Granted => tx.tell([published(new, new.id, new.created_at)]),
        Claim::Replay(answer) => return Ok(Write::Replayed(first_answer(new, author, answer))),
        Claim::Reused => return Ok(Write::KeyReused),
    }
    insert(tx, new, author).await
}

/// Stores a post, unless its session has ended.
async fn insert(tx: &impl ConnectionTrait, new: &NewPost, author: Author) -> Result<Write<Post>, DbErr> {
    let columns = [post::Column::Id, post::Column::AuthorId, post::Column::Content, post::Column::CreatedAt];
    let row = Query::select()
        .expr(Expr::val(new.id.as_str()))
        .expr(Expr::val(new.author_id.as_str()))
        .expr(Expr::val(new.content.as_str()))
        .expr(Expr::val(new.created_at.as_micros()))
        .and_where(in_session(new.session_id))
        .take();
    let insert = Query::insert()
        .into_table(post::Entity)
        .columns(columns)
        .select_from(row)
        .map_err(|error| corrupt("post", error))?
        .take();
    let is_stored = tx.execute(&insert).await?.rows_affected() == 1;
    Ok(if is_stored { Write::Stored(stored(new, author, new.id, new.created_at)) } else { Write::SessionEnded })
}

/// Raises the author's count, which locks the account against erasure until the end of the transaction. Returns the
/// author as the post shows it; `None` if the session has ended, as it has for an erased account.
async fn count_post(tx: &impl ConnectionTrait, new: &NewPost) -> Result<Option<Author>, DbErr> {
    let update = Query::update()
        .table(user::Entity)
        .value(user::Column::PostCount, Expr::col(user::Column::PostCount).add(1))
        .and_where(view::user::is(&new.author_id.into()))
        .and_where(in_session(new.session_id))
        .returning(Query::returning().columns([user::Column::Username, user::Column::DisplayName]))
        .take();
    let Some(row) = tx.query_one(&update).await? else {
        return Ok(None);
    };
    let mut fields = Fields::of(&row);
    Ok(Some(Author {
        id: new.author_id,
        username: Username::from_stored(fields.value()?),
        display_name: DisplayName::from_stored(fields.value()?),
    }))
}

fn published(new: &NewPost, post: PostId, at: Timestamp) -> Fact {
    Fact::PostPublished { post, author: new.author_id, at }
}

fn first_answer(request: &NewPost, author: Author, answer: Answer) -> Post {
    let author = Author { display_name: answer.author_display_name, ..author };
    stored(request, author, answer.id.into(), answer.at)
}

/// A post as it is right after it was stored.
fn stored(new: &NewPost, author: Author, id: PostId, at: Timestamp) -> Post {
    Post {
        id,
        author,
        content: new.content.clone(),
        created_at: at,
        edited_at: None,
        revision: Revision::default(),
        like_count: 0,
        comment_count: 0,
    }
}

/// Raises the counts of authors whose sessions exist, in the order of ids, and stores their posts. Returns the
/// authors (`true`), and the sessions that have ended (`false`).
///
/// The count is raised through `ON CONFLICT`, which takes the rows in the given order and sees the current version of
/// each. An `UPDATE` does neither:
///
/// - It takes its rows in the order of its plan, also when it is joined to an ordered set. With a hash join that is
///   the order of the table.
/// - If the rows were locked in order first, it would still start from the version that its snapshot shows. While a
///   third transaction holds `FOR KEY SHARE` on that version (for a like or a comment), the `UPDATE` queues for the
///   row. It then waits behind transactions that wait for rows locked here: a deadlock.
///
/// Nothing is ever inserted: every proposed row exists and is locked.
const PUBLISH: &str = with_new!(
    "id text, author_id text, session_id text, content text, created_at bigint",
    acting!(),
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
        RETURNING id, author_id, created_at \
    )",
    told!(
        "SELECT '[\"post_published\",\"' || id || '\",\"' || author_id || '\",' || created_at || ']' AS fact FROM stored"
    ),
    " SELECT true, id, username, display_name FROM authors UNION ALL SELECT false, ended.id, NULL, NULL FROM ended"
);

#[derive(Serialize)]
struct PostRow<'p> {
    id: &'p str,
    author_id: &'p str,
    session_id: &'p str,
    content: &'p str,
    created_at: i64,
}

/// A post without an idempotency key, for a batch.
pub(crate) struct PostWrite(pub(crate) NewPost);

impl Coalesce for PostWrite {
    type Key = ();

    fn key(&self) -> Option<()> {
        None
    }
}

impl BatchWrite for PostWrite {
    type Outcome = Write<Post>;

    fn operation(&self) -> &'static str {
        "posts.publish"
    }

    fn by(&self) -> UserId {
        self.0.author_id
    }

    fn fact(&self) -> Fact {
        published(&self.0, self.0.id, self.0.created_at)
    }

    fn effect(outcome: &Write<Post>) -> Effect {
        idempotency::effect(outcome)
    }

    async fn alone(&self, tx: &Transaction) -> Result<Write<Post>, DbErr> {
        match count_post(tx, &self.0).await? {
            Some(author) => insert(tx, &self.0, author).await,
            None => Ok(Write::SessionEnded),
        }
    }

    fn as_statement(writes: &[&Self], patience: Duration) -> Result<Statement, DbErr> {
        let rows = writes.iter().map(|write| {
            let post = &write.0;
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

    fn outcomes(writes: &[&Self], rows: &[QueryResult]) -> Result<Vec<Write<Post>>, DbErr> {
        let (mut authors, mut ended) = (HashMap::<UserId, Author>::new(), HashSet::<SessionId>::new());
        for row in rows {
            let mut fields = Fields::of(row);
            if fields.value()? {
                let author = read_author(&mut fields)?;
                authors.insert(author.id, author);
            } else {
                ended.insert(fields.id()?);
            }
        }
        let outcome = |post: &NewPost| match authors.get(&post.author_id) {
            Some(author) if !ended.contains(&post.session_id) => {
                Write::Stored(stored(post, author.clone(), post.id, post.created_at))
            }
            _ => Write::SessionEnded,
        };
        Ok(writes.iter().map(|write| outcome(&write.0)).collect())
    }
}
