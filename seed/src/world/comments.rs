//! Generates comments and replies.

use std::time::Duration;

use anyhow::Context as _;
use domain::{CommentId, Content, Timestamp};
use rand::RngExt;

use super::{Period, Post, User};
use crate::skew::Skew;
use crate::{chance, text};

/// A comment on a post, or a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Id of the comment.
    pub id: CommentId,
    /// Index of the post.
    pub post: usize,
    /// Index of the comment that it replies to.
    pub parent: Option<usize>,
    /// Number of ancestors.
    pub depth: usize,
    /// Index of the author.
    pub author: usize,
    /// Time of writing.
    pub created_at: Timestamp,
    /// Number of likes.
    pub like_count: u32,
    /// Number of direct replies.
    pub reply_count: u32,
}

/// Steepness of how unequally posts are commented on.
const ATTENTION: f64 = 0.7;
/// Steepness of how unequally users comment.
const TALKATIVENESS: f64 = 0.6;
/// Probability of a reply if there is a comment to reply to; about 40 % of all comments are replies.
const REPLIES: f64 = 0.55;
/// Maximum age of a post or comment that is commented on.
const INTEREST: Duration = Duration::from_hours(10 * 24);

pub(super) fn generate(seed: u64, number: usize, users: &[User], posts: &mut [Post], period: Period) -> Vec<Comment> {
    if posts.is_empty() {
        return Vec::new();
    }
    let mut chance = chance::of(seed, "comments", 0);
    let attention = Skew::new(&mut chance, posts.len(), ATTENTION);
    let talkativeness = Skew::new(&mut chance, users.len(), TALKATIVENESS);
    let mut on_post: Vec<Vec<usize>> = vec![Vec::new(); posts.len()];
    let mut comments: Vec<Comment> = Vec::with_capacity(number);
    for this in 0..number {
        let post = attention.draw(&mut chance);
        let author = talkativeness.draw(&mut chance);
        let id = chance::id(&mut chance);
        let earlier = &mut on_post[post];
        let replies = !earlier.is_empty() && chance.random_bool(REPLIES);
        let parent = replies.then(|| earlier[chance.random_range(0..earlier.len())]);
        let (answered, depth) = match parent {
            Some(parent) => {
                let parent = &mut comments[parent];
                parent.reply_count += 1;
                (parent.created_at, parent.depth + 1)
            }
            None => (posts[post].created_at, 0),
        };
        let created_at = period.soon_after(&mut chance, answered.max(users[author].created_at), INTEREST);
        comments.push(Comment { id, post, parent, depth, author, created_at, like_count: 0, reply_count: 0 });
        posts[post].comment_count += 1;
        earlier.push(this);
    }
    comments
}

pub(super) fn content(seed: u64, comment: usize) -> anyhow::Result<Content> {
    let text = text::remark(&mut chance::of(seed, "comment text", super::seed_number(comment)));
    Content::parse(&text).with_context(|| format!("comment {text:?}"))
}
