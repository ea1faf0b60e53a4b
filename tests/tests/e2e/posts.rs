//! Posts and comments: `/v1/posts`, `/v1/comments`, and the posts of a user.

mod comments;
mod deletion;
mod edit;
mod likes;
mod publish;
mod replies;
mod show;
mod tombstones;
