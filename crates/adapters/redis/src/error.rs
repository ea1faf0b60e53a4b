//! Failures of Redis.

use std::sync::Arc;
use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// A command failed or was rejected. If it [was tried](Self::was_tried), it may have taken effect all the same.
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

    /// Whether the command was tried. It was not if the breaker was open or too many commands were in flight.
    pub fn was_tried(&self) -> bool {
        !matches!(*self.cause, Cause::BreakerOpen | Cause::TooManyInFlight)
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("its circuit breaker is open")]
    BreakerOpen,
    #[error("too many commands are waiting")]
    TooManyInFlight,
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    #[error("the command that would have included it was cancelled")]
    BrokenOff,
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// Whether the error means that the server is out of reach. A server that rejects one command is not.
pub(crate) fn is_out_of_reach(error: &RedisError) -> bool {
    let dislikes = matches!(
        error.kind(),
        ErrorKind::Parse
            | ErrorKind::UnexpectedReturnType
            | ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoScript | ServerErrorKind::NoPerm)
    );
    !dislikes && error.code() != Some("WRONGTYPE")
}
