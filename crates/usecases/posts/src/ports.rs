//! The ports of the posts context.

#![warn(missing_docs)]

mod bookmarks;

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    Comment, CommentId, CommentView, Content, Page, PageRequest, Post, PostId, PostPage, PostView, PostViewer,
    Principal, RepositoryError, Revision, SessionId, Timestamp, UserId, UserRef, UserView,
};

#[cfg(any(test, feature = "mocks"))]
pub use bookmarks::MockBookmarkRepository;
pub use bookmarks::{AddBookmark, Bookmark, BookmarkRepository, RemoveBookmark};

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

/// Stores comments and their likes.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait CommentRepository: Send + Sync {
    /// The comment as `viewer` sees it, deleted or not; `None` if it does not exist.
    async fn find(&self, id: CommentId, viewer: Option<UserId>) -> Result<Option<CommentView>, RepositoryError>;

    /// The users who may delete a comment; `None` if it does not exist or was deleted.
    async fn find_owners(&self, id: CommentId) -> Result<Option<CommentOwners>, RepositoryError>;

    /// A list of comments, oldest first; `None` if the post or the comment does not exist.
    async fn list(
        &self,
        thread: Thread,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<CommentView>>, RepositoryError>;

    /// Stores the comment, the counts of its post and parent, and the idempotency key of the request, in one
    /// transaction.
    async fn add<'a>(
        &self,
        comment: &NewComment,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<AddCommentOutcome, RepositoryError>;

    /// Changes the text, unless the revision is not the expected one. Returns the comment as `by` sees it. The same
    /// text is no edit: time and revision stay.
    async fn edit(&self, id: CommentId, edit: &Edit, by: Principal) -> Result<Change<CommentView>, RepositoryError>;

    /// Deletes the comment and corrects the counts of its post and parent, in one transaction. With replies it stays
    /// without author and text, until its last reply is removed. If it has many likes, some are removed later. Does
    /// nothing unless the comment is at the `expected` revision. `by` is the user who deletes it.
    async fn delete(
        &self,
        id: CommentId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Change<()>, RepositoryError>;

    /// Stores that `by` likes the comment, and raises its count, in one transaction. A second like changes nothing.
    async fn like(&self, id: CommentId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError>;

    /// Removes a like, and lowers the count, in one transaction. Without a like, nothing changes.
    async fn unlike(&self, id: CommentId, by: Principal) -> Result<Unlike, RepositoryError>;
}

/// Purges idempotency keys; the writes that they belong to store them.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait IdempotencyKeyRepository: Send + Sync {
    /// Deletes keys that were stored before `time`, and returns how many.
    async fn purge(&self, time: Timestamp) -> Result<u64, RepositoryError>;
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

/// A comment to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// The id of the comment.
    pub id: CommentId,
    /// The post that it belongs to.
    pub post_id: PostId,
    /// The comment that it replies to; `None` at the top level.
    pub parent_id: Option<CommentId>,
    /// The author.
    pub author_id: UserId,
    /// The session of the author; once it has ended, nothing is stored.
    pub session_id: SessionId,
    /// The text.
    pub content: Content,
    /// When it was written.
    pub created_at: Timestamp,
    /// The greatest allowed depth below the top level: 1 is a reply to a top-level comment.
    pub deepest: u32,
}

/// The new text of a post or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The new text.
    pub content: Content,
    /// When it was edited.
    pub at: Timestamp,
    /// The revision that the client expects; `None` accepts any.
    pub expected: Option<Revision>,
}

/// A list of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread {
    /// The top-level comments of a post.
    Post(PostId),
    /// The direct replies to a comment.
    Replies(CommentId),
}

/// The users who may decide about a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentOwners {
    /// The author of the comment.
    pub author: UserId,
    /// The author of its post.
    pub post_author: UserId,
}

/// The outcome of a write that may have an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write<T> {
    /// It was stored.
    Stored(T),
    /// An earlier request with the same key and content stored it; this is the first answer.
    Replayed(T),
    /// The key belongs to an earlier request with other content.
    KeyReused,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}

/// The outcome of [`CommentRepository::add`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddCommentOutcome {
    /// The outcome of any write with a key.
    Write(Write<Comment>),
    /// The post does not exist.
    PostNotFound,
    /// The comment to reply to does not exist or was deleted.
    ParentNotFound,
    /// The comment to reply to belongs to another post.
    ParentOnOtherPost,
    /// The reply would be deeper than [`NewComment::deepest`].
    TooDeep,
}

/// The outcome of an edit or a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// It was changed; after an edit, this is the new state.
    Changed(T),
    /// It does not exist.
    NotFound,
    /// It is at another revision than expected.
    Stale,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}

/// The outcome of a like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Like {
    /// The like is new.
    Given,
    /// The like existed; nothing changed.
    Already,
    /// The thing to like does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}

/// The outcome of taking a like back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlike {
    /// The like was removed.
    TakenBack,
    /// There was no like; nothing changed.
    Nothing,
    /// The thing does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}
