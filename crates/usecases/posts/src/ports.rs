//! What the posts context needs of the world.

#![warn(missing_docs)]

use std::collections::HashSet;

use async_trait::async_trait;
use domain::{
    Comment, CommentId, CommentView, Content, Page, PageRequest, Post, PostId, PostPage, PostView, Principal,
    RepositoryError, Revision, SessionId, Timestamp, UserId, UserRef, UserView,
};

use crate::idempotency::IdempotentRequest;

/// Keeps posts and who likes them.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PostRepository: Send + Sync {
    /// The post as `viewer` sees it, or `None` if there is none.
    async fn find(&self, id: PostId, viewer: Option<UserId>) -> Result<Option<PostView>, RepositoryError>;

    /// The posts of one user, newest first, or `None` if there is no such user.
    async fn list_by_user(
        &self,
        user: &UserRef,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<PostPage>, RepositoryError>;

    /// Stores the post, the author's new count of posts and the request's key in one transaction.
    async fn publish<'a>(
        &self,
        post: &NewPost,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<Write<Post>, RepositoryError>;

    /// Changes what the post says, unless it moved past the expected revision; answers it as `by` sees it. The same words
    /// are no edit: time and revision stay.
    async fn edit(&self, id: PostId, edit: &Edit, by: Principal) -> Result<Change<PostView>, RepositoryError>;

    /// Hides the post and all below it from everybody, and requests that its rows be removed, in one transaction; unless it
    /// moved past `expected`. Its author's count of posts counts it until its row is removed. `by` is who wrote it.
    async fn delete(
        &self,
        id: PostId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Change<()>, RepositoryError>;

    /// Notes that `by` likes the post, and counts it, in one transaction. A second like changes nothing.
    async fn like(&self, id: PostId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError>;

    /// Takes a like back, and counts it, in one transaction. Where there is none, nothing changes.
    async fn unlike(&self, id: PostId, by: Principal) -> Result<Unlike, RepositoryError>;

    /// Who likes the post, newest like first, or `None` if there is no such post.
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
    /// Begins to remove the rows of a deleted post. Answers when they are gone, or after a moment: the rest goes on by
    /// itself, whatever happens to this process.
    async fn remove(&self, post: PostId);
}

/// Tells what a reader likes among posts that are known otherwise: what keeps copies of posts, which are the same for
/// every reader, apart from the readers.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PostLikes: Send + Sync {
    /// Which of `posts` `viewer` likes.
    async fn liked(&self, viewer: UserId, posts: &[PostId]) -> Result<HashSet<PostId>, RepositoryError>;
}

/// Keeps comments and who likes them.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait CommentRepository: Send + Sync {
    /// The comment as `viewer` sees it, deleted or not, or `None` if there is none.
    async fn find(&self, id: CommentId, viewer: Option<UserId>) -> Result<Option<CommentView>, RepositoryError>;

    /// Who may say what becomes of a comment, or `None` if there is none or it was deleted.
    async fn find_owners(&self, id: CommentId) -> Result<Option<CommentOwners>, RepositoryError>;

    /// A list of comments, oldest first, or `None` if there is no such post or comment.
    async fn list(
        &self,
        thread: Thread,
        page: PageRequest,
        viewer: Option<UserId>,
    ) -> Result<Option<Page<CommentView>>, RepositoryError>;

    /// Stores the comment, the counts of its post and its parent, and the request's key in one transaction.
    async fn add<'a>(
        &self,
        comment: &NewComment,
        request: Option<&'a IdempotentRequest>,
    ) -> Result<AddCommentOutcome, RepositoryError>;

    /// Changes what the comment says, unless it moved past the expected revision; answers it as `by` sees it. The same
    /// words are no edit: time and revision stay.
    async fn edit(&self, id: CommentId, edit: &Edit, by: Principal) -> Result<Change<CommentView>, RepositoryError>;

    /// Deletes the comment and corrects the counts of its post and its parent, in one transaction. One with replies
    /// stays without words or author; it goes with its last reply. Of many likes some are removed later. Does nothing if the
    /// comment moved past `expected`. `by` is who deletes it.
    async fn delete(
        &self,
        id: CommentId,
        by: Principal,
        expected: Option<Revision>,
    ) -> Result<Change<()>, RepositoryError>;

    /// Notes that `by` likes the comment, and counts it, in one transaction. A second like changes nothing.
    async fn like(&self, id: CommentId, by: Principal, at: Timestamp) -> Result<Like, RepositoryError>;

    /// Takes a like back, and counts it, in one transaction. Where there is none, nothing changes.
    async fn unlike(&self, id: CommentId, by: Principal) -> Result<Unlike, RepositoryError>;
}

