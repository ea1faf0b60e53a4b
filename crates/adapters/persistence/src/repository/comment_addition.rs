//! How comments come: their author is kept from going, and their post, and the comment that they answer, count them.

use domain::{Author, Comment, CommentBody, CommentId, PostId, Revision, Timestamp};
use posts::IdempotentRequest;
use posts::ports::{AddCommentOutcome, NewComment, Write};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::in_session;
use super::idempotency::{Claim, Effect, claim};
use super::{comment_depth as depth, counters, exists};
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
    let depth = match new.parent_id {
        Some(parent) => match count_on_parent(&tx, new, parent).await? {
            Ok(above) => above + 1,
            Err(refused) => return Ok(refused),
        },
        None => 0,
    };
    if !insert(&tx, new, depth).await? {
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
    if !insert(tx, new, 0).await? {
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
        .and_where(view::user::is(&new.author_id.into()))
        .and_where(in_session(new.session_id))
        .lock(LockType::KeyShare)
        .take();
    tx.query_one(&select).await?.map(|row| view::user::read_author(&mut Fields::of(&row))).transpose()
}

/// Counts a new comment on its post; answers whether there is one.
async fn count_on_post(tx: &impl ConnectionTrait, post: PostId) -> Result<bool, DbErr> {
    let rows = post::Entity::update_many().filter(post::Column::Id.eq(post.as_str())).filter(view::presence::post());
    Ok(counters::add(tx, rows, post::Column::CommentCount, 1).await?.rows_affected == 1)
}

/// Counts a new reply on the comment that it answers; answers how deep that stands, or why it cannot be answered.
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
        let (depth, above) = (fields.next::<i64>()?, fields.next::<Option<String>>()?);
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

/// Stores a comment that stands so deep, unless its session has ended; answers whether it did.
async fn insert(tx: &impl ConnectionTrait, new: &NewComment, depth: i64) -> Result<bool, DbErr> {
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
