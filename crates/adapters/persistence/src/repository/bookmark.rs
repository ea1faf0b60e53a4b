//! The port `BookmarkRepository`: posts that a user wants to find again.
//!
//! Bookmarks are private: only their owner reads them, no counter and no cache entry contains them. So these writes
//! publish no facts. The position of each write is still noted for its author, who reads it through any instance.
//!
//! Invariants:
//! - A bookmark of a post is added or removed under the lock of the post, as a like is. A post that is being removed
//!   gets no new bookmarks.
//! - The statement that stores or removes a bookmark checks the session, after the wait for the locks.
//!
//! Tested in `tests/repositories/bookmarks.rs`.

use async_trait::async_trait;
use database::keyset::{self, Direction};
use database::{Database, corrupt, reading, retrying};
use domain::{Cursor, Page, PageRequest, PostId, PostView, Principal, RepositoryError, Timestamp, UserId};
use posts::ports::{AddBookmark, Bookmark, BookmarkRepository, RemoveBookmark};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::acting::{has_session, in_session};
use super::locks;
use crate::entity::{bookmark, post};
use crate::view;

/// The port `BookmarkRepository` over the database.
pub struct SeaBookmarkRepository {
    db: Database,
}

impl SeaBookmarkRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_add(&self, post: PostId, by: Principal, at: Timestamp) -> Result<AddBookmark, DbErr> {
        let tx = self.db.begin().await?;
        match lock(&tx, post, by).await? {
            Locked::Both => {}
            Locked::NoSession => return Ok(AddBookmark::SessionEnded),
            Locked::NoPost => return Ok(AddBookmark::NotFound),
        }
        if insert(&tx, post, by, at).await? {
            tx.commit(by.user_id).await?;
            return Ok(AddBookmark::Added);
        }
        if !has_session(&tx, by.session_id).await? {
            return Ok(AddBookmark::SessionEnded);
        }
        tx.abandon(by.user_id, []).await?;
        Ok(AddBookmark::Already)
    }

    async fn try_remove(&self, post: PostId, by: Principal) -> Result<RemoveBookmark, DbErr> {
        let tx = self.db.begin().await?;
        match lock(&tx, post, by).await? {
            Locked::Both => {}
            Locked::NoSession => return Ok(RemoveBookmark::SessionEnded),
            Locked::NoPost => return Ok(RemoveBookmark::NotFound),
        }
        if delete(&tx, post, by).await? {
            tx.commit(by.user_id).await?;
            return Ok(RemoveBookmark::Removed);
        }
        if !has_session(&tx, by.session_id).await? {
            return Ok(RemoveBookmark::SessionEnded);
        }
        tx.abandon(by.user_id, []).await?;
        Ok(RemoveBookmark::Nothing)
    }

    async fn try_list(&self, user: UserId, page: PageRequest) -> Result<Page<Bookmark>, DbErr> {
        let mut select = view::post::select(Some(user));
        select
            .column((bookmark::Entity, bookmark::Column::BookmarkedAt))
            .inner_join(
                bookmark::Entity,
                Expr::col((bookmark::Entity, bookmark::Column::PostId)).equals((post::Entity, post::Column::Id)),
            )
            .and_where(bookmark::Column::UserId.eq(user.as_str()))
            .and_where(view::post::is_there());
        let position =
            ((bookmark::Entity, bookmark::Column::BookmarkedAt), (bookmark::Entity, bookmark::Column::PostId));
        keyset::page(&mut select, position, Direction::NewestFirst, &page);
        let rows = self.db.read(Some(user)).await.select_all_planned_once(&select).await?;
        let read = |row| {
            let ((post, viewer), at) = view::post::read_with_time(row, Some(user))?;
            Ok(Bookmark { post: PostView::new(post, viewer), at })
        };
        let bookmarks = rows.iter().map(read).collect::<Result<_, DbErr>>()?;
        Ok(Page::from_lookahead(bookmarks, page.size, position_of))
    }
}

/// What [`lock`] found.
enum Locked {
    /// The account and the post.
    Both,
    /// The session ended, possibly with the account.
    NoSession,
    /// No such post, or a hidden one.
    NoPost,
}

/// Locks the account against erasure and then the post, in the global order.
///
/// The foreign key takes only `FOR KEY SHARE` of the post. Batches of likes and comments rely on the stronger lock: see
/// [`super::like_write`].
async fn lock(tx: &impl ConnectionTrait, post: PostId, by: Principal) -> Result<Locked, DbErr> {
    let acting = view::user::is(&by.user_id.into()).and(in_session(by.session_id));
    if locks::accounts(tx, acting, LockType::KeyShare).await?.is_empty() {
        return Ok(Locked::NoSession);
    }
    let alive = post::Column::Id.eq(post.as_str()).and(view::presence::post());
    let posts = locks::posts(tx, alive, LockType::NoKeyUpdate).await?;
    Ok(if posts.is_empty() { Locked::NoPost } else { Locked::Both })
}

/// Stores a bookmark, unless it exists or the session has ended. Returns whether it was stored.
async fn insert(tx: &impl ConnectionTrait, post: PostId, by: Principal, at: Timestamp) -> Result<bool, DbErr> {
    let row = Query::select()
        .expr(Expr::val(by.user_id.as_str()))
        .expr(Expr::val(post.as_str()))
        .expr(Expr::val(at.as_micros()))
        .and_where(in_session(by.session_id))
        .take();
    let key = [bookmark::Column::UserId, bookmark::Column::PostId];
    let insert = Query::insert()
        .into_table(bookmark::Entity)
        .columns([bookmark::Column::UserId, bookmark::Column::PostId, bookmark::Column::BookmarkedAt])
        .select_from(row)
        .map_err(|error| corrupt("bookmark", error))?
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .take();
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// Removes a bookmark, unless the session has ended. Returns whether it existed.
async fn delete(tx: &impl ConnectionTrait, post: PostId, by: Principal) -> Result<bool, DbErr> {
    let delete = bookmark::Entity::delete_many()
        .filter(bookmark::Column::UserId.eq(by.user_id.as_str()))
        .filter(bookmark::Column::PostId.eq(post.as_str()))
        .filter(in_session(by.session_id));
    Ok(delete.exec(tx).await?.rows_affected == 1)
}

fn position_of(bookmark: &Bookmark) -> Cursor {
    Cursor { at: bookmark.at, id: bookmark.post.subject.id.cuid() }
}

#[async_trait]
impl BookmarkRepository for SeaBookmarkRepository {
    async fn add(&self, post: PostId, by: Principal, at: Timestamp) -> Result<AddBookmark, RepositoryError> {
        retrying(&self.db, "bookmarks.add", || self.try_add(post, by, at)).await
    }

    async fn remove(&self, post: PostId, by: Principal) -> Result<RemoveBookmark, RepositoryError> {
        retrying(&self.db, "bookmarks.remove", || self.try_remove(post, by)).await
    }

    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<Bookmark>, RepositoryError> {
        reading("bookmarks.list", self.try_list(user, page)).await
    }
}
