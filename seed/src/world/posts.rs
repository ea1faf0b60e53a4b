//! Generates posts.

use anyhow::Context as _;
use domain::{Content, PostId, Timestamp};

use super::{Period, User};
use crate::chance;
use crate::skew::Skew;
use crate::test_users;
use crate::text;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Id of the post.
    pub id: PostId,
    /// Index of the author.
    pub author: usize,
    /// Time of publication.
    pub created_at: Timestamp,
    /// Number of likes.
    pub like_count: u32,
    /// Number of comments at any depth.
    pub comment_count: u32,
}

/// The first posts are the hand-written ones of the test users; the others are random.
pub(super) fn generate(seed: u64, number: usize, users: &mut [User], fame: &Skew, period: Period) -> Vec<Post> {
    let mut chance = chance::of(seed, "posts", 0);
    let by_test_users = test_users::posts(period.end).map(|post| (post.id, post.author, post.created_at));
    let by_others = std::iter::repeat_with(|| {
        let author = fame.draw(&mut chance);
        let id = chance::id(&mut chance);
        (id, author, period.any_time_after(&mut chance, users[author].created_at))
    });
    let posts: Vec<Post> = by_test_users
        .chain(by_others)
        .take(number)
        .map(|(id, author, created_at)| Post { id, author, created_at, like_count: 0, comment_count: 0 })
        .collect();
    for post in &posts {
        users[post.author].post_count += 1;
    }
    posts
}

pub(super) fn content(seed: u64, post: usize) -> anyhow::Result<Content> {
    if let Some(text) = test_users::texts().nth(post) {
        return Ok(Content::parse(text)?);
    }
    let text = text::thought(&mut chance::of(seed, "post text", super::seed_number(post)));
    Content::parse(&text).with_context(|| format!("post {text:?}"))
}
