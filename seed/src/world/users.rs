//! Generates users.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context as _;
use domain::{Bio, DisplayName, Timestamp, UserId, Username};
use rand::RngExt;

use super::Period;
use crate::test_users::{self, TEST_USERS};
use crate::{chance, text};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Id of the account.
    pub id: UserId,
    /// Unique user name.
    pub username: Username,
    /// Name shown to readers.
    pub display_name: DisplayName,
    /// Text of the profile.
    pub bio: Bio,
    /// Time of the sign-up.
    pub created_at: Timestamp,
    /// Number of posts.
    pub post_count: u32,
    /// Number of followers.
    pub follower_count: u32,
    /// Number of users that they follow.
    pub following_count: u32,
}

/// Users join in the first third of the period, so that there is time for their actions.
const JOINING: Duration = Duration::from_hours(30 * 24);

pub(super) fn generate(seed: u64, number: usize, period: Period) -> anyhow::Result<Vec<User>> {
    let mut users = Vec::with_capacity(number);
    // The first user's sign-up marks the start of the period for later runs; see `fill`.
    let mut joined = period.start;
    for (test_user, id) in TEST_USERS.iter().zip(test_users::ids()) {
        users.push(User {
            id,
            username: Username::parse(test_user.username)?,
            display_name: DisplayName::parse(test_user.display_name)?,
            bio: Bio::parse(test_user.bio)?,
            created_at: joined,
            post_count: 0,
            follower_count: 0,
            following_count: 0,
        });
        joined = joined.after(Duration::from_hours(1));
    }
    let mut taken: HashSet<Username> = users.iter().map(|user| user.username.clone()).collect();
    let mut chance = chance::of(seed, "users", 0);
    while users.len() < number {
        let person = text::person(&mut chance);
        let username = loop {
            let name = text::username(&mut chance, &person);
            let name = Username::parse(&name).with_context(|| format!("user name {name:?}"))?;
            if taken.insert(name.clone()) {
                break name;
            }
        };
        let name = person.display_name(&mut chance);
        let bio = if chance.random_bool(0.2) { String::new() } else { text::bio(&mut chance) };
        users.push(User {
            id: chance::id(&mut chance),
            username,
            display_name: DisplayName::parse(&name).with_context(|| format!("display name {name:?}"))?,
            bio: Bio::parse(&bio).with_context(|| format!("bio {bio:?}"))?,
            created_at: period.soon_after(&mut chance, joined, JOINING),
            post_count: 0,
            follower_count: 0,
            following_count: 0,
        });
    }
    Ok(users)
}
