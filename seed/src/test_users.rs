//! Three users with a known password.
//!
//! They are independent of the random seed: every world has the same three, with the same first posts.

use std::time::Duration;

use domain::{PostId, Timestamp, UserId};

use crate::chance;

/// A user whose password is [`PASSWORD`].
#[derive(Debug)]
pub struct TestUser {
    /// Unique user name.
    pub username: &'static str,
    /// Name shown to readers.
    pub display_name: &'static str,
    /// Text of the profile.
    pub bio: &'static str,
    /// Contents of the posts, newest first.
    pub posts: &'static [&'static str],
}

/// The password of every test user.
pub const PASSWORD: &str = "correct horse battery";

pub const TEST_USERS: [TestUser; 3] = [
    TestUser {
        username: "ada",
        display_name: "Ada Lovelace",
        bio: "Analyst & metaphysician. I write notes that are longer than the paper.\nPoetical science, mostly.",
        posts: &[
            "The engine weaves algebraic patterns just as the Jacquard loom weaves flowers and leaves.",
            "Note G is done. It computes the Bernoulli numbers, on a machine that nobody has built yet. 🧮",
            "Found a mistake in a table of logarithms.\nFound another one in my correction of it.",
            "Imagination is the discovering faculty. Coffee helps. ☕",
        ],
    },
    TestUser {
        username: "grace",
        display_name: "Grace Hopper",
        bio: "Rear admiral, compiler person. Ask me for a nanosecond: I carry them in my bag.",
        posts: &[
            "It is easier to ask forgiveness than it is to get permission. (Not with the database, though.)",
            "First actual case of a bug being found: it was a moth, and it is in the log book now. 🦋",
            "\"We have always done it this way\" is the most expensive sentence in the language.",
            "A nanosecond is 30 cm of wire. Now tell me again why your page needs three seconds.",
        ],
    },
    TestUser {
        username: "linus",
        display_name: "Linus Torvalds",
        bio: "Just a hobby, won't be big and professional.",
        posts: &[
            "Talk is cheap. Show me the code.",
            "Merge window is open. Please write commit messages as if somebody will read them in ten years. Somebody will.",
            "Diving this weekend: 🤿\n– no network\n– no mail\n– no merge conflicts",
            "If you need more than three levels of indentation, you're screwed anyway, and should fix your program.",
        ],
    },
];

/// Follows among the test users, by their indices.
pub const FOLLOWS: [(usize, usize); 5] = [(0, 1), (0, 2), (1, 0), (2, 0), (2, 1)];

/// Bookmarks of the test users: the index of the user, and that of the post in the order of [`posts`].
pub const BOOKMARKS: [(usize, usize); 6] = [(0, 1), (0, 5), (1, 0), (1, 2), (2, 0), (2, 4)];

/// Ids of the test users.
pub fn ids() -> [UserId; TEST_USERS.len()] {
    let mut chance = chance::of(0, "test users", 0);
    std::array::from_fn(|_| chance::id(&mut chance))
}

/// A post of a test user.
pub(crate) struct TestPost {
    pub(crate) id: PostId,
    pub(crate) author: usize,
    pub(crate) created_at: Timestamp,
}

/// The posts of the test users in turn, spread over the weeks before `end`.
pub(crate) fn posts(end: Timestamp) -> impl Iterator<Item = TestPost> {
    let mut chance = chance::of(0, "posts of test users", 0);
    let mut created_at = end;
    numbered_texts().map(move |(author, _)| {
        created_at = created_at.before(Duration::from_mins(31 * 60 + 17));
        TestPost { id: chance::id(&mut chance), author, created_at }
    })
}

/// The contents of [`posts`].
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    numbered_texts().map(|(_, text)| text)
}

fn numbered_texts() -> impl Iterator<Item = (usize, &'static str)> {
    let most = TEST_USERS.iter().map(|user| user.posts.len()).max().unwrap_or_default();
    (0..most).flat_map(|turn| {
        let of_turn = move |user: &TestUser| user.posts.get(turn).copied();
        (0..TEST_USERS.len()).filter_map(move |author| Some((author, of_turn(&TEST_USERS[author])?)))
    })
}
