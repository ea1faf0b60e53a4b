//! Keeps the set of ended sessions current.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, RepositoryError};

use crate::ports::EndedSessions;

/// Learns which sessions have ended through any instance. An instance does so before it serves, and then at an
/// interval. [`LearnEndedSessions::EVERY`] is half of the time for which an ended session may still read.
pub struct LearnEndedSessions {
    ended: Arc<dyn EndedSessions>,
    clock: Arc<dyn Clock>,
    remembered: Duration,
}

/// How much longer than the lifetime of an access token an end is kept. The clock of the database, which sets the
/// time of the end, may be behind the clock of an instance by this much.
const CLOCKS_DIFFER_BY: Duration = Duration::from_mins(1);

/// How long an end is kept, for the given lifetime of access tokens.
pub(crate) fn remembered(access: Duration) -> Duration {
    access + CLOCKS_DIFFER_BY
}

impl LearnEndedSessions {
    /// The interval at which an instance learns.
    pub const EVERY: Duration = Duration::from_millis(500);

    /// `access` is the lifetime of access tokens.
    pub(crate) fn new(ended: Arc<dyn EndedSessions>, clock: Arc<dyn Clock>, access: Duration) -> Self {
        Self { ended, clock, remembered: remembered(access) }
    }

    /// Learns the ends since the last time.
    pub async fn execute(&self) -> Result<(), RepositoryError> {
        self.ended.learn(self.clock.now().before(self.remembered)).await
    }

    /// Learns at once of an end that this instance has just stored.
    pub(crate) async fn at_once(&self) {
        // If this fails, the end is stored all the same, and the next interval learns of it.
        let _ = self.execute().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::MockEndedSessions;
    use crate::test_support::{FixedClock, NOW};

    mod execute {
        use super::*;

        #[tokio::test]
        async fn keeps_an_end_longer_than_an_access_token_lives() {
            let lifetime = Duration::from_mins(15);
            let mut ended = MockEndedSessions::new();
            ended.expect_learn().withf(move |since| *since < NOW.before(lifetime)).once().returning(|_| Ok(()));
            let learn = LearnEndedSessions::new(Arc::new(ended), Arc::new(FixedClock), lifetime);
            assert!(learn.execute().await.is_ok());
        }
    }
}
