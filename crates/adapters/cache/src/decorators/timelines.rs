//! Cached reads of the public feed.

use std::sync::Arc;

use ::posts::ports::PostViewers;
use async_trait::async_trait;
use domain::{PageRequest, PostPage, RepositoryError, UserId};
use feed::ports::TimelineRepository;
use futures_util::FutureExt;

use super::{load, seen_by};
use crate::cache::Cache;
use crate::kept::entry::Value;
use crate::kept::key::Key;

/// Caches the public feed. Home timelines differ per reader, and are not cached.
pub struct CachedTimelines {
    inner: Arc<dyn TimelineRepository>,
    loader: Arc<dyn TimelineRepository>,
    viewers: Arc<dyn PostViewers>,
    cache: Cache,
}

impl CachedTimelines {
    /// Decorates `inner`. `loader` loads entries; `viewers` reads the viewer flags.
    pub fn new(
        inner: Arc<dyn TimelineRepository>,
        loader: Arc<dyn TimelineRepository>,
        viewers: Arc<dyn PostViewers>,
        cache: Cache,
    ) -> Self {
        Self { inner, loader, viewers, cache }
    }
}

async fn public(timelines: Arc<dyn TimelineRepository>, page: PageRequest) -> Result<Value, RepositoryError> {
    Ok(Value::Posts(timelines.public(page, None).await?.page))
}

#[async_trait]
impl TimelineRepository for CachedTimelines {
    async fn public(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, RepositoryError> {
        let begin = || load(public(self.loader.clone(), page), public(self.inner.clone(), page)).boxed();
        let key = Key::PublicPage((&page).into());
        match self.cache.get(&key, viewer, begin).await?.as_deref().map(|entry| &entry.value) {
            Some(Value::Posts(posts)) => seen_by(viewer, posts, &*self.viewers).await,
            _ => self.inner.public(page, viewer).await,
        }
    }

    async fn home(&self, user: UserId, page: PageRequest) -> Result<PostPage, RepositoryError> {
        self.inner.home(user, page).await
    }
}
