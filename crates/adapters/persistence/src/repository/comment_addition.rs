//! How comments come: their author is kept from going, and their post, and the comment that they answer, count them.

use domain::{Author, Comment, CommentBody, CommentId, PostId, Revision, Timestamp};
use posts::IdempotentRequest;
use posts::ports::{AddCommentOutcome, NewComment, Write};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::in_session;
use super::idempotency::{Claim, Effect, claim};
use super::{counters, exists};
use crate::database::Database;
use crate::entity::{comment, post, user};
use crate::error::corrupt;
use crate::fields::Fields;
use crate::view;

/// Adds a reply, or a comment under an idempotency key, in a transaction of its own: it may have to be given up half-way.
pub(super) async fn add_alone(
    db: &Database,
    new: &NewComment,
    request: Option<&IdempotentRequest>,
) -> Result<AddCommentOutcome, DbErr> {
    let tx = db.begin().await?;
    let Some(author) = find_author(&tx, new).await? else {
        return Ok(AddCommentOutcome::Write(Write::SessionEnded));
    };
    // The key comes before everything else: a retry is answered even if the post has gone meanwhile.
    if let Some(request) = request {
        let effect = Effect { id: new.id.cuid(), at: new.created_at, author_display_name: author.display_name.clone() };
        match claim(&tx, new.author_id, request, &effect).await? {
            Claim::Granted => {}
            Claim::Replay(effect) => {
                tx.abandon(new.author_id).await?;
                return Ok(AddCommentOutcome::Write(Write::Replayed(first_answer(new, author, effect))));
            }
            Claim::Reused => return Ok(AddCommentOutcome::Write(Write::KeyReused)),
        }
    }
    if !count_on_post(&tx, new.post_id).await? {
        return Ok(AddCommentOutcome::PostNotFound);
    }
    if let Some(parent) = new.parent_id
        && !count_on_parent(&tx, new.post_id, parent).await?
    {
        let elsewhere = comment::Column::Id.eq(parent.as_str()).and(comment::Column::PostId.ne(new.post_id.as_str()));
        return Ok(if exists(&tx, comment::Entity, elsewhere).await? {
            AddCommentOutcome::ParentOnOtherPost
        } else {
            AddCommentOutcome::ParentNotFound
        });
    }
    if !insert(&tx, new).await? {
        return Ok(AddCommentOutcome::Write(Write::SessionEnded));
    }
    tx.commit(new.author_id).await?;
    Ok(AddCommentOutcome::Write(Write::Stored(stored(new, author, new.id, new.created_at))))
}

/// Adds a comment on a post, which is no reply, in a transaction that may have others.
pub(crate) async fn add(tx: &impl ConnectionTrait, new: &NewComment) -> Result<AddCommentOutcome, DbErr> {
    let Some(author) = find_author(tx, new).await? else {
        return Ok(AddCommentOutcome::Write(Write::SessionEnded));
    };
    if !count_on_post(tx, new.post_id).await? {
        return Ok(AddCommentOutcome::PostNotFound);
    }
    if !insert(tx, new).await? {
        return Ok(AddCommentOutcome::Write(Write::SessionEnded));
    }
    Ok(AddCommentOutcome::Write(Write::Stored(stored(new, author, new.id, new.created_at))))
}

/// Finds the author, unless the session has ended, and keeps the account from being erased until the end. Who erases it locks it before any post, so
/// that whoever writes must lock it before any post as well.
async fn find_author(tx: &impl ConnectionTrait, new: &NewComment) -> Result<Option<Author>, DbErr> {
    let select = Query::select()
        .columns(view::user::AUTHOR_COLUMNS)
        .from(user::Entity)
        .and_where(user::Column::Id.eq(new.author_id.as_str()))
        .and_where(in_session(new.session_id))
        .lock(LockType::KeyShare)
        .take();
    tx.query_one(&select).await?.map(|row| view::user::read_author(&mut Fields::of(&row))).transpose()
}

/// Counts a new comment on its post; answers whether there is one.
async fn count_on_post(tx: &impl ConnectionTrait, post: PostId) -> Result<bool, DbErr> {
    let rows = post::Entity::update_many().filter(post::Column::Id.eq(post.as_str()));
    Ok(counters::add(tx, rows, post::Column::CommentCount, 1).await?.rows_affected == 1)
}

/// Counts a new reply on the comment that it answers; answers whether that can be answered.
async fn count_on_parent(tx: &impl ConnectionTrait, post: PostId, parent: CommentId) -> Result<bool, DbErr> {
    let rows = comment::Entity::update_many()
        .filter(comment::Column::Id.eq(parent.as_str()))
        .filter(comment::Column::PostId.eq(post.as_str()))
        .filter(comment::Column::AuthorId.is_not_null());
    Ok(counters::add(tx, rows, comment::Column::ReplyCount, 1).await?.rows_affected == 1)
}

/// Stores a comment, unless its session has ended; answers whether it did.
async fn insert(tx: &impl ConnectionTrait, new: &NewComment) -> Result<bool, DbErr> {
    let columns = [
        comment::Column::Id,
        comment::Column::PostId,
        comment::Column::ParentId,
        comment::Column::AuthorId,
        comment::Column::Content,
        comment::Column::CreatedAt,
    ];
    let row = Query::select()
        .expr(Expr::val(new.id.as_str()))
        .expr(Expr::val(new.post_id.as_str()))
        .expr(Expr::val(new.parent_id.map(|id| id.to_string())))
        .expr(Expr::val(new.author_id.as_str()))
        .expr(Expr::val(new.content.as_str()))
        .expr(Expr::val(new.created_at.as_micros()))
        .and_where(in_session(new.session_id))
        .take();
    let insert = Query::insert()
        .into_table(comment::Entity)
        .columns(columns)
        .select_from(row)
        .map_err(|error| corrupt("comment", error))?
        .take();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

fn first_answer(request: &NewComment, author: Author, effect: Effect) -> Comment {
    let author = Author { display_name: effect.author_display_name, ..author };
    stored(request, author, effect.id.into(), effect.at)
}

/// A comment as it is right after it was stored.
pub(crate) fn stored(new: &NewComment, author: Author, id: CommentId, at: Timestamp) -> Comment {
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