/// Keeps idempotency keys; they are stored by the writes that they belong to.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait IdempotencyKeyRepository: Send + Sync {
    /// Forgets keys stored before `time`; answers how many.
    async fn purge(&self, time: Timestamp) -> Result<u64, RepositoryError>;
}

/// A post to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    /// Identity.
    pub id: PostId,
    /// Who wrote it.
    pub author_id: UserId,
    /// In which session; nothing is stored once it has ended.
    pub session_id: SessionId,
    /// What it says.
    pub content: Content,
    /// When.
    pub created_at: Timestamp,
}

/// A comment to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// Identity.
    pub id: CommentId,
    /// The post it is about.
    pub post_id: PostId,
    /// The comment it replies to.
    pub parent_id: Option<CommentId>,
    /// Who wrote it.
    pub author_id: UserId,
    /// In which session; nothing is stored once it has ended.
    pub session_id: SessionId,
    /// What it says.
    pub content: Content,
    /// When.
    pub created_at: Timestamp,
    /// How far below the top level it may stand: 1 when it answers a comment on the post.
    pub deepest: u32,
}

/// New words for something that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What it says from now on.
    pub content: Content,
    /// When it was edited.
    pub at: Timestamp,
    /// The revision that the editor saw; `None` takes any.
    pub expected: Option<Revision>,
}

/// Which comments to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread {
    /// The top level of a post.
    Post(PostId),
    /// The direct replies to a comment.
    Replies(CommentId),
}

/// Who may say what becomes of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentOwners {
    /// Who wrote it.
    pub author: UserId,
    /// Who wrote the post that it is about.
    pub post_author: UserId,
}

/// What came of a write that may carry an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write<T> {
    /// It is stored.
    Stored(T),
    /// An earlier request with the same key and wish stored it; this is the first answer.
    Replayed(T),
    /// The key belongs to an earlier request with another wish.
    KeyReused,
    /// The session ended meanwhile, with the account or without.
    SessionEnded,
}

/// What came of [`CommentRepository::add`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddCommentOutcome {
    /// As for every write.
    Write(Write<Comment>),
    /// There is no such post.
    PostNotFound,
    /// There is no such comment to reply to, or it was deleted.
    ParentNotFound,
    /// The comment to reply to is about another post.
    ParentOnOtherPost,
    /// The reply would stand deeper than [`NewComment::deepest`].
    TooDeep,
}

/// What came of an edit or a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// It is done; the thing after the edit.
    Changed(T),
    /// It is gone.
    NotFound,
    /// It is at another revision than expected.
    Stale,
    /// The session ended meanwhile, with the account or without.
    SessionEnded,
}

/// What came of a like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Like {
    /// It is given.
    Given,
    /// It was given before; nothing changed.
    Already,
    /// There is nothing to like.
    NotFound,
    /// The session ended meanwhile, with the account or without.
    SessionEnded,
}

/// What came of taking a like back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlike {
    /// It is taken back.
    TakenBack,
    /// There was none; nothing changed.
    Nothing,
    /// There is nothing that could be liked.
    NotFound,
    /// The session ended meanwhile, with the account or without.
    SessionEnded,
}
