//! Generates follows.

use domain::Timestamp;

use super::pairs::Pairs;
use super::{Period, User};
use crate::skew::Skew;
use crate::test_users;
use crate::{chance, world};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follow {
    /// Index of the following user.
    pub follower: usize,
    /// Index of the followed user.
    pub followee: usize,
    /// Time of the follow.
    pub created_at: Timestamp,
}

/// Steepness of how unequally users follow others.
const CURIOSITY: f64 = 0.5;
/// Number of the best-known users that each test user follows.
const IDOLS: usize = 8;

pub(super) fn generate(seed: u64, number: usize, users: &mut [User], fame: &Skew, period: Period) -> Vec<Follow> {
    let mut chance = chance::of(seed, "follows", world::seed_number(users.len()));
    let curiosity = Skew::new(&mut chance, users.len(), CURIOSITY);
    let idols =
        (0..test_users::TEST_USERS.len()).flat_map(|user| fame.top(IDOLS).iter().map(move |idol| (user, *idol)));
    let given = test_users::FOLLOWS.into_iter().chain(idols);
    let pairs = Pairs { sizes: (users.len(), users.len()), distinct: true };
    let chosen = pairs.choose(&mut chance, number, given, |chance| (curiosity.draw(chance), fame.draw(chance)));
    let mut follows = Vec::with_capacity(chosen.len());
    for (follower, followee) in chosen {
        let both_joined = users[follower].created_at.max(users[followee].created_at);
        let created_at = period.any_time_after(&mut chance, both_joined);
        users[follower].following_count += 1;
        users[followee].follower_count += 1;
        follows.push(Follow { follower, followee, created_at });
    }
    follows
}
