//! Follows.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Page, PageRequest, Principal, RepositoryError, Timestamp, UserId, UserRef, UserView};
use feed::ports::{Follow, FollowRepository, Relation, Unfollow};

use crate::cache::Cache;
use crate::change::Change;
use crate::tag::Tag;

/// Announces follows. Nothing of them is copied.
pub struct CachedFollows {
    inner: Arc<dyn FollowRepository>,
    cache: Cache,
}

impl CachedFollows {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn FollowRepository>, cache: Cache) -> Self {
        Self { inner, cache }
    }
}

/// Both accounts count it.
fn touching(follower: UserId, followee: UserId) -> Change {
    Change { by: Some(follower), tags: vec![Tag::User(follower), Tag::User(followee)] }
}

#[async_trait]
impl FollowRepository for CachedFollows {
    async fn resolve(&self, user: &UserRef) -> Result<Option<UserId>, RepositoryError> {
        self.inner.resolve(user).await
    }

    /// Touches the counts of both accounts.
    async fn follow(&self, by: Principal, followee: UserId, at: Timestamp) -> Result<Follow, RepositoryError> {
        let touches = |outcome: &Follow| *outcome == Follow::Done;
        let write = self.inner.follow(by, followee, at);
        self.cache.write(touching(by.user_id, followee), touches, write).await
    }

    /// Touches the counts of both accounts.
    async fn unfollow(&self, by: Principal, followee: UserId) -> Result<Unfollow, RepositoryError> {
        let touches = |outcome: &Unfollow| *outcome == Unfollow::Done;
        let write = self.inner.unfollow(by, followee);
        self.cache.write(touching(by.user_id, followee), touches, write).await
    }

    async fn list(
        &self,
        user: &UserRef,
        relation: Relation,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError> {
        self.inner.list(user, relation, page, viewer).await
    }
}
