//! The client that all commands use.
//!
//! Invariants:
//! - A command ends within its time limit, including the wait for a connection.
//! - The number of commands in flight is bounded. Further ones are rejected at once.
//! - While the breaker is open, commands are rejected at once, except appends to the journal.
//! - A connection whose command timed out is replaced.
//!
//! Tested in `tests/shared_state/commands.rs`.

use std::sync::Arc;
use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisResult, ScriptInvocation};
use resilience::{CircuitBreaker, Permit, State};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::address::InvalidUrl;
use crate::error::{Cause, Unavailable, is_out_of_reach};
use crate::link::Link;
use crate::options::RedisOptions;

/// A client of one Redis. Clones share one multiplexed connection.
///
/// The first command connects, and from then on the connection is restored in the background. A command fails at once
/// if the last attempt to connect failed, or if the breaker is open.
#[derive(Clone)]
pub struct Redis {
    inner: Arc<Inner>,
}

struct Inner {
    link: Arc<Link>,
    breaker: CircuitBreaker,
    slots: Semaphore,
    options: RedisOptions,
}

/// A command or a script.
pub(crate) enum Request<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

impl Request<'_> {
    async fn send<T: FromRedisValue>(&self, connection: &mut MultiplexedConnection) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

impl Redis {
    /// A client of the Redis at `url`, which need not be reachable yet. Its connections live in the current runtime.
    ///
    /// # Errors
    /// [`InvalidUrl`] if `url` is not the address of a Redis.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn connect(url: &str, options: RedisOptions) -> Result<Self, InvalidUrl> {
        let link = Link::new(url, options.connect_timeout, options.max_in_flight, Handle::current())?;
        let inner = Inner {
            link,
            breaker: CircuitBreaker::new(options.breaker),
            slots: Semaphore::new(options.max_in_flight.min(Semaphore::MAX_PERMITS)),
            options,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether it is connected and the breaker allows commands, as far as is known. It is false before the first
    /// command.
    pub fn is_up(&self) -> bool {
        self.inner.link.is_up() && self.state() != State::Open
    }

    /// The state of the breaker.
    pub fn state(&self) -> State {
        self.inner.breaker.state()
    }

    /// Checks that Redis responds now.
    ///
    /// # Errors
    /// [`Unavailable`] if it does not.
    pub async fn ping(&self) -> Result<(), Unavailable> {
        let _: String = self.query("ping", Request::Command(&redis::cmd("PING"))).await?;
        Ok(())
    }

    /// The key `name` with the prefix of this application.
    pub(crate) fn key(&self, name: impl std::fmt::Display) -> String {
        format!("{}{name}", self.inner.options.prefix)
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.inner.link
    }

    /// Sends a request even while the breaker is open, for commands that must not be skipped after a fault that may be
    /// over. Fails at once if there is no connection.
    pub(crate) async fn query_past_breaker<T: FromRedisValue>(
        &self,
        name: &'static str,
        request: Request<'_>,
    ) -> Result<T, Unavailable> {
        self.query_with(name, request, self.inner.breaker.try_enter()).await
    }

    /// Sends a request, and waits for the response within the time limit.
    pub(crate) async fn query<T: FromRedisValue>(
        &self,
        name: &'static str,
        request: Request<'_>,
    ) -> Result<T, Unavailable> {
        let Some(permit) = self.inner.breaker.try_enter() else {
            return Err(Unavailable::new(name, Cause::BreakerOpen));
        };
        self.query_with(name, request, Some(permit)).await
    }

    async fn query_with<T: FromRedisValue>(
        &self,
        name: &'static str,
        request: Request<'_>,
        permit: Option<Permit<'_>>,
    ) -> Result<T, Unavailable> {
        let Inner { link, slots, options, .. } = &*self.inner;
        let Ok(_slot) = slots.try_acquire() else {
            return Err(Unavailable::new(name, Cause::TooManyInFlight));
        };
        let begun = Instant::now();
        let mut used = None;
        let answer = tokio::time::timeout(options.command_timeout, async {
            let mut connected = link.connection().await?;
            used = Some(connected.number);
            request.send(&mut connected.connection).await
        })
        .await;
        let failure = match answer {
            Ok(Ok(answer)) => {
                if let Some(permit) = permit {
                    permit.succeeded();
                }
                options.observed(name, begun, false);
                return Ok(answer);
            }
            Ok(Err(error)) => Cause::Redis(error),
            Err(_) => Cause::TimedOut(options.command_timeout),
        };
        let answered = matches!(&failure, Cause::Redis(error) if !is_out_of_reach(error));
        match permit {
            Some(permit) if answered => permit.succeeded(),
            Some(permit) => permit.failed(),
            None => {}
        }
        if !answered {
            // The connection may be dead without a notice from the operating system. So it is replaced.
            if let Some(number) = used {
                link.forget(number, &failure);
            }
        }
        options.observed(name, begun, true);
        Err(Unavailable::new(name, failure))
    }
}

impl RedisOptions {
    fn observed(&self, name: &'static str, begun: Instant, failed: bool) {
        if let Some(observer) = &self.observer {
            observer.command(name, begun.elapsed(), failed);
        }
    }
}
