//! The port of security events.

use domain::UserId;

use crate::security_event::SecurityEvent;

/// Records security events for operators: a line in the log and a count for each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait SecurityLog: Send + Sync {
    /// Records that `event` happened to the account of `user`, if it is known. Never fails and never waits.
    fn record(&self, event: SecurityEvent, user: Option<UserId>);
}
