//! The reader's own flags for cached posts and users, in one statement a page.

use std::collections::{HashMap, HashSet};

use accounts::ports::UserRelations;
use async_trait::async_trait;
use database::{Fields, Select, reading};
use domain::{PostId, RepositoryError, UserId, UserViewer};
use posts::ports::PostLikes;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, DbErr};

use super::{SeaPostRepository, SeaUserRepository};
use crate::entity::{follow, post_like};

async fn liked(connection: &impl Select, viewer: UserId, posts: &[PostId]) -> Result<HashSet<PostId>, DbErr> {
    if posts.is_empty() {
        return Ok(HashSet::new());
    }
    let select = Query::select()
        .column(post_like::Column::PostId)
        .from(post_like::Entity)
        .and_where(post_like::Column::UserId.eq(viewer.as_str()))
        .and_where(post_like::Column::PostId.is_in(posts.iter().map(PostId::as_str)))
        .take();
    connection.select_all(&select).await?.iter().map(|row| Fields::of(row).id()).collect()
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
impl PostLikes for SeaPostRepository {
    async fn liked(&self, viewer: UserId, posts: &[PostId]) -> Result<HashSet<PostId>, RepositoryError> {
        reading("posts.liked", async { liked(&self.db.read(Some(viewer)).await, viewer, posts).await }).await
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
