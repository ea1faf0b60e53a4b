//! Facts: what a write changed.

use domain::{CommentId, PostId, SessionId, Timestamp, UserId, Username};

/// Something that a transaction changed.
///
/// Facts contain ids and times only, so an erased account leaves no personal data in stored facts. The exception is
/// the name of a new account, which invalidates entries about a missing user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what the variants speak of")]
pub enum Fact {
    /// An account was created.
    SignedUp { user: UserId, username: Username },
    /// A profile or a password was changed. `renamed` is set when the display name changed, which posts and comments
    /// show.
    ProfileEdited { user: UserId, renamed: bool },
    /// An account and all its content were hidden, and its sessions ended. Its rows are removed later.
    UserErased { user: UserId },
    /// A session ended.
    SessionEnded { user: UserId, session: SessionId },
    /// A post was published.
    PostPublished { post: PostId, author: UserId, at: Timestamp },
    /// The content of a post was changed.
    PostEdited { post: PostId, author: UserId },
    /// A post and everything below it were hidden. Its rows are removed later.
    PostDeleted { post: PostId, author: UserId },
    /// A comment was added to a post, as a reply to `parent` if there is one.
    CommentAdded { comment: CommentId, post: PostId, parent: Option<CommentId>, author: UserId, at: Timestamp },
    /// The content of a comment was changed.
    CommentEdited { comment: CommentId, post: PostId },
    /// A comment was deleted, by its author or by the author of the post.
    CommentDeleted { comment: CommentId, post: PostId },
    /// A like was given.
    Liked { what: Liked, by: UserId, at: Timestamp },
    /// A like was taken back.
    Unliked { what: Liked, by: UserId },
    /// A follow began.
    Followed { follower: UserId, followee: UserId, at: Timestamp },
    /// A follow ended.
    Unfollowed { follower: UserId, followee: UserId },
    /// Counters of a post changed, because rows of erased accounts or deleted comments were removed.
    PostRecounted { post: PostId },
    /// Counters of an account changed, because rows of erased accounts or deleted posts were removed.
    UserRecounted { user: UserId },
}

/// The liked thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liked {
    /// A post.
    Post(PostId),
    /// A comment.
    Comment(CommentId),
}
