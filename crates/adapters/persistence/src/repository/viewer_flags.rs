//! The reader's own flags for cached posts and users, in one statement a page.

use std::collections::HashMap;

use accounts::ports::UserRelations;
use async_trait::async_trait;
use database::{Select, reading};
use domain::{PostId, PostViewer, RepositoryError, UserId, UserViewer};
use posts::ports::PostViewers;
use sea_orm::DbErr;

use super::{SeaPostRepository, SeaUserRepository};
use crate::view;

async fn viewers(
    connection: &impl Select,
    viewer: UserId,
    posts: &[PostId],
) -> Result<HashMap<PostId, PostViewer>, DbErr> {
    let mut viewers: HashMap<_, _> = posts.iter().map(|post| (*post, PostViewer::default())).collect();
    if posts.is_empty() {
        return Ok(viewers);
    }
    for row in connection.select_all(&view::post::select_viewers(viewer, posts)).await? {
        let (post, flags) = view::post::read_viewer(&row)?;
        viewers.insert(post, flags);
    }
    Ok(viewers)
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
    for row in connection.select_all(&view::user::select_viewers(viewer, users)).await? {
        let (user, relation) = view::user::read_viewer(&row)?;
        relations.insert(user, relation);
    }
    Ok(relations)
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
