//! Generates users and their actions, independent of any database.
//!
//! Users, posts and comments refer to each other by index. Everything depends on the random seed and on as few of the
//! numbers as possible. With more posts, the earlier posts stay the same; with more users, the earlier users do. Data
//! that must change with a number (such as a post's author with the number of users) has ids that depend on that
//! number. So two worlds never share an id with different data.

mod bookmarks;
mod comments;
mod follows;
mod likes;
mod pairs;
mod period;
mod posts;
mod users;

pub use bookmarks::Bookmark;
pub use comments::Comment;
pub use follows::Follow;
pub use likes::Like;
pub use period::Period;
pub use posts::Post;
pub use users::User;

use domain::Content;

use crate::chance;
use crate::skew::Skew;

/// Numbers of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Accounts, including the test users.
    pub users: usize,
    /// Posts, including those of the test users.
    pub posts: usize,
    /// Comments; none without posts.
    pub comments: usize,
    /// Follows; at most one per pair.
    pub follows: usize,
    /// Likes of posts and comments; at most one per pair.
    pub likes: usize,
}

/// A small social network.
#[derive(Debug, PartialEq, Eq)]
pub struct World {
    /// The test users first.
    pub users: Vec<User>,
    /// The test users' posts first.
    pub posts: Vec<Post>,
    /// Unordered, except that parents precede their replies.
    pub comments: Vec<Comment>,
    /// The test users' follows first.
    pub follows: Vec<Follow>,
    /// Likes of posts.
    pub post_likes: Vec<Like>,
    /// Likes of comments.
    pub comment_likes: Vec<Like>,
    /// Bookmarks of the test users.
    pub bookmarks: Vec<Bookmark>,
    /// The seed of the posts' texts.
    post_seed: u64,
    /// The seed of the comments' texts.
    comment_seed: u64,
}

impl World {
    /// Generates the world of `seed` and `numbers`.
    ///
    /// # Errors
    /// If the domain rejects generated data, which is a bug in this crate.
    pub fn generate(seed: u64, numbers: &Numbers, period: Period) -> anyhow::Result<Self> {
        let mut users = users::generate(seed, numbers.users, period)?;
        let fame = Skew::new(&mut chance::of(seed, "fame", seed_number(users.len())), users.len(), FAME);
        let post_seed = chance::derive(seed, "posts", seed_number(users.len()));
        let mut posts = posts::generate(post_seed, numbers.posts, &mut users, &fame, period);
        let comment_seed = chance::derive(post_seed, "comments", seed_number(posts.len()));
        let mut comments = comments::generate(comment_seed, numbers.comments, &users, &mut posts, period);
        let follows = follows::generate(seed, numbers.follows, &mut users, &fame, period);
        let (for_posts, for_comments) = likes::share(numbers.likes, users.len(), posts.len(), comments.len());
        let post_likes = likes::generate(post_seed, for_posts, &users, &mut posts, period);
        let comment_likes = likes::generate(comment_seed, for_comments, &users, &mut comments, period);
        let bookmarks = bookmarks::generate(&posts);
        Ok(Self { users, posts, comments, follows, post_likes, comment_likes, bookmarks, post_seed, comment_seed })
    }

    /// The content of a post. Contents are generated on demand, because they are most of a world's size.
    ///
    /// # Errors
    /// As for [`World::generate`].
    pub fn post_content(&self, post: usize) -> anyhow::Result<Content> {
        posts::content(self.post_seed, post)
    }

    /// The content of a comment.
    ///
    /// # Errors
    /// As for [`World::generate`].
    pub fn comment_content(&self, comment: usize) -> anyhow::Result<Content> {
        comments::content(self.comment_seed, comment)
    }

    /// Comment indices by depth: top-level comments, their replies, and so on.
    pub fn comments_by_depth(&self) -> Vec<Vec<usize>> {
        let mut depths = Vec::new();
        for (number, comment) in self.comments.iter().enumerate() {
            if depths.len() <= comment.depth {
                depths.resize_with(comment.depth + 1, Vec::new);
            }
            depths[comment.depth].push(number);
        }
        depths
    }
}

/// Steepness of popularity: the best-known of 1,000 users has 7 % of all followers.
const FAME: f64 = 0.9;

/// A length as a number to derive a seed from.
fn seed_number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
