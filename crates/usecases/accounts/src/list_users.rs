//! Listing accounts.

use std::sync::Arc;

use domain::{Page, PageRequest, RepositoryError, UserId, UserView};

use crate::ports::UserRepository;

/// Why accounts were not listed.
#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

/// Lists accounts, newest first.
pub struct ListUsers {
    users: Arc<dyn UserRepository>,
}

impl ListUsers {
    /// Wires the use case.
    pub fn new(users: Arc<dyn UserRepository>) -> Self {
        Self { users }
    }

    /// One page, as `viewer` sees it.
    pub async fn execute(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, ListUsersError> {
        Ok(self.users.list(page, viewer).await?)
    }
}
