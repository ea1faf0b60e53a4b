//! Cached reads of posts.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Page, PageRequest, Post, PostId, PostPage, PostView, Principal, RepositoryError, Revision, Timestamp, UserId,
    UserRef, UserView,
};
use futures_util::FutureExt;
use posts::IdempotentRequest;
use posts::ports::{Change, Edit, Like, NewPost, PostRepository, PostViewers, Unlike, Write};

use super::{load, post_seen_by, seen_by};
use crate::cache::Cache;
use crate::kept::entry::Value;
use crate::kept::key::Key;

/// Caches single posts, and the lists of a user's posts.
pub struct CachedPosts {
    inner: Arc<dyn PostRepository>,
    loader: Arc<dyn PostRepository>,
    viewers: Arc<dyn PostViewers>,
    cache: Cache,
}

impl CachedPosts {
    /// Decorates `inner`. `loader` loads entries; `viewers` reads the viewer flags.
    pub fn new(
        inner: Arc<dyn PostRepository>,
        loader: Arc<dyn PostRepository>,
        viewers: Arc<dyn PostViewers>,
        cache: Cache,
    ) -> Self {
        Self { inner, loader, viewers, cache }
    }
}

async fn find(posts: Arc<dyn PostRepository>, id: PostId) -> Result<Value, RepositoryError> {
    Ok(posts.find(id, None).await?.map_or(Value::Nothing, |post| Value::Post(post.subject)))
}

async fn list(posts: Arc<dyn PostRepository>, user: UserRef, page: PageRequest) -> Result<Value, RepositoryError> {
    let found = posts.list_by_user(&user, page, None).await?;
    Ok(found.map_or(Value::Nothing, |page| Value::Posts(page.page)))
}

#[async_trait]
impl PostRepository for CachedPosts {
    async fn find(&self, id: PostId, viewer: Option<UserId>) -> Result<Option<PostView>, RepositoryError> {
        let begin = || load(find(self.loader.clone(), id), find(self.inner.clone(), id)).boxed();
        let Some(entry) = self.cache.get(&Key::Post(id), viewer, begin).await? else {
            return self.inner.find(id, viewer).await;
        };
        match &entry.value {
            Value::Post(post) => Ok(Some(post_seen_by(viewer, post, &*self.viewers).await?)),
            _ => Ok(None),
        }
    }

    async fn list_by_user(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<PostPage>, RepositoryError> {
        let begin = || {
            let (loader, inner) = (self.loader.clone(), self.inner.clone());
            load(list(loader, user.clone(), page), list(inner, user.clone(), page)).boxed()
        };
        let Some(entry) = self.cache.get(&Key::page_of(user, &page), viewer, begin).await? else {
            return self.inner.list_by_user(user, page, viewer).await;
        };
        match &entry.value {
            Value::Posts(posts) => Ok(Some(seen_by(viewer, posts, &*self.viewers).await?)),
            _ => Ok(None),
        }
    }

    async fn publish<'a>(
        &self,
        post: &NewPost,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<Write<Post>, RepositoryError> {
        self.inner.publish(post, request).await
    }

    async fn edit(&self, id: PostId, edit: &Edit, by: Principal) -> Result<Change<PostView>, RepositoryError> {
        self.inner.edit(id, edit, by).await
    }

    async fn delete(
        &self,
        id: PostId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Change<()>, RepositoryError> {
        self.inner.delete(id, by, expected).await
    }

    async fn like(&self, id: PostId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError> {
        self.inner.like(id, by, at).await
    }

    async fn unlike(&self, id: PostId, by: Principal) -> Result<Unlike, RepositoryError> {
        self.inner.unlike(id, by).await
    }

    async fn list_likes(
        &self,
        id: PostId,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        self.inner.list_likes(id, page, viewer).await
    }
}
