//! Who there is, and who does what when. Nothing here knows a database.
//!
//! People and things refer to each other by their places in the lists. Everything hangs on the random seed and on the
//! numbers, and on no more of these than it must: with more posts, the posts of before are still the same, and so are
//! the users with more users. What would have to change with a number (who among more people wrote a post) has ids that
//! hang on that number too, so that two worlds never share a thing that they disagree about.

mod comments;
mod follows;
mod likes;
mod pairs;
mod period;
mod posts;
mod users;

pub use comments::Comment;
pub use follows::Follow;
pub use likes::Like;
pub use period::Period;
pub use posts::Post;
pub use users::User;

use domain::Content;

use crate::chance;
use crate::skew::Skew;

/// How much of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Accounts, the test users among them.
    pub users: usize,
    /// Posts.
    pub posts: usize,
    /// Comments; none without posts.
    pub comments: usize,
    /// Follows; no more than there are pairs.
    pub follows: usize,
    /// Likes of posts and of comments; no more than there are pairs.
    pub likes: usize,
}

/// A small social network.
#[derive(Debug, PartialEq, Eq)]
pub struct World {
    /// The test users first.
    pub users: Vec<User>,
    /// Those of the test users first.
    pub posts: Vec<Post>,
    /// In no order but that parents come before their replies.
    pub comments: Vec<Comment>,
    /// Those of the test users first.
    pub follows: Vec<Follow>,
    /// Likes of posts.
    pub post_likes: Vec<Like>,
    /// Likes of comments.
    pub comment_likes: Vec<Like>,
    /// What the texts of posts hang on.
    post_seed: u64,
    /// What the texts of comments hang on.
    comment_seed: u64,
}

impl World {
    /// Makes the world of `seed` and `numbers`.
    ///
    /// # Errors
    /// When the domain refuses something that was made, which is a mistake in this crate.
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
        Ok(Self { users, posts, comments, follows, post_likes, comment_likes, post_seed, comment_seed })
    }

    /// What post number `post` says. Texts are made when they are needed, for they are most of a world's size.
    ///
    /// # Errors
    /// As for [`World::generate`].
    pub fn post_content(&self, post: usize) -> anyhow::Result<Content> {
        posts::content(self.post_seed, post)
    }

    /// What comment number `comment` says.
    ///
    /// # Errors
    /// As for [`World::generate`].
    pub fn comment_content(&self, comment: usize) -> anyhow::Result<Content> {
        comments::content(self.comment_seed, comment)
    }

    /// The comments by their depth: those at the top level, the replies to those, and so on.
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

/// How unequally people are followed and heard: the best known of 1,000 has 7 % of all followers.
const FAME: f64 = 0.9;

/// A length as a number to derive a seed from.
fn seed_number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
