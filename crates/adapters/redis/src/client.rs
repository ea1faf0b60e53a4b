//! Asking Redis: in bounded time, in bounded number, and not at all while it is known to be lost.

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

/// A Redis. Clones share one connection, which commands of all callers go over side by side.
///
/// It is connected when it is first needed, and from then on kept so in the background. A command ends within the time
/// limit: it waits for a connection no longer than that, fails at once when the last attempt to connect failed, and is
/// not tried at all while the breaker is open.
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

/// What can be asked.
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
    /// The Redis at `url`, whether it is there or not. Its connections live in the runtime that this is called in.
    ///
    /// # Errors
    /// [`InvalidUrl`] when `url` is no address of a Redis.
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

    /// Whether it is connected and commands are tried. It may be lost unnoticed; and before the first command it is
    /// not connected yet.
    pub fn is_up(&self) -> bool {
        self.inner.link.is_up() && self.state() != State::Open
    }

    /// What the breaker does with commands.
    pub fn state(&self) -> State {
        self.inner.breaker.state()
    }

    /// Whether it answers now.
    ///
    /// # Errors
    /// [`Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), Unavailable> {
        let _: String = self.query("ping", Request::Command(&redis::cmd("PING"))).await?;
        Ok(())
    }

    /// A key of this application.
    pub(crate) fn key(&self, name: impl std::fmt::Display) -> String {
        format!("{}{name}", self.inner.options.prefix)
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.inner.link
    }

    /// Asks also while the breaker is open: what must not be left out for a fault that may be over. When there is no
    /// connection to be had it fails at once all the same.
    pub(crate) async fn query_past_breaker<T: FromRedisValue>(
        &self,
        name: &'static str,
        request: Request<'_>,
    ) -> Result<T, Unavailable> {
        self.query_with(name, request, self.inner.breaker.try_enter()).await
    }

    /// Asks, and waits for the answer within the time limit.
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
            // A connection that brought no answer in time may be dead: nothing else would ever tell.
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
