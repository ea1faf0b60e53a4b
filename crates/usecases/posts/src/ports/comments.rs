//! The port of comments.

use async_trait::async_trait;
use domain::{
    Comment, CommentId, CommentView, Content, Page, PageRequest, PostId, Principal, RepositoryError, Revision,
    SessionId, Timestamp, UserId,
};

use super::edits::{Change, Edit};
use super::idempotency::Write;
use super::likes::{Like, Unlike};
use crate::idempotency::IdempotentRequest;

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
