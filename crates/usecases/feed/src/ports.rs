//! The ports of the feed context.

#![warn(missing_docs)]

use async_trait::async_trait;
use domain::{PageRequest, PostPage, RepositoryError, UserId};

/// Reads timelines.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TimelineRepository: Send + Sync {
    /// All posts, newest first, as `viewer` sees them.
    async fn public(&self, page: PageRequest, viewer: Option<UserId>) -> Result<PostPage, RepositoryError>;

    /// The posts of `user` and of the users that `user` follows, newest first, as `user` sees them.
    async fn home(&self, user: UserId, page: PageRequest) -> Result<PostPage, RepositoryError>;
}
