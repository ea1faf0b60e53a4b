//! What the feed context needs of the world.

#![warn(missing_docs)]

use async_trait::async_trait;
use domain::{PageRequest, PostPage, RepositoryError, UserId};

/// Reads timelines.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TimelineRepository: Send + Sync {
    /// The posts of everybody, newest first, as `viewer` sees them.
    async fn public(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, RepositoryError>;

    /// The posts of those whom `user` follows, and the user's own, newest first, as `user` sees them.
    async fn home(&self, user: UserId, page: PageRequest) -> Result<PostPage, RepositoryError>;
}
