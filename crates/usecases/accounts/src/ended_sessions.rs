//! Keeping in mind which sessions have ended.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, RepositoryError};

use crate::ports::EndedSessions;

/// Learns which sessions have ended, through whichever instance. An instance does so before it serves, and then again and
/// again: [`LearnEndedSessions::EVERY`] is half of the time for which an ended session may still read.
pub struct LearnEndedSessions {
    ended: Arc<dyn EndedSessions>,
    clock: Arc<dyn Clock>,
    remembered: Duration,
}

/// How much longer than an access token lives its session's end is remembered: the clock of the database, which notes the
/// end, may be as much behind that of an instance.
const CLOCKS_DIFFER_BY: Duration = Duration::from_mins(1);

/// How long an end is remembered, by the lifetime of an access token.
pub(crate) fn remembered(access: Duration) -> Duration {
    access + CLOCKS_DIFFER_BY
}

impl LearnEndedSessions {
    /// How often.
    pub const EVERY: Duration = Duration::from_millis(500);

    /// `access` is the lifetime of an access token.
    pub(crate) fn new(ended: Arc<dyn EndedSessions>, clock: Arc<dyn Clock>, access: Duration) -> Self {
        Self { ended, clock, remembered: remembered(access) }
    }

    /// Learns what happened since the last time.
    pub async fn execute(&self) -> Result<(), RepositoryError> {
        self.ended.learn(self.clock.now().before(self.remembered)).await
    }

    /// Learns at once what this instance has just ended.
    pub(crate) async fn at_once(&self) {
        // Where that fails the end stands all the same, and is learnt by the next regular look.
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
        async fn remembers_an_end_for_longer_than_an_access_token_lives() {
            let lifetime = Duration::from_mins(15);
            let mut ended = MockEndedSessions::new();
            ended.expect_learn().withf(move |since| *since < NOW.before(lifetime)).once().returning(|_| Ok(()));
            let learn = LearnEndedSessions::new(Arc::new(ended), Arc::new(FixedClock), lifetime);
            assert!(learn.execute().await.is_ok());
        }
    }
}
