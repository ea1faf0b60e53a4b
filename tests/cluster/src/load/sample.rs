//! One request and what became of it.

use std::time::{Duration, Instant};

/// What kind of request it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `GET`.
    Read,
    /// A write that a gateway may send a second time: it carries a key, or is a `PUT` or `DELETE`.
    Repeatable,
    /// Any other write.
    Once,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answered as it must be.
    Good,
    /// Refused with 503; whether the answer said when to come back.
    Unavailable { retry_after: bool },
    /// Answered with another status than it must be.
    Status(u16),
    /// Not answered.
    Lost(String),
    /// Answered with success, but not with what its reader has just written.
    Stale(String),
    /// Answered with 404, though everybody has known the thing for a while and nobody deletes it.
    Missing,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) call: String,
    pub(crate) kind: Kind,
    pub(crate) sent: Instant,
    pub(crate) took: Duration,
    pub(crate) outcome: Outcome,
}

impl Sample {
    /// When it was answered.
    pub(crate) fn ended(&self) -> Instant {
        self.sent + self.took
    }

    /// Whether it was answered as it must be.
    pub(crate) fn is_good(&self) -> bool {
        self.outcome == Outcome::Good
    }

    /// Whether it writes.
    pub(crate) fn writes(&self) -> bool {
        self.kind != Kind::Read
    }

    /// What went wrong, without what differs from request to request.
    pub(crate) fn trouble(&self) -> String {
        match &self.outcome {
            Outcome::Good => "good".to_owned(),
            Outcome::Unavailable { retry_after: true } => "503".to_owned(),
            Outcome::Unavailable { retry_after: false } => "503 without Retry-After".to_owned(),
            Outcome::Status(status) => status.to_string(),
            Outcome::Lost(_) => "no answer".to_owned(),
            Outcome::Stale(_) => "own write not seen".to_owned(),
            Outcome::Missing => "not there, but never deleted".to_owned(),
        }
    }

    /// All there is to say of one that went wrong.
    pub(crate) fn shown(&self) -> String {
        match &self.outcome {
            Outcome::Lost(what) | Outcome::Stale(what) => format!("{}: {}: {what}", self.call, self.trouble()),
            _ => format!("{}: {}", self.call, self.trouble()),
        }
    }
}
