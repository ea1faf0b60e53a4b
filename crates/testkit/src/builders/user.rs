//! Builds accounts.

use domain::{Author, Bio, DisplayName, Principal, Revision, Timestamp, User, UserId, Username};

use crate::{NOW, id};

/// An account under construction.
#[derive(Debug, Clone)]
pub struct UserBuilder(User);

/// A new account whose user name and display name are `name`.
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
    /// Sets the sign-up time.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.0.created_at = time;
        self
    }

    /// Sets the display name.
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Self {
        self.0.display_name = DisplayName::parse(name).unwrap();
        self
    }

    /// Sets the bio.
    #[must_use]
    pub fn bio(mut self, bio: &str) -> Self {
        self.0.bio = Bio::parse(bio).unwrap();
        self
    }

    /// The account as stored.
    pub fn build(self) -> User {
        self.0
    }
}

/// The author data that posts and comments of `user` show.
pub fn author_of(user: &User) -> Author {
    Author { id: user.id, username: user.username.clone(), display_name: user.display_name.clone() }
}

/// A principal for `user` whose session has the id of the account. `TestDatabase::sign_in` stores that session.
pub fn acting(user: UserId) -> Principal {
    Principal { user_id: user, session_id: user.cuid().into() }
}
