//! The ports of posts.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    Content, Page, PageRequest, Post, PostId, PostPage, PostView, PostViewer, Principal, RepositoryError, Revision,
    SessionId, Timestamp, UserId, UserRef, UserView,
};

use super::edits::{Change, Edit};
use super::idempotency::Write;
use super::likes::{Like, Unlike};
use crate::idempotency::IdempotentRequest;

/// Stores posts and their likes.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PostRepository: Send + Sync {
    /// The post as `viewer` sees it; `None` if it does not exist.
    async fn find(&self, id: PostId, viewer: Option<UserId>) -> Result<Option<PostView>, RepositoryError>;

    /// The posts of one user, newest first; `None` if the user does not exist.
    async fn list_by_user(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<PostPage>, RepositoryError>;

    /// Stores the post, the author's new count and the idempotency key of the request, in one transaction.
    async fn publish<'a>(
        &self,
        post: &NewPost,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<Write<Post>, RepositoryError>;

    /// Changes the text, unless the revision is not the expected one. Returns the post as `by` sees it. The same text
    /// is no edit: time and revision stay.
    async fn edit(&self, id: PostId, edit: &Edit, by: Principal) -> Result<Change<PostView>, RepositoryError>;

    /// Hides the post and everything below it, and requests the removal of its rows, in one transaction. Does so only
    /// at the `expected` revision. The author's count contains the post until its row is removed. `by` is its author.
    async fn delete(
        &self,
        id: PostId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Change<()>, RepositoryError>;

    /// Stores that `by` likes the post, and raises its count, in one transaction. A second like changes nothing.
    async fn like(&self, id: PostId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError>;

    /// Removes a like, and lowers the count, in one transaction. Without a like, nothing changes.
    async fn unlike(&self, id: PostId, by: Principal) -> Result<Unlike, RepositoryError>;

    /// The users who like the post, newest like first; `None` if the post does not exist.
    async fn list_likes(
        &self,
        id: PostId,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<UserView>>, RepositoryError>;
}

/// Removes the rows of deleted posts.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PostRemover: Send + Sync {
    /// Begins to remove the rows of a deleted post. Returns when they are removed, or after a moment: the rest
    /// continues in the background, also if this process stops.
    async fn remove(&self, post: PostId);
}

/// Reports a reader's own flags on posts that are already known. For cached posts, which are the same for every
/// reader.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PostViewers: Send + Sync {
    /// The flags of `viewer` on each of `posts`.
    async fn viewers(&self, viewer: UserId, posts: &[PostId]) -> Result<HashMap<PostId, PostViewer>, RepositoryError>;
}

/// A post to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    /// The id of the post.
    pub id: PostId,
    /// The author.
    pub author_id: UserId,
    /// The session of the author; once it has ended, nothing is stored.
    pub session_id: SessionId,
    /// The text.
    pub content: Content,
    /// When it was published.
    pub created_at: Timestamp,
}
