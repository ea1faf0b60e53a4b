//! Keeps posts.

use async_trait::async_trait;
use domain::{
    Author, DisplayName, Page, PageRequest, Post, PostId, PostPage, PostView, Principal, RepositoryError, Revision,
    Timestamp, UserId, UserRef, UserView, Username,
};
use posts::IdempotentRequest;
use posts::ports::{Change, Edit, Like, NewPost, PostRepository, Write};
use removals::RemovalKind;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::{has_session, in_session};
use super::idempotency::{Claim, Effect, claim};
use super::likes::LikedPosts;
use super::{exists, is_there, one_if, removal, time_if};
use crate::coalesced::{Coalesced, Liking, Publishing, Wish};
use crate::database::{Database, Select};
use crate::entity::{post, post_like, user};
use crate::error::corrupt;
use crate::fields::Fields;
use crate::keyset::{self, Direction};
use crate::operation::{reading, retrying};
use crate::view;

/// Keeps posts in the database.
pub struct SeaPostRepository {
    pub(super) db: Database,
    published: Coalesced<Publishing>,
    likes: Coalesced<Liking<LikedPosts>>,
}

impl SeaPostRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { published: Coalesced::new(&db), likes: Coalesced::new(&db), db }
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

    /// Publishes under an idempotency key, which needs a transaction to itself: it may have to be given up.
    async fn try_publish_once(&self, new: &NewPost, request: &IdempotentRequest) -> Result<Write<Post>, DbErr> {
        let tx = self.db.begin().await?;
        let Some(author) = count_post(&tx, new).await? else {
            return Ok(Write::SessionEnded);
        };
        let effect = Effect { id: new.id.cuid(), at: new.created_at, author_display_name: author.display_name.clone() };
        match claim(&tx, new.author_id, request, &effect).await? {
            Claim::Granted => {}
            Claim::Replay(effect) => {
                tx.abandon(new.author_id).await?;
                return Ok(Write::Replayed(first_answer(new, author, effect)));
            }
            Claim::Reused => return Ok(Write::KeyReused),
        }
        if !insert(&tx, new).await? {
            return Ok(Write::SessionEnded);
        }
        tx.commit(new.author_id).await?;
        Ok(Write::Stored(stored(new, author, new.id, new.created_at)))
    }

    async fn try_edit(&self, id: PostId, edit: &Edit, by: Principal) -> Result<Change<PostView>, DbErr> {
        let tx = self.db.begin().await?;
        // The same words are no edit.
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
        let found = self.try_find(&tx, id, Some(by.user_id)).await?;
        tx.commit(by.user_id).await?;
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
        if hide.exec(&tx).await?.rows_affected == 0 {
            if !has_session(&tx, by.session_id).await? {
                return Ok(Change::SessionEnded);
            }
            let is_there =
                exists(&tx, post::Entity, post::Column::Id.eq(id.as_str()).and(view::presence::post())).await?;
            tx.abandon(by.user_id).await?;
            return Ok(if is_there { Change::Stale } else { Change::NotFound });
        }
        removal::request(&tx, RemovalKind::Post, &[id.to_string()]).await?;
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

/// Publishes a post in a transaction that may have others.
pub(crate) async fn publish(tx: &impl ConnectionTrait, new: &NewPost) -> Result<Write<Post>, DbErr> {
    let Some(author) = count_post(tx, new).await? else {
        return Ok(Write::SessionEnded);
    };
    if !insert(tx, new).await? {
        return Ok(Write::SessionEnded);
    }
    Ok(Write::Stored(stored(new, author, new.id, new.created_at)))
}

/// Stores a post, unless its session has ended; answers whether it did.
async fn insert(tx: &impl ConnectionTrait, new: &NewPost) -> Result<bool, DbErr> {
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
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// Counts a new post of its author, which locks the account: it cannot be erased between this and the end. Answers what
/// the post shows of them; `None` if the session has ended, as that of an erased account has.
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
        username: Username::from_stored(fields.next()?),
        display_name: DisplayName::from_stored(fields.next()?),
    }))
}

fn first_answer(request: &NewPost, author: Author, effect: Effect) -> Post {
    let author = Author { display_name: effect.author_display_name, ..author };
    stored(request, author, effect.id.into(), effect.at)
}

/// A post as it is right after it was stored.
pub(crate) fn stored(new: &NewPost, author: Author, id: PostId, at: Timestamp) -> Post {
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
            Some(request) => retrying(&self.db, "posts.publish", || self.try_publish_once(post, request)).await,
            None => self.published.write(Publishing(post.clone())).await,
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
        self.likes.write(Liking::new(id.cuid(), by, Wish::Like(at))).await
    }

    async fn unlike(&self, id: PostId, by: Principal) -> Result<Like, RepositoryError> {
        self.likes.write(Liking::new(id.cuid(), by, Wish::Unlike)).await
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
