//! Lists accounts.

use std::sync::Arc;

use domain::{Page, PageRequest, RepositoryError, UserId, UserView};

use crate::ports::UserRepository;

/// Lists accounts, newest first.
pub struct ListUsers {
    users: Arc<dyn UserRepository>,
}

impl ListUsers {
    /// Creates the use case.
    pub fn new(users: Arc<dyn UserRepository>) -> Self {
        Self { users }
    }

    /// A page of the list, as `viewer` sees it.
    pub async fn execute(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, RepositoryError> {
        self.users.list(page, viewer).await
    }
}
