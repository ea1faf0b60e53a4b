//! Posts and comments: `/v1/posts`, `/v1/comments`, `/v1/bookmarks`, and the posts of a user.

mod bookmarks;
mod comments;
mod deletion;
mod edit;
mod likes;
mod publish;
mod replies;
mod show;
mod tombstones;
