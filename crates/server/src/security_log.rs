//! Security events: a log line and a counter for each.

use accounts::SecurityEvent;
use accounts::ports::SecurityLog;
use domain::UserId;

/// The target of the log lines, to filter by (`RUST_LOG=warn,security=info`).
const TARGET: &str = "security";
/// The counter of events, with the label `event`.
const COUNTER: &str = "security_events_total";

/// Logs and counts security events. A line belongs to the span of its request, which has the request id and the
/// client's network.
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

/// Initializes the counters with zero. The rate of a counter that appears later misses its first event.
pub(crate) fn begin_counting() {
    for event in SecurityEvent::ALL {
        metrics::counter!(COUNTER, "event" => event.name()).absolute(0);
    }
}
