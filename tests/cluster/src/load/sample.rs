//! One request and its outcome.

use std::time::{Duration, Instant};

/// The kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A `GET`.
    Read,
    /// A write that a gateway may send a second time: it carries a key, or is a `PUT` or `DELETE`.
    Repeatable,
    /// Any other write.
    Once,
}

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Good,
    /// Rejected with 503; whether the response had `Retry-After`.
    Unavailable {
        retry_after: bool,
    },
    /// Another status than expected.
    Status(u16),
    /// No response.
    Lost(String),
    /// A success without the value that its reader has just written.
    Stale(String),
    /// A 404 for a resource that has been shared for a while and is never deleted.
    Missing,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) call: String,
    pub(crate) kind: Kind,
    pub(crate) sent: Instant,
    pub(crate) took: Duration,
    pub(crate) outcome: Outcome,
}

impl Sample {
    /// When the response arrived.
    pub(crate) fn ended(&self) -> Instant {
        self.sent + self.took
    }

    pub(crate) fn is_good(&self) -> bool {
        self.outcome == Outcome::Good
    }

    pub(crate) fn writes(&self) -> bool {
        self.kind != Kind::Read
    }

    /// The failure, without details that differ between requests.
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

    /// The failure with all details.
    pub(crate) fn shown(&self) -> String {
        match &self.outcome {
            Outcome::Lost(what) | Outcome::Stale(what) => format!("{}: {}: {what}", self.call, self.trouble()),
            _ => format!("{}: {}", self.call, self.trouble()),
        }
    }
}
