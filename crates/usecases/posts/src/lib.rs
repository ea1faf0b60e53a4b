//! Posts, comments, likes and bookmarks.
//!
//! One use case a file; the ports are in [`ports`].

mod add_comment;
mod bookmark_post;
mod delete_comment;
mod delete_post;
mod edit_comment;
mod edit_post;
mod get_comment;
mod get_post;
mod idempotency;
mod like_comment;
mod like_post;
mod list_bookmarks;
mod list_comments;
mod list_post_likes;
mod list_user_posts;
pub mod ports;
mod publish_post;
mod purge_idempotency_keys;
#[cfg(test)]
mod test_support;

use std::sync::Arc;

use domain::{Clock, IdGenerator};

pub use add_comment::{AddComment, AddCommentCommand, AddCommentError};
pub use bookmark_post::{BookmarkPost, BookmarkPostError};
pub use delete_comment::{DeleteComment, DeleteCommentError};
pub use delete_post::{DeletePost, DeletePostError};
pub use edit_comment::{EditComment, EditCommentCommand, EditCommentError};
pub use edit_post::{EditPost, EditPostCommand, EditPostError};
pub use get_comment::GetComment;
pub use get_post::GetPost;
pub use idempotency::{Fingerprint, IdempotentRequest, REPLAY_WINDOW, Written};
pub use like_comment::{LikeComment, LikeCommentError};
pub use like_post::{LikePost, LikePostError};
pub use list_bookmarks::ListBookmarks;
pub use list_comments::ListComments;
pub use list_post_likes::ListPostLikes;
pub use list_user_posts::ListUserPosts;
pub use publish_post::{PublishPost, PublishPostCommand, PublishPostError};
pub use purge_idempotency_keys::PurgeIdempotencyKeys;

use ports::{BookmarkRepository, CommentRepository, IdempotencyKeyRepository, PostRemover, PostRepository};

/// The ports that the use cases of this context need.
pub struct Dependencies {
    /// Stores posts.
    pub posts: Arc<dyn PostRepository>,
    /// Stores comments.
    pub comments: Arc<dyn CommentRepository>,
    /// Stores bookmarks.
    pub bookmarks: Arc<dyn BookmarkRepository>,
    /// Removes the rows of deleted posts.
    pub remover: Arc<dyn PostRemover>,
    /// Purges idempotency keys.
    pub keys: Arc<dyn IdempotencyKeyRepository>,
    /// Provides the time.
    pub clock: Arc<dyn Clock>,
    /// Generates identifiers.
    pub ids: Arc<dyn IdGenerator>,
}

/// The use cases of this context.
pub struct Posts {
    /// Publishes a post.
    pub publish: PublishPost,
    /// Reads one post.
    pub get: GetPost,
    /// Edits a post.
    pub edit: EditPost,
    /// Deletes a post.
    pub delete: DeletePost,
    /// Likes a post, or takes the like back.
    pub like: LikePost,
    /// Lists the users who like a post.
    pub list_likes: ListPostLikes,
    /// Lists the posts of one user.
    pub list_by_user: ListUserPosts,
    /// Bookmarks a post, or takes the bookmark back.
    pub bookmark: BookmarkPost,
    /// Lists the bookmarks of one user, for that user.
    pub list_bookmarks: ListBookmarks,
    /// Comments on a post or replies to a comment.
    pub add_comment: AddComment,
    /// Reads one comment.
    pub get_comment: GetComment,
    /// Edits a comment.
    pub edit_comment: EditComment,
    /// Deletes a comment.
    pub delete_comment: DeleteComment,
    /// Likes a comment, or takes the like back.
    pub like_comment: LikeComment,
    /// Lists comments and replies.
    pub list_comments: ListComments,
    /// Purges expired idempotency keys.
    pub purge_keys: PurgeIdempotencyKeys,
}

impl Posts {
    /// Creates the use cases.
    pub fn new(with: Dependencies) -> Self {
        let (posts, comments, clock) = (&with.posts, &with.comments, &with.clock);
        Self {
            publish: PublishPost::new(Arc::clone(posts), Arc::clone(clock), Arc::clone(&with.ids)),
            get: GetPost::new(Arc::clone(posts)),
            edit: EditPost::new(Arc::clone(posts), Arc::clone(clock)),
            delete: DeletePost::new(Arc::clone(posts), with.remover),
            like: LikePost::new(Arc::clone(posts), Arc::clone(clock)),
            list_likes: ListPostLikes::new(Arc::clone(posts)),
            list_by_user: ListUserPosts::new(Arc::clone(posts)),
            bookmark: BookmarkPost::new(Arc::clone(&with.bookmarks), Arc::clone(clock)),
            list_bookmarks: ListBookmarks::new(with.bookmarks),
            add_comment: AddComment::new(Arc::clone(comments), Arc::clone(clock), with.ids),
            get_comment: GetComment::new(Arc::clone(comments)),
            edit_comment: EditComment::new(Arc::clone(comments), Arc::clone(clock)),
            delete_comment: DeleteComment::new(Arc::clone(comments)),
            like_comment: LikeComment::new(Arc::clone(comments), Arc::clone(clock)),
            list_comments: ListComments::new(with.comments),
            purge_keys: PurgeIdempotencyKeys::new(with.keys, with.clock),
        }
    }
}
