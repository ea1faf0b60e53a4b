//! Security events: a line in the log and a count of each.

use accounts::SecurityEvent;
use accounts::ports::SecurityLog;
use domain::UserId;

/// What the lines are told apart by, and filtered with (`RUST_LOG=warn,security=info`).
const TARGET: &str = "security";
/// How many events there were, by name.
const COUNTER: &str = "security_events_total";

/// Writes the line within the request's span, which names the request and the client's network, and which is told the
/// account from then on.
pub(crate) struct LoggedSecurityEvents;

impl SecurityLog for LoggedSecurityEvents {
    fn record(&self, event: SecurityEvent, user: Option<UserId>) {
        let name = event.name();
        metrics::counter!(COUNTER, "event" => name).increment(1);
        let user = user.as_ref().map(UserId::as_str);
        match event {
            SecurityEvent::RefreshReplayed => {
                tracing::warn!(target: TARGET, event = name, user, "security event");
            }
            SecurityEvent::LogInFailed
            | SecurityEvent::WrongPassword
            | SecurityEvent::GuessRefused
            | SecurityEvent::PasswordChanged
            | SecurityEvent::SessionEnded
            | SecurityEvent::AccountErased
            | SecurityEvent::HashRenewed
            | SecurityEvent::HashNotRenewed
            | SecurityEvent::MetricsRefused => {
                tracing::info!(target: TARGET, event = name, user, "security event");
            }
        }
    }
}

/// Writes down that none has happened yet: rates of counters that appear out of nowhere miss the first event.
pub(crate) fn begin_counting() {
    for event in SecurityEvent::ALL {
        metrics::counter!(COUNTER, "event" => event.name()).absolute(0);
    }
}
