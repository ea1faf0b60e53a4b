//! Reads one account.

use std::sync::Arc;

use domain::{FindError, UserId, UserRef, UserView};

use crate::ports::UserRepository;

/// Reads one account.
pub struct GetUser {
    users: Arc<dyn UserRepository>,
}

impl GetUser {
    /// Creates the use case.
    pub fn new(users: Arc<dyn UserRepository>) -> Self {
        Self { users }
    }

    /// The account as `viewer` sees it.
    pub async fn execute(&self, user: &UserRef, viewer: Option<UserId>) -> Result<UserView, FindError> {
        self.users.find(user, viewer).await?.ok_or(FindError::NotFound("user"))
    }
}
