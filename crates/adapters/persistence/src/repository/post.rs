//! The port `PostRepository`: posts and their likes.

use async_trait::async_trait;
use database::keyset::{self, Direction};
use database::{Database, Select, reading, retrying};
use domain::{
    Page, PageRequest, Post, PostId, PostPage, PostView, Principal, RepositoryError, Revision, Timestamp, UserId,
    UserRef, UserView,
};
use events::Fact;
use posts::IdempotentRequest;
use posts::ports::{Change, Edit, Like, NewPost, PostRepository, Unlike, Write};
use removals::RemovalKind;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::{has_session, in_session};
use super::like_write::{LikeAction, LikeWrite};
use super::likes::LikedPosts;
use super::post_publication::{self, PostWrite};
use super::{exists, is_there, one_if, pending_removals, time_if};
use crate::entity::{post, post_like, user};
use crate::view;

/// The port `PostRepository` over the database.
pub struct SeaPostRepository {
    pub(super) db: Database,
}

impl SeaPostRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_find(
        &self,
        connection: &impl Select,
        id: PostId,
        viewer: Option<UserId>,
    ) -> Result<Option<PostView>, DbErr> {
        let is_it = post::Column::Id.eq(id.as_str()).and(view::post::is_there());
        let select = view::post::select(viewer).and_where(is_it).take();
        let row = connection.select_one(&select).await?;
        row.map(|row| view::post::read(&row, viewer).map(|(post, viewer)| PostView::new(post, viewer))).transpose()
    }

    async fn try_list_by_user(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<PostPage>, DbErr> {
        let mut select = view::post::select(viewer);
        select.and_where(view::user::refers((post::Entity, post::Column::AuthorId), user));
        select.and_where(view::post::is_there());
        keyset::page(&mut select, view::post::POSITION, Direction::NewestFirst, &page);
        let connection = self.db.read(viewer).await;
        let rows = connection.select_all(&select).await?;
        if rows.is_empty() && !exists(&connection, user::Entity, view::user::is(user)).await? {
            return Ok(None);
        }
        view::post::read_page(&rows, page, viewer).map(Some)
    }

    async fn try_edit(&self, id: PostId, edit: &Edit, by: Principal) -> Result<Change<PostView>, DbErr> {
        let tx = self.db.begin().await?;
        // The same content is no edit, though the row is locked for it.
        let differs = || post::Column::Content.ne(edit.content.as_str());
        let mut update = post::Entity::update_many()
            .col_expr(post::Column::Content, Expr::val(edit.content.as_str().to_owned()))
            .col_expr(post::Column::EditedAt, time_if(differs(), edit.at, post::Column::EditedAt))
            .col_expr(post::Column::Revision, Expr::col(post::Column::Revision).add(one_if(differs())))
            .filter(post::Column::Id.eq(id.as_str()))
            .filter(view::presence::post())
            .filter(in_session(by.session_id));
        if let Some(Revision(expected)) = edit.expected {
            update = update.filter(post::Column::Revision.eq(i64::from(expected)));
        }
        let updated = update.exec(&tx).await?.rows_affected == 1;
        if !updated && !has_session(&tx, by.session_id).await? {
            return Ok(Change::SessionEnded);
        }
        let (edited, deleted) =
            (Fact::PostEdited { post: id, author: by.user_id }, Fact::PostDeleted { post: id, author: by.user_id });
        if updated {
            tx.tell([edited.clone()]);
        }
        let found = self.try_find(&tx, id, Some(by.user_id)).await?;
        match &found {
            Some(post) if updated && post.subject.edited_at == Some(edit.at) => tx.commit(by.user_id).await?,
            Some(_) => tx.abandon(by.user_id, [edited]).await?,
            None => tx.abandon(by.user_id, [deleted]).await?,
        }
        Ok(match found {
            Some(post) if updated => Change::Changed(post),
            Some(_) => Change::Stale,
            None => Change::NotFound,
        })
    }

    async fn try_delete(&self, id: PostId, by: Principal, expected: Option<Revision>) -> Result<Change<()>, DbErr> {
        let tx = self.db.begin().await?;
        let mut hide = post::Entity::update_many()
            .col_expr(post::Column::Removed, Expr::val(true))
            .filter(post::Column::Id.eq(id.as_str()))
            .filter(view::presence::post())
            .filter(in_session(by.session_id));
        if let Some(Revision(expected)) = expected {
            hide = hide.filter(post::Column::Revision.eq(i64::from(expected)));
        }
        let deleted = Fact::PostDeleted { post: id, author: by.user_id };
        if hide.exec(&tx).await?.rows_affected == 0 {
            if !has_session(&tx, by.session_id).await? {
                return Ok(Change::SessionEnded);
            }
            let is_there =
                exists(&tx, post::Entity, post::Column::Id.eq(id.as_str()).and(view::presence::post())).await?;
            let edited = Fact::PostEdited { post: id, author: by.user_id };
            tx.abandon(by.user_id, [if is_there { edited } else { deleted }]).await?;
            return Ok(if is_there { Change::Stale } else { Change::NotFound });
        }
        tx.tell([deleted]);
        pending_removals::request(&tx, RemovalKind::Post, &[id.to_string()]).await?;
        tx.commit(by.user_id).await?;
        Ok(Change::Changed(()))
    }

    async fn try_list_likes(
        &self,
        id: PostId,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, DbErr> {
        let mut select = view::user::select(viewer);
        select
            .column((post_like::Entity, post_like::Column::CreatedAt))
            .inner_join(
                post_like::Entity,
                Expr::col((post_like::Entity, post_like::Column::UserId)).equals((user::Entity, user::Column::Id)),
            )
            .and_where(post_like::Column::PostId.eq(id.as_str()))
            .and_where(view::presence::user());
        let position =
            ((post_like::Entity, post_like::Column::CreatedAt), (post_like::Entity, post_like::Column::UserId));
        keyset::page(&mut select, position, Direction::NewestFirst, &page);
        let connection = self.db.read(viewer).await;
        let post = post::Column::Id.eq(id.as_str()).and(view::presence::post());
        let is_there = Box::pin(is_there(&connection, post::Entity, post));
        let (rows, is_there) = tokio::try_join!(connection.select_all(&select), is_there)?;
        if !is_there {
            return Ok(None);
        }
        let users = rows.iter().map(|row| view::user::read_with_time(row, viewer)).collect::<Result<_, _>>()?;
        Ok(Some(Page::from_lookahead(users, page.size, |(_, position)| *position).map(|(user, _)| user)))
    }
}

#[async_trait]
impl PostRepository for SeaPostRepository {
    async fn find(&self, id: PostId, viewer: Option<UserId>) -> Result<Option<PostView>, RepositoryError> {
        reading("posts.find", async { self.try_find(&self.db.read(viewer).await, id, viewer).await }).await
    }

    async fn list_by_user(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<PostPage>, RepositoryError> {
        reading("posts.list_by_user", self.try_list_by_user(user, page, viewer)).await
    }

    async fn publish<'a>(
        &self,
        post: &NewPost,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<Write<Post>, RepositoryError> {
        match request {
            Some(request) => post_publication::publish_once(&self.db, post, request).await,
            None => self.db.write_in_batch(PostWrite(post.clone())).await,
        }
    }

    async fn edit(&self, id: PostId, edit: &Edit, by: Principal) -> Result<Change<PostView>, RepositoryError> {
        retrying(&self.db, "posts.edit", || self.try_edit(id, edit, by)).await
    }

    async fn delete(
        &self,
        id: PostId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Change<()>, RepositoryError> {
        retrying(&self.db, "posts.delete", || self.try_delete(id, by, expected)).await
    }

    async fn like(&self, id: PostId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError> {
        let write = LikeWrite::<LikedPosts>::new(id.cuid(), by, LikeAction::Give(at));
        self.db.write_in_batch(write).await.map(Like::from)
    }

    async fn unlike(&self, id: PostId, by: Principal) -> Result<Unlike, RepositoryError> {
        let write = LikeWrite::<LikedPosts>::new(id.cuid(), by, LikeAction::TakeBack);
        self.db.write_in_batch(write).await.map(Unlike::from)
    }

    async fn list_likes(
        &self,
        id: PostId,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        reading("posts.list_likes", self.try_list_likes(id, page, viewer)).await
    }
}
