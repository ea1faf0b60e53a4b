//! Lists the sessions of the acting user.

use std::sync::Arc;

use domain::{Page, PageRequest, RepositoryError, UserId};

use crate::ports::SessionRepository;
use crate::session_view::SessionView;

/// Lists the sessions of an account, newest first.
pub struct ListSessions {
    sessions: Arc<dyn SessionRepository>,
}

impl ListSessions {
    /// Creates the use case.
    pub fn new(sessions: Arc<dyn SessionRepository>) -> Self {
        Self { sessions }
    }

    /// A page of the sessions of `user`. An expired session is listed until it is purged, within an hour.
    pub async fn execute(&self, user: UserId, page: PageRequest) -> Result<Page<SessionView>, RepositoryError> {
        self.sessions.list(user, page).await
    }
}
