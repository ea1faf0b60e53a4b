//! Showing one account.

use std::sync::Arc;

use domain::{RepositoryError, UserId, UserRef, UserView};

use crate::ports::UserRepository;

/// Why an account was not shown.
#[derive(Debug, thiserror::Error)]
pub enum GetUserError {
    /// There is none.
    #[error("there is no such user")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Shows one account.
pub struct GetUser {
    users: Arc<dyn UserRepository>,
}

impl GetUser {
    /// Wires the use case.
    pub fn new(users: Arc<dyn UserRepository>) -> Self {
        Self { users }
    }

    /// The account as `viewer` sees it.
    pub async fn execute(&self, user: &UserRef, viewer: Option<UserId>) -> Result<UserView, GetUserError> {
        self.users.find(user, viewer).await?.ok_or(GetUserError::NotFound)
    }
}
