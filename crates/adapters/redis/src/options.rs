//! How Redis is used.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resilience::BreakerOptions;

/// Told of every command that was tried; for metrics.
pub trait RedisObserver: Send + Sync {
    /// A command ended. Commands that were turned away untried, by the breaker or for want of room, are not told.
    fn command(&self, name: &'static str, elapsed: Duration, failed: bool);
}

/// How Redis is used.
#[derive(Clone)]
pub struct RedisOptions {
    /// What every key begins with.
    pub prefix: String,
    /// How long a command may take, waiting for a connection included.
    pub command_timeout: Duration,
    /// How long it may take to open a connection, which no command waits for any longer than its own limit.
    pub connect_timeout: Duration,
    /// So many commands may wait for their answers at once; those beyond fail at once.
    pub max_in_flight: usize,
    /// When commands are no longer tried for a while.
    pub breaker: BreakerOptions,
    /// Who is told of commands.
    pub observer: Option<Arc<dyn RedisObserver>>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "thoughts:".to_owned(),
            command_timeout: Duration::from_millis(100),
            connect_timeout: Duration::from_secs(1),
            max_in_flight: 1024,
            breaker: BreakerOptions {
                threshold: 5,
                pause: Duration::from_millis(250),
                longest_pause: Duration::from_secs(1),
            },
            observer: None,
        }
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("prefix", &self.prefix)
            .field("command_timeout", &self.command_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_in_flight", &self.max_in_flight)
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}
