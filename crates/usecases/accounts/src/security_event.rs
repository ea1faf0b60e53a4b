//! What is noted for those who look after the server.

/// Something that may be part of an attack, or be looked for after one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityEvent {
    /// A log-in with a wrong password, or for an account that does not exist.
    LogInFailed,
    /// A signed-in user gave a wrong password where it was asked for once more.
    WrongPassword,
    /// A guess at a password was refused, right or wrong, for there were too many wrong ones.
    GuessRefused,
    /// A used refresh token came again, past its grace or after its successor: somebody has a copy. Its session has ended.
    RefreshReplayed,
    /// A user changed the password. All other sessions have ended.
    PasswordChanged,
    /// A user ended a session, or all but the one in use.
    SessionEnded,
    /// A user erased the account. All its sessions have ended.
    AccountErased,
    /// The hash of a password was renewed, as hashing costs more than it did.
    HashRenewed,
    /// The hash of a password could not be renewed; the next log-in tries again.
    HashNotRenewed,
    /// The metrics were asked for with wrong credentials, or too often.
    MetricsRefused,
}

impl SecurityEvent {
    /// Every event there is.
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

    /// Its name in lines and metrics; stable.
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
