//! Accounts.

use domain::{Author, Bio, DisplayName, Principal, Revision, Timestamp, User, UserId, Username};

use crate::{NOW, id};

/// An account that is being described.
#[derive(Debug, Clone)]
pub struct UserBuilder(User);

/// A new account with the user name `name`, which is also the name to show.
pub fn a_user(name: &str) -> UserBuilder {
    UserBuilder(User {
        id: id(name),
        username: Username::parse(name).unwrap(),
        display_name: DisplayName::parse(name).unwrap(),
        bio: Bio::parse("").unwrap(),
        created_at: NOW,
        revision: Revision::default(),
        post_count: 0,
        follower_count: 0,
        following_count: 0,
    })
}

impl UserBuilder {
    /// Made at `time`.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.0.created_at = time;
        self
    }

    /// Shown by `name`.
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Self {
        self.0.display_name = DisplayName::parse(name).unwrap();
        self
    }

    /// With a few words about the person.
    #[must_use]
    pub fn bio(mut self, bio: &str) -> Self {
        self.0.bio = Bio::parse(bio).unwrap();
        self
    }

    /// The account.
    pub fn build(self) -> User {
        self.0
    }
}

/// What a post or a comment shows of `user`.
pub fn author_of(user: &User) -> Author {
    Author { id: user.id, username: user.username.clone(), display_name: user.display_name.clone() }
}

/// `user`, acting in a session whose id is that of the account: `TestDatabase::sign_in` stores one.
pub fn acting(user: UserId) -> Principal {
    Principal { user_id: user, session_id: user.cuid().into() }
}
