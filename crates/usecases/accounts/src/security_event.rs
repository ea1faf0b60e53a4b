//! Security events, which are recorded for operators.

/// Something that may be part of an attack, or that an operator looks for after one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityEvent {
    /// A log-in with a wrong password, or for an account that does not exist.
    LogInFailed,
    /// A signed-in user gave a wrong password where it was required again.
    WrongPassword,
    /// A guess was rejected, right or wrong, because there were too many wrong ones.
    GuessRefused,
    /// A used refresh token was presented again, after its grace period or after its successor was used. Another
    /// client has a copy, and the session was ended.
    RefreshReplayed,
    /// A user changed the password. All other sessions have ended.
    PasswordChanged,
    /// A user ended a session, or all but the acting one.
    SessionEnded,
    /// A user erased the account. All its sessions have ended.
    AccountErased,
    /// The hash of a password was renewed, because the cost of hashing was raised.
    HashRenewed,
    /// The hash of a password could not be renewed. The next log-in tries again.
    HashNotRenewed,
    /// The metrics were requested with wrong credentials, or too often.
    MetricsRefused,
}

impl SecurityEvent {
    /// All events.
    pub const ALL: [Self; 10] = [
        Self::LogInFailed,
        Self::WrongPassword,
        Self::GuessRefused,
        Self::RefreshReplayed,
        Self::PasswordChanged,
        Self::SessionEnded,
        Self::AccountErased,
        Self::HashRenewed,
        Self::HashNotRenewed,
        Self::MetricsRefused,
    ];

    /// The stable name of the event in log lines and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::LogInFailed => "log_in_failed",
            Self::WrongPassword => "wrong_password",
            Self::GuessRefused => "guess_refused",
            Self::RefreshReplayed => "refresh_replayed",
            Self::PasswordChanged => "password_changed",
            Self::SessionEnded => "session_ended",
            Self::AccountErased => "account_erased",
            Self::HashRenewed => "hash_renewed",
            Self::HashNotRenewed => "hash_not_renewed",
            Self::MetricsRefused => "metrics_refused",
        }
    }
}
