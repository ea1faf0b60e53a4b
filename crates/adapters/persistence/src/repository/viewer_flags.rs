//! The reader's own flags for cached posts and users, in one statement a page.

use std::collections::HashMap;

use accounts::ports::UserRelations;
use async_trait::async_trait;
use database::{Fields, Select, reading};
use domain::{PostId, PostViewer, RepositoryError, UserId, UserViewer};
use posts::ports::PostViewers;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, DbErr};

use super::{SeaPostRepository, SeaUserRepository};
use crate::entity::{bookmark, follow, post_like};

async fn viewers(
    connection: &impl Select,
    viewer: UserId,
    posts: &[PostId],
) -> Result<HashMap<PostId, PostViewer>, DbErr> {
    let mut viewers: HashMap<_, _> = posts.iter().map(|post| (*post, PostViewer::default())).collect();
    if posts.is_empty() {
        return Ok(viewers);
    }
    let select = likes(viewer, posts).union(UnionType::All, bookmarks(viewer, posts)).take();
    for row in connection.select_all(&select).await? {
        let mut fields = Fields::of(&row);
        let (post, is_bookmark): (PostId, bool) = (fields.id()?, fields.value()?);
        if let Some(flags) = viewers.get_mut(&post) {
            if is_bookmark { flags.bookmarked = true } else { flags.liked = true }
        }
    }
    Ok(viewers)
}

/// The `posts` that `viewer` likes, each with `FALSE`.
fn likes(viewer: UserId, posts: &[PostId]) -> SelectStatement {
    Query::select()
        .column(post_like::Column::PostId)
        .expr(Expr::cust("FALSE"))
        .from(post_like::Entity)
        .and_where(post_like::Column::UserId.eq(viewer.as_str()))
        .and_where(post_like::Column::PostId.is_in(posts.iter().map(PostId::as_str)))
        .take()
}

/// The `posts` that `viewer` bookmarked, each with `TRUE`.
fn bookmarks(viewer: UserId, posts: &[PostId]) -> SelectStatement {
    Query::select()
        .column(bookmark::Column::PostId)
        .expr(Expr::cust("TRUE"))
        .from(bookmark::Entity)
        .and_where(bookmark::Column::UserId.eq(viewer.as_str()))
        .and_where(bookmark::Column::PostId.is_in(posts.iter().map(PostId::as_str)))
        .take()
}

async fn relations(
    connection: &impl Select,
    viewer: UserId,
    users: &[UserId],
) -> Result<HashMap<UserId, UserViewer>, DbErr> {
    let mut relations: HashMap<_, _> =
        users.iter().map(|user| (*user, UserViewer { following: false, followed_by: false })).collect();
    if users.is_empty() {
        return Ok(relations);
    }
    let select = follows(follow::Column::FollowerId, follow::Column::FolloweeId, viewer, users)
        .union(UnionType::All, follows(follow::Column::FolloweeId, follow::Column::FollowerId, viewer, users))
        .take();
    for row in connection.select_all(&select).await? {
        let mut fields = Fields::of(&row);
        let (follower, followee) = (fields.id()?, fields.id()?);
        if let Some(relation) = relations.get_mut(&followee).filter(|_| follower == viewer) {
            relation.following = true;
        }
        if let Some(relation) = relations.get_mut(&follower).filter(|_| followee == viewer) {
            relation.followed_by = true;
        }
    }
    Ok(relations)
}

/// The follows with `viewer` in the column `own` and one of `users` in the column `other`.
fn follows(own: follow::Column, other: follow::Column, viewer: UserId, users: &[UserId]) -> SelectStatement {
    Query::select()
        .columns([follow::Column::FollowerId, follow::Column::FolloweeId])
        .from(follow::Entity)
        .and_where(Expr::col(own).eq(viewer.as_str()))
        .and_where(Expr::col(other).is_in(users.iter().map(UserId::as_str)))
        .take()
}

#[async_trait]
impl PostViewers for SeaPostRepository {
    async fn viewers(&self, viewer: UserId, posts: &[PostId]) -> Result<HashMap<PostId, PostViewer>, RepositoryError> {
        reading("posts.viewers", async { viewers(&self.db.read(Some(viewer)).await, viewer, posts).await }).await
    }
}

#[async_trait]
impl UserRelations for SeaUserRepository {
    async fn relations(
        &self,
        viewer: UserId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, UserViewer>, RepositoryError> {
        reading("users.relations", async { relations(&self.db.read(Some(viewer)).await, viewer, users).await }).await
    }
}
