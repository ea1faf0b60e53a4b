//! The port `CommentRepository`: comments and their likes.

use async_trait::async_trait;
use database::keyset::{self, Direction};
use database::{Database, Fields, Reading, Select, reading, retrying};
use domain::{CommentId, CommentView, Page, PageRequest, Principal, RepositoryError, Revision, Timestamp, UserId};
use events::Fact;
use posts::IdempotentRequest;
use posts::ports::{
    AddCommentOutcome, Change, CommentOwners, CommentRepository, Edit, Like, NewComment, Thread, Unlike,
};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr};

use super::acting::{has_session, in_session};
use super::comment_addition::{self, CommentWrite};
use super::comment_removal::LEVELS;
use super::like_write::{LikeAction, LikeWrite};
use super::likes::LikedComments;
use super::{comment_removal, exists, is_there, locks, one_if, time_if};
use crate::entity::{comment, post};
use crate::view;

/// Likes that are removed together with a comment; the others are removed in slices.
const LIKES_AT_ONCE: u64 = 500;

/// The port `CommentRepository` over the database.
///
/// Every write that adds or removes comments locks their post first, so changes to one thread run one after the
/// other, without deadlocks. An edit changes one comment only. Batches of likes, and removals, lock comments in the
/// order of ids.
pub struct SeaCommentRepository {
    db: Database,
}

impl SeaCommentRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_find(
        &self,
        connection: &impl Select,
        id: CommentId,
        viewer: Option<UserId>,
    ) -> Result<Option<CommentView>, DbErr> {
        let select = view::comment::select(viewer)
            .and_where(comment::Column::Id.eq(id.as_str()))
            .and_where(view::comment::is_shown())
            .and_where(view::presence::comment_post())
            .take();
        connection.select_one(&select).await?.map(|row| view::comment::read(&row, viewer)).transpose()
    }

    async fn try_find_owners(&self, id: CommentId) -> Result<Option<CommentOwners>, DbErr> {
        let select = Query::select()
            .column((comment::Entity, comment::Column::AuthorId))
            .column((post::Entity, post::Column::AuthorId))
            .from(comment::Entity)
            .inner_join(
                post::Entity,
                Expr::col((post::Entity, post::Column::Id)).equals((comment::Entity, comment::Column::PostId)),
            )
            .and_where(comment::Column::Id.eq(id.as_str()))
            .and_where(view::presence::comment_author())
            .and_where(view::presence::post())
            .take();
        let Some(row) = self.db.read_primary().select_one(&select).await? else {
            return Ok(None);
        };
        let mut fields = Fields::of(&row);
        Ok(Some(CommentOwners { author: fields.id()?, post_author: fields.id()? }))
    }

    async fn try_list(
        &self,
        thread: Thread,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<CommentView>>, DbErr> {
        let mut select = view::comment::select(viewer);
        match thread {
            Thread::Post(id) => {
                select.and_where(comment::Column::PostId.eq(id.as_str())).and_where(comment::Column::ParentId.is_null())
            }
            Thread::Replies(id) => select.and_where(comment::Column::ParentId.eq(id.as_str())),
        };
        select.and_where(view::comment::is_shown());
        keyset::page(&mut select, view::comment::POSITION, Direction::OldestFirst, &page);
        let connection = self.db.read(viewer).await;
        let is_there = Box::pin(thread_exists(&connection, thread));
        let (rows, is_there) = tokio::try_join!(connection.select_all(&select), is_there)?;
        if !is_there {
            return Ok(None);
        }
        let comments = rows.iter().map(|row| view::comment::read(row, viewer)).collect::<Result<_, _>>()?;
        Ok(Some(Page::from_lookahead(comments, page.size, view::comment::position)))
    }

    async fn try_edit(&self, id: CommentId, edit: &Edit, by: Principal) -> Result<Change<CommentView>, DbErr> {
        let tx = self.db.begin().await?;
        // The same content is no edit, though the row is locked for it.
        let differs = || comment::Column::Content.ne(edit.content.as_str());
        let mut update = Query::update();
        update
            .table(comment::Entity)
            .value(comment::Column::Content, edit.content.as_str())
            .value(comment::Column::EditedAt, time_if(differs(), edit.at, comment::Column::EditedAt))
            .value(comment::Column::Revision, Expr::col(comment::Column::Revision).add(one_if(differs())))
            .and_where(comment::Column::Id.eq(id.as_str()))
            .and_where(view::presence::comment())
            .and_where(in_session(by.session_id))
            .returning_col(comment::Column::PostId);
        if let Some(Revision(expected)) = edit.expected {
            update.and_where(comment::Column::Revision.eq(i64::from(expected)));
        }
        let on = tx.query_one(&update).await?.map(|row| Fields::of(&row).id()).transpose()?;
        let updated = on.is_some();
        if !updated && !has_session(&tx, by.session_id).await? {
            return Ok(Change::SessionEnded);
        }
        tx.tell(on.map(|post| Fact::CommentEdited { comment: id, post }));
        let found = self.try_find(&tx, id, Some(by.user_id)).await?;
        let found = found.filter(|found| found.subject.author().is_some());
        match &found {
            Some(comment) if updated && comment.subject.edited_at == Some(edit.at) => tx.commit(by.user_id).await?,
            Some(CommentView { subject, .. }) => {
                tx.abandon(by.user_id, [Fact::CommentEdited { comment: id, post: subject.post_id }]).await?;
            }
            None => tx.abandon(by.user_id, []).await?,
        }
        Ok(match found {
            Some(comment) if updated => Change::Changed(comment),
            Some(_) => Change::Stale,
            None => Change::NotFound,
        })
    }

    async fn try_delete(&self, id: CommentId, by: Principal, expected: Option<Revision>) -> Result<Change<()>, DbErr> {
        let tx = self.db.begin().await?;
        let post = Query::select()
            .column(comment::Column::PostId)
            .from(comment::Entity)
            .and_where(comment::Column::Id.eq(id.as_str()))
            .take();
        let on = locks::posts(&tx, post::Column::Id.in_subquery(post), LockType::NoKeyUpdate).await?;
        let deleted: Vec<_> = on.into_iter().map(|post| Fact::CommentDeleted { comment: id, post }).collect();
        let mut wanted = comment::Column::Id.eq(id.as_str()).and(view::presence::comment());
        if let Some(Revision(expected)) = expected {
            wanted = wanted.and(comment::Column::Revision.eq(i64::from(expected)));
        }
        comment_removal::lock(&tx, wanted.clone(), LEVELS).await?;
        tx.tell(deleted.clone());
        let wanted = wanted.and(in_session(by.session_id));
        if comment_removal::remove(&tx, wanted, LIKES_AT_ONCE, LEVELS).await?.is_empty() {
            if !has_session(&tx, by.session_id).await? {
                return Ok(Change::SessionEnded);
            }
            let alive = comment::Column::Id.eq(id.as_str()).and(view::presence::comment());
            let is_there = exists(&tx, comment::Entity, alive).await?;
            tx.abandon(by.user_id, if is_there { Vec::new() } else { deleted }).await?;
            return Ok(if is_there { Change::Stale } else { Change::NotFound });
        }
        tx.commit(by.user_id).await?;
        Ok(Change::Changed(()))
    }
}

