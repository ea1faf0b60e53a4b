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
    if posts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = connection.select_all(&view::post::select_viewers(viewer, posts)).await?;
    rows.iter().map(view::post::read_viewer).collect()
}

async fn relations(
    connection: &impl Select,
    viewer: UserId,
    users: &[UserId],
) -> Result<HashMap<UserId, UserViewer>, DbErr> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = connection.select_all(&view::user::select_viewers(viewer, users)).await?;
    rows.iter().map(view::user::read_viewer).collect()
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
