//! Adds comments: locks the author against erasure, raises the counts of the post and the parent, and stores the
//! comment.
//!
//! A reply, or a comment with an idempotency key, has a transaction of its own. Other comments share a batch.
//!
//! Invariants:
//! - The post of a comment is locked before its comments change, by raising its count.
//! - A comment is stored and counted in one statement or transaction, or not at all.
//!
//! Tested in `tests/repositories/comments.rs`, `batches.rs` and `locking_order.rs`.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use database::{BatchWrite, Database, Fields, Transaction, corrupt, retrying, set, told, with_new};
use domain::{
    Author, Comment, CommentBody, CommentId, PostId, RepositoryError, Revision, SessionId, Timestamp, UserId,
};
use events::{Effect, Fact};
use posts::IdempotentRequest;
use posts::ports::{AddCommentOutcome, NewComment, Write};
use resilience::Coalesce;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryResult, Statement};
use serde::Serialize;

use super::acting::{acting, in_session};
use super::idempotency::{self, Answer, Claim, claim};
use super::{comment_depth as depth, counters, exists};
use crate::entity::{comment, post, user};
use crate::view;
use crate::view::presence::post_is_there;
use crate::view::user::read_author;

/// Adds a reply or a comment under an idempotency key, in a transaction of its own, as it may have to be rolled back.
pub(super) async fn add_alone(
    db: &Database,
    new: &NewComment,
    request: Option<&IdempotentRequest>,
) -> Result<AddCommentOutcome, RepositoryError> {
    let attempt = || async {
        let tx = db.begin().await?;
        let outcome = match admit(&tx, new, request).await? {
            Ok((author, depth)) => {
                tx.tell([added(new, new.id, new.created_at)]);
                insert(&tx, new, author, depth).await?
            }
            Err(outcome) => outcome,
        };
        match &outcome {
            AddCommentOutcome::Write(Write::Stored(_)) => tx.commit(new.author_id).await?,
            AddCommentOutcome::Write(Write::Replayed(comment)) => {
                tx.abandon(new.author_id, [added(new, comment.id, comment.created_at)]).await?;
            }
            _ => {}
        }
        Ok(outcome)
    };
    retrying(db, "comments.add", attempt).await
}

/// Locks and counts what a comment needs, in a transaction that the caller rolls back unless the comment is stored.
/// Returns the author and the depth of the comment, or why it is not stored.
async fn admit(
    tx: &impl ConnectionTrait,
    new: &NewComment,
    request: Option<&IdempotentRequest>,
) -> Result<Result<(Author, i64), AddCommentOutcome>, DbErr> {
    let Some(author) = find_author(tx, new).await? else {
        return Ok(Err(AddCommentOutcome::Write(Write::SessionEnded)));
    };
    // The key comes first: a retry gets its response even if the post was deleted meanwhile.
    if let Some(request) = request {
        let answer = Answer { id: new.id.cuid(), at: new.created_at, author_display_name: author.display_name.clone() };
        match claim(tx, new.author_id, request, &answer).await? {
            Claim::Granted => {}
            Claim::Replay(answer) => {
                return Ok(Err(AddCommentOutcome::Write(Write::Replayed(first_answer(new, author, answer)))));
            }
            Claim::Reused => return Ok(Err(AddCommentOutcome::Write(Write::KeyReused))),
        }
    }
    if !count_on_post(tx, new.post_id).await? {
        return Ok(Err(AddCommentOutcome::PostNotFound));
    }
    let depth = match new.parent_id {
        Some(parent) => count_on_parent(tx, new, parent).await?.map(|above| above + 1),
        None => Ok(0),
    };
    Ok(depth.map(|depth| (author, depth)))
}

/// Finds the author, unless the session has ended, and locks the account against erasure. Accounts are locked before
/// posts, as in an erasure.
async fn find_author(tx: &impl ConnectionTrait, new: &NewComment) -> Result<Option<Author>, DbErr> {
    let select = Query::select()
        .columns(view::user::AUTHOR_COLUMNS)
        .from(user::Entity)
        .and_where(view::user::is(&new.author_id.into()))
        .and_where(in_session(new.session_id))
        .lock(LockType::KeyShare)
        .take();
    tx.query_one(&select).await?.map(|row| view::user::read_author(&mut Fields::of(&row))).transpose()
}