/// Whether the comments of a thread are visible. A statement of its own, whose plan is kept. The list is planned anew
/// for every post, and would take half as long again with this condition.
async fn thread_exists(connection: &Reading, thread: Thread) -> Result<bool, DbErr> {
    match thread {
        Thread::Post(id) => {
            let post = post::Column::Id.eq(id.as_str()).and(view::presence::post());
            is_there(connection, post::Entity, post).await
        }
        Thread::Replies(id) => {
            let has_replies = Expr::col((comment::Entity, comment::Column::ReplyCount)).gt(0);
            let comment = comment::Column::Id
                .eq(id.as_str())
                .and(view::presence::comment_post())
                .and(view::presence::comment_author().or(has_replies));
            is_there(connection, comment::Entity, comment).await
        }
    }
}

#[async_trait]
impl CommentRepository for SeaCommentRepository {
    async fn find(&self, id: CommentId, viewer: Option<UserId>) -> Result<Option<CommentView>, RepositoryError> {
        reading("comments.find", async { self.try_find(&self.db.read(viewer).await, id, viewer).await }).await
    }

    async fn find_owners(&self, id: CommentId) -> Result<Option<CommentOwners>, RepositoryError> {
        reading("comments.find_owners", self.try_find_owners(id)).await
    }

    async fn list(
        &self,
        thread: Thread,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<CommentView>>, RepositoryError> {
        reading("comments.list", self.try_list(thread, page, viewer)).await
    }

    async fn add<'a>(
        &self,
        comment: &NewComment,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<AddCommentOutcome, RepositoryError> {
        if request.is_some() || comment.parent_id.is_some() {
            return comment_addition::add_alone(&self.db, comment, request).await;
        }
        self.db.write_in_batch(CommentWrite(comment.clone())).await
    }

    async fn edit(&self, id: CommentId, edit: &Edit, by: Principal) -> Result<Change<CommentView>, RepositoryError> {
        retrying(&self.db, "comments.edit", || self.try_edit(id, edit, by)).await
    }

    async fn delete(
        &self,
        id: CommentId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Change<()>, RepositoryError> {
        retrying(&self.db, "comments.delete", || self.try_delete(id, by, expected)).await
    }

    async fn like(&self, id: CommentId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError> {
        let write = LikeWrite::<LikedComments>::new(id.cuid(), by, LikeAction::Give(at));
        self.db.write_in_batch(write).await.map(Like::from)
    }

    async fn unlike(&self, id: CommentId, by: Principal) -> Result<Unlike, RepositoryError> {
        let write = LikeWrite::<LikedComments>::new(id.cuid(), by, LikeAction::TakeBack);
        self.db.write_in_batch(write).await.map(Unlike::from)
    }
}
