//! Generates likes.

use std::time::Duration;

use domain::Timestamp;

use super::pairs::Pairs;
use super::{Comment, Period, Post, User};
use crate::chance;
use crate::skew::Skew;

/// A like of a post or a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Like {
    /// Index of the post or comment.
    pub item: usize,
    /// Index of the user.
    pub user: usize,
    /// Time of the like.
    pub created_at: Timestamp,
}

/// A post or a comment.
pub(super) trait Likable {
    fn created_at(&self) -> Timestamp;
    /// Counts one more like.
    fn like(&mut self);
}

impl Likable for Post {
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
    fn like(&mut self) {
        self.like_count += 1;
    }
}

impl Likable for Comment {
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
    fn like(&mut self) {
        self.like_count += 1;
    }
}

/// Steepness of how unequally posts and comments are liked.
const CHARM: f64 = 0.6;
/// Steepness of how unequally users like.
const GENEROSITY: f64 = 0.5;
/// Maximum age of a post or comment that is liked.
const INTEREST: Duration = Duration::from_hours(20 * 24);

/// Splits `number` likes into those of posts and of comments: 70 % for posts, within the number of possible pairs of
/// either.
pub(super) fn share(number: usize, users: usize, posts: usize, comments: usize) -> (usize, usize) {
    let (on_posts, on_comments) = (users.saturating_mul(posts), users.saturating_mul(comments));
    let for_comments = (number - number * 7 / 10).min(on_comments);
    let for_posts = (number - for_comments).min(on_posts);
    (for_posts, (number - for_posts).min(on_comments))
}

pub(super) fn generate(
    seed: u64,
    number: usize,
    users: &[User],
    items: &mut [impl Likable],
    period: Period,
) -> Vec<Like> {
    let mut chance = chance::of(seed, "likes", 0);
    let charm = Skew::new(&mut chance, items.len(), CHARM);
    let generosity = Skew::new(&mut chance, users.len(), GENEROSITY);
    let pairs = Pairs { sizes: (items.len(), users.len()), distinct: false };
    let chosen = pairs.choose(&mut chance, number, [], |chance| (charm.draw(chance), generosity.draw(chance)));
    let mut likes = Vec::with_capacity(chosen.len());
    for (item, user) in chosen {
        let possible = items[item].created_at().max(users[user].created_at);
        let created_at = period.soon_after(&mut chance, possible, INTEREST);
        items[item].like();
        likes.push(Like { item, user, created_at });
    }
    likes
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn respects_the_number_of_possible_pairs() {
        assert_eq!(share(100, 10, 100, 100), (70, 30));
        assert_eq!(share(100, 10, 100, 0), (100, 0));
        assert_eq!(share(100, 10, 2, 100), (20, 80));
        assert_eq!(share(100, 10, 2, 3), (20, 30));
        assert_eq!(share(0, 10, 2, 3), (0, 0));
    }
}