/// Raises the count of the post. Returns whether the post exists.
async fn count_on_post(tx: &impl ConnectionTrait, post: PostId) -> Result<bool, DbErr> {
    let rows = post::Entity::update_many().filter(post::Column::Id.eq(post.as_str())).filter(view::presence::post());
    Ok(counters::add(tx, rows, post::Column::CommentCount, 1).await?.rows_affected == 1)
}

/// Raises the count of the parent. Returns the depth of the parent, or why it takes no reply.
async fn count_on_parent(
    tx: &impl ConnectionTrait,
    new: &NewComment,
    parent: CommentId,
) -> Result<Result<i64, AddCommentOutcome>, DbErr> {
    let is_parent = || comment::Column::Id.eq(parent.as_str());
    let update = Query::update()
        .table(comment::Entity)
        .value(comment::Column::ReplyCount, Expr::col(comment::Column::ReplyCount).add(1))
        .and_where(is_parent())
        .and_where(comment::Column::PostId.eq(new.post_id.as_str()))
        .and_where(comment::Column::Depth.lt(i64::from(new.deepest)))
        .and_where(view::presence::comment_author())
        .returning(Query::returning().columns([comment::Column::Depth, comment::Column::ParentId]))
        .take();
    if let Some(row) = tx.query_one(&update).await? {
        let mut fields = Fields::of(&row);
        let (depth, above) = (fields.value::<i64>()?, fields.value::<Option<String>>()?);
        let depth =
            if depth == 0 && above.is_some() { depth::find_out(tx, parent, new.deepest).await? } else { Some(depth) };
        return Ok(depth.ok_or(AddCommentOutcome::TooDeep));
    }
    let elsewhere = comment::Column::PostId.ne(new.post_id.as_str());
    if exists(tx, comment::Entity, is_parent().and(elsewhere)).await? {
        return Ok(Err(AddCommentOutcome::ParentOnOtherPost));
    }
    let is_there = exists(tx, comment::Entity, is_parent().and(view::presence::comment_author())).await?;
    Ok(Err(if is_there { AddCommentOutcome::TooDeep } else { AddCommentOutcome::ParentNotFound }))
}

/// Stores a comment at `depth`, unless its session has ended.
async fn insert(
    tx: &impl ConnectionTrait,
    new: &NewComment,
    author: Author,
    depth: i64,
) -> Result<AddCommentOutcome, DbErr> {
    let columns = [
        comment::Column::Id,
        comment::Column::PostId,
        comment::Column::ParentId,
        comment::Column::AuthorId,
        comment::Column::Content,
        comment::Column::CreatedAt,
        comment::Column::Depth,
    ];
    let row = Query::select()
        .expr(Expr::val(new.id.as_str()))
        .expr(Expr::val(new.post_id.as_str()))
        .expr(Expr::val(new.parent_id.map(|id| id.to_string())))
        .expr(Expr::val(new.author_id.as_str()))
        .expr(Expr::val(new.content.as_str()))
        .expr(Expr::val(new.created_at.as_micros()))
        .expr(Expr::val(depth))
        .and_where(in_session(new.session_id))
        .take();
    let insert = Query::insert()
        .into_table(comment::Entity)
        .columns(columns)
        .select_from(row)
        .map_err(|error| corrupt("comment", error))?
        .take();
    let is_stored = tx.execute(&insert).await?.rows_affected() == 1;
    Ok(AddCommentOutcome::Write(if is_stored {
        Write::Stored(stored(new, author, new.id, new.created_at))
    } else {
        Write::SessionEnded
    }))
}

fn added(new: &NewComment, comment: CommentId, at: Timestamp) -> Fact {
    Fact::CommentAdded { comment, post: new.post_id, parent: new.parent_id, author: new.author_id, at }
}

fn first_answer(request: &NewComment, author: Author, answer: Answer) -> Comment {
    let author = Author { display_name: answer.author_display_name, ..author };
    stored(request, author, answer.id.into(), answer.at)
}

/// A comment as it is right after it was stored.
fn stored(new: &NewComment, author: Author, id: CommentId, at: Timestamp) -> Comment {
    Comment {
        id,
        post_id: new.post_id,
        parent_id: new.parent_id,
        body: CommentBody::Live { author, content: new.content.clone() },
        created_at: at,
        edited_at: None,
        revision: Revision::default(),
        like_count: 0,
        reply_count: 0,
    }
}

