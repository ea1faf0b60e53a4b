//! Purges expired sessions.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, RepositoryError};

use crate::ended_sessions::remembered;
use crate::ports::SessionRepository;

/// Purges sessions whose tokens have all expired, and ends whose access tokens have expired.
pub struct PurgeSessions {
    sessions: Arc<dyn SessionRepository>,
    clock: Arc<dyn Clock>,
    remembered: Duration,
}

impl PurgeSessions {
    /// `access` is the lifetime of an access token.
    pub(crate) fn new(sessions: Arc<dyn SessionRepository>, clock: Arc<dyn Clock>, access: Duration) -> Self {
        Self { sessions, clock, remembered: remembered(access) }
    }

    /// Purges them, and returns how many sessions. Safe to run on several instances at once.
    pub async fn execute(&self) -> Result<u64, RepositoryError> {
        let now = self.clock.now();
        self.sessions.purge(now, now.before(self.remembered)).await
    }
}
