//! The settings of the client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resilience::BreakerOptions;

/// Observes every command that was tried, for metrics.
pub trait RedisObserver: Send + Sync {
    /// A command ended. Commands rejected by the breaker or by the limit in flight are not observed.
    fn command(&self, name: &'static str, elapsed: Duration, failed: bool);
}

/// The settings of the client: prefix, timeouts, limits.
#[derive(Clone)]
pub struct RedisOptions {
    /// The prefix of every key.
    pub prefix: String,
    /// The time limit of a command, including the wait for a connection.
    pub command_timeout: Duration,
    /// The time limit of an attempt to connect. A command waits for it no longer than its own limit.
    pub connect_timeout: Duration,
    /// The most commands in flight. Further ones are rejected at once.
    pub max_in_flight: usize,
    /// When the circuit breaker opens, and for how long.
    pub breaker: BreakerOptions,
    /// The observer of commands, if any.
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