/// Locks the authors whose sessions exist against erasure, then the posts, both in the order of ids. Raises the
/// counts of existing posts, and stores the comments. Returns the authors (`true`), the posts (`false`), and the
/// sessions that have ended (`NULL`).
///
/// Updating rows that were locked in the same statement is safe here. A transaction that holds `FOR KEY SHARE` on a
/// post has locked it more strongly before. `post_publication.rs` describes the deadlock otherwise.
const COMMENT: &str = with_new!(
    "id text, post_id text, author_id text, session_id text, content text, created_at bigint",
    acting!(),
    ", authors AS MATERIALIZED ( \
        SELECT id, username, display_name FROM users \
        WHERE id = ANY (ARRAY(SELECT author_id FROM acting)) AND NOT removed ORDER BY id FOR KEY SHARE \
    ), by_authors AS MATERIALIZED ( \
        SELECT acting.* FROM acting JOIN authors ON authors.id = author_id \
    ), on_posts AS MATERIALIZED ( \
        SELECT id FROM posts WHERE id = ANY (ARRAY(SELECT post_id FROM by_authors)) AND ",
    post_is_there!(),
    " ORDER BY id FOR NO KEY UPDATE \
    ), counted AS ( \
        UPDATE posts SET comment_count = comment_count + counts.number \
        FROM (SELECT post_id, count(*) AS number FROM by_authors GROUP BY post_id) AS counts \
        WHERE posts.id = counts.post_id AND posts.id = ANY (ARRAY(SELECT id FROM on_posts)) \
    ), stored AS ( \
        INSERT INTO comments (id, post_id, author_id, content, created_at) \
        SELECT by_authors.id, post_id, author_id, content, created_at \
        FROM by_authors JOIN on_posts ON on_posts.id = post_id \
        RETURNING id, post_id, author_id, created_at \
    )",
    told!(
        "SELECT '[\"comment_added\",\"' || id || '\",\"' || post_id || '\",null,\"' || author_id || '\",' || created_at \
            || ']' AS fact FROM stored"
    ),
    " SELECT true, id, username, display_name FROM authors UNION ALL SELECT false, id, NULL, NULL FROM on_posts \
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

/// A top-level comment without an idempotency key, for a batch.
pub(crate) struct CommentWrite(pub(crate) NewComment);

impl Coalesce for CommentWrite {
    type Key = ();

    fn key(&self) -> Option<()> {
        None
    }
}

impl BatchWrite for CommentWrite {
    type Outcome = AddCommentOutcome;

    fn operation(&self) -> &'static str {
        "comments.add"
    }

    fn by(&self) -> UserId {
        self.0.author_id
    }

    fn fact(&self) -> Fact {
        added(&self.0, self.0.id, self.0.created_at)
    }

    fn effect(outcome: &AddCommentOutcome) -> Effect {
        match outcome {
            AddCommentOutcome::Write(write) => idempotency::effect(write),
            _ => Effect::Nothing,
        }
    }

    async fn alone(&self, tx: &Transaction) -> Result<AddCommentOutcome, DbErr> {
        match admit(tx, &self.0, None).await? {
            Ok((author, depth)) => insert(tx, &self.0, author, depth).await,
            Err(outcome) => Ok(outcome),
        }
    }

    fn as_statement(writes: &[&Self], patience: Duration) -> Result<Statement, DbErr> {
        let rows = writes.iter().map(|write| {
            let comment = &write.0;
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

    fn outcomes(writes: &[&Self], rows: &[QueryResult]) -> Result<Vec<AddCommentOutcome>, DbErr> {
        let (mut authors, mut posts) = (HashMap::<UserId, Author>::new(), HashSet::<PostId>::new());
        let mut ended = HashSet::<SessionId>::new();
        for row in rows {
            let mut fields = Fields::of(row);
            match fields.value::<Option<bool>>()? {
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
            Some(author) => {
                AddCommentOutcome::Write(Write::Stored(stored(comment, author.clone(), comment.id, comment.created_at)))
            }
        };
        Ok(writes.iter().map(|write| outcome(&write.0)).collect())
    }
}
