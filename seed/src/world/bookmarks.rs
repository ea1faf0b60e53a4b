//! Generates bookmarks. Only the test users have some, as bookmarks are private and no other user can log in.

use std::time::Duration;

use domain::Timestamp;

use super::Post;
use crate::test_users;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// Index of the user.
    pub user: usize,
    /// Index of the post.
    pub post: usize,
    /// Time of the bookmark.
    pub bookmarked_at: Timestamp,
}

/// How long after its publication a post is bookmarked.
const DELAY: Duration = Duration::from_hours(1);

/// The bookmarks of those posts that exist. The first posts are those of the test users.
pub(super) fn generate(posts: &[Post]) -> Vec<Bookmark> {
    let bookmark = |(user, post): (usize, usize)| {
        let bookmarked_at = posts.get(post)?.created_at.after(DELAY);
        Some(Bookmark { user, post, bookmarked_at })
    };
    test_users::BOOKMARKS.into_iter().filter_map(bookmark).collect()
}
