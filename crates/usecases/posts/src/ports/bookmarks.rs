//! The port of bookmarks.

use async_trait::async_trait;
use domain::{Page, PageRequest, PostId, PostView, Principal, RepositoryError, Timestamp, UserId};

/// Stores which posts a user wants to find again. Only that user sees their bookmarks.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait BookmarkRepository: Send + Sync {
    /// Stores that `by` bookmarked the post at `at`. A second bookmark changes nothing, its time included.
    async fn add(&self, post: PostId, by: Principal, at: Timestamp) -> Result<AddBookmark, RepositoryError>;

    /// Removes the bookmark of `by`. Without a bookmark, nothing changes.
    async fn remove(&self, post: PostId, by: Principal) -> Result<RemoveBookmark, RepositoryError>;

    /// The bookmarks of `user`, newest first, without those of deleted posts.
    async fn list(&self, user: UserId, page: PageRequest) -> Result<Page<Bookmark>, RepositoryError>;
}

/// A bookmarked post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// The post, as the owner of the bookmark sees it.
    pub post: PostView,
    /// When it was bookmarked.
    pub at: Timestamp,
}

/// The outcome of adding a bookmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddBookmark {
    /// The bookmark is new.
    Added,
    /// The bookmark existed; nothing changed.
    Already,
    /// The post does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}

/// The outcome of removing a bookmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveBookmark {
    /// The bookmark was removed.
    Removed,
    /// There was no bookmark; nothing changed.
    Nothing,
    /// The post does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}
