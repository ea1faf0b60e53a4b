//! The facts.

use domain::{CommentId, PostId, SessionId, Timestamp, UserId, Username};

/// Something that a transaction changed. Facts carry ids and times, so that erasing an account leaves nothing to clean in
/// what is kept of them; only the name of a new account is told, to those who may have looked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what the variants speak of")]
pub enum Fact {
    /// An account was made.
    SignedUp { user: UserId, username: Username },
    /// A profile or a password was changed. With `renamed`, its display name, which its posts and comments show.
    ProfileEdited { user: UserId, renamed: bool },
    /// An account and all that it wrote were hidden, and its sessions ended. Its rows are removed later.
    UserErased { user: UserId },
    /// A session ended.
    SessionEnded { user: UserId, session: SessionId },
    /// A post was published.
    PostPublished { post: PostId, author: UserId, at: Timestamp },
    /// The words of a post were changed.
    PostEdited { post: PostId, author: UserId },
    /// A post and all below it were hidden. Its rows are removed later.
    PostDeleted { post: PostId, author: UserId },
    /// A comment was added to a post, as an answer to `parent` if there is one.
    CommentAdded { comment: CommentId, post: PostId, parent: Option<CommentId>, author: UserId, at: Timestamp },
    /// The words of a comment were changed.
    CommentEdited { comment: CommentId, post: PostId },
    /// A comment was deleted, by its author or by that of the post.
    CommentDeleted { comment: CommentId, post: PostId },
    /// A like was given.
    Liked { what: Liked, by: UserId, at: Timestamp },
    /// A like was taken back.
    Unliked { what: Liked, by: UserId },
    /// A follow began.
    Followed { follower: UserId, followee: UserId, at: Timestamp },
    /// A follow ended.
    Unfollowed { follower: UserId, followee: UserId },
    /// Counters of a post changed, as rows of erased accounts or deleted comments were removed.
    PostRecounted { post: PostId },
    /// Counters of an account changed, as rows of erased accounts or deleted posts were removed.
    UserRecounted { user: UserId },
}

/// What was liked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liked {
    /// A post.
    Post(PostId),
    /// A comment.
    Comment(CommentId),
}
