//! What can go wrong with Redis.

use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Redis did not do what it was asked. Whether it did it after all, unheard, is not known.
#[derive(Debug, Clone, thiserror::Error)]
#[error("Redis is not available for {command}")]
pub struct Unavailable {
    command: &'static str,
    #[source]
    cause: Arc<Cause>,
}

impl Unavailable {
    pub(crate) fn new(command: &'static str, cause: Cause) -> Self {
        Self { command, cause: Arc::new(cause) }
    }

    /// Whether it was asked at all, and not spared because it failed before or has too much to do already.
    pub fn was_tried(&self) -> bool {
        !matches!(*self.cause, Cause::BreakerOpen | Cause::TooManyInFlight)
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("it failed before and is left alone for a while")]
    BreakerOpen,
    #[error("too many commands wait for it already")]
    TooManyInFlight,
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("the command that it was to be part of broke off")]
    BrokenOff,
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// Whether an error tells of a server that cannot serve, rather than of one that serves and dislikes a command.
pub(crate) fn is_out_of_reach(error: &RedisError) -> bool {
    let dislikes = matches!(
        error.kind(),
        ErrorKind::Parse
            | ErrorKind::UnexpectedReturnType
            | ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoScript | ServerErrorKind::NoPerm)
    );
    !dislikes && error.code() != Some("WRONGTYPE")
}
