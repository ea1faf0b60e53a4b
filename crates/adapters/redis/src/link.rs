//! The multiplexed connection that all commands share, restored in the background.
//!
//! Invariants:
//! - At most one attempt to connect is in flight. Callers wait for the first attempt, and fail at once after a failed
//!   one.
//! - Each connection has a number. Only the current one can be discarded.
//! - No log message or error contains a part of the address.
//!
//! On failure the attempts repeat, with backoff, as long as the link is used.

use std::error::Error;
use std::fmt::Display;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ProtocolVersion, PushInfo, PushKind, RedisError, RedisResult,
};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::address::{self, InvalidUrl};

/// The first pause between attempts to connect; each further one is twice as long.
pub(crate) const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between attempts to connect.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The address of Redis, and the shared connection to it.
pub(crate) struct Link {
    client: Client,
    connect_timeout: Duration,
    max_in_flight: usize,
    /// Drives the connections. They outlive the request, and even the worker thread, that first needed them.
    runtime: Handle,
    numbers: AtomicU64,
    phase: watch::Sender<Phase>,
}

#[derive(Clone)]
enum Phase {
    /// No command has needed the connection yet.
    Idle,
    /// The first attempt since the connection was needed or lost is in flight. Commands wait for it.
    Connecting,
    /// The last attempt failed, and others follow. Commands fail at once.
    Down(RedisError),
    Up(Connected),
}

/// A connection with its number.
#[derive(Clone)]
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) number: u64,
}

impl Link {
    /// A link that connects when first needed.
    pub(crate) fn new(
        url: &str,
        connect_timeout: Duration,
        max_in_flight: usize,
        runtime: Handle,
    ) -> Result<Arc<Self>, InvalidUrl> {
        let address = address::parse(url)?;
        if matches!(address.addr(), ConnectionAddr::TcpTls { .. }) {
            // It fails if a provider is installed already, which is fine.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        // With protocol version 3, the driver reports a lost connection at once, even between commands.
        let settings = address.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let address = address.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true));
        Ok(Arc::new(Self {
            client: Client::open(address).map_err(|_| InvalidUrl::NotAnAddress)?,
            connect_timeout,
            max_in_flight,
            runtime,
            numbers: AtomicU64::new(0),
            phase: watch::Sender::new(Phase::Idle),
        }))
    }

    /// The runtime that drives the connections.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Whether there is a connection that is not known to be lost.
    pub(crate) fn is_up(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Up(_))
    }

    /// The shared connection. Waits for a first attempt in flight. Fails at once if the last attempt failed.
    pub(crate) async fn connection(self: &Arc<Self>) -> RedisResult<Connected> {
        if let Phase::Up(connected) = &*self.phase.borrow() {
            return Ok(connected.clone());
        }
        self.begin(|phase| matches!(phase, Phase::Idle));
        let mut phases = self.phase.subscribe();
        // The link owns the sender, so the channel cannot be closed.
        let Ok(phase) = phases.wait_for(|phase| matches!(phase, Phase::Up(_) | Phase::Down(_))).await else {
            return Err(RedisError::from((redis::ErrorKind::Client, "the connection is closed")));
        };
        match &*phase {
            Phase::Up(connected) => Ok(connected.clone()),
            Phase::Down(error) => Err(error.clone()),
            Phase::Idle | Phase::Connecting => {
                Err(RedisError::from((redis::ErrorKind::Client, "the connection is closed")))
            }
        }
    }

    /// Replaces the connection with this number, unless that has happened already. `why` is for the log.
    pub(crate) fn forget(self: &Arc<Self>, number: u64, why: &dyn Display) {
        if self.begin(|phase| matches!(phase, Phase::Up(connected) if connected.number == number)) {
            tracing::warn!(error = %why, "lost the connection to Redis; reconnecting");
        }
    }

    /// A separate connection. Its user sets a time limit for each command.
    pub(crate) async fn own_connection(&self) -> RedisResult<MultiplexedConnection> {
        let options =
            AsyncConnectionConfig::new().set_connection_timeout(Some(self.connect_timeout)).set_response_timeout(None);
        self.client.get_multiplexed_async_connection_with_config(&options).await.map_err(|error| not_reached(&error))
    }

    /// Starts to connect, if the current phase is `due` for it. Returns whether it was.
    fn begin(self: &Arc<Self>, due: impl FnOnce(&Phase) -> bool) -> bool {
        let began = self.phase.send_if_modified(|phase| {
            let due = due(phase);
            if due {
                *phase = Phase::Connecting;
            }
            due
        });
        if began {
            self.runtime.spawn(connect(Arc::downgrade(self)));
        }
        began
    }

    async fn open(self: &Arc<Self>) -> RedisResult<Connected> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let link = Arc::downgrade(self);
        let on_push = move |push: PushInfo| -> Result<(), std::convert::Infallible> {
            if push.kind == PushKind::Disconnection
                && let Some(link) = link.upgrade()
            {
                link.forget(number, &"it was closed");
            }
            Ok(())
        };
        let options = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            // The caller has a time limit for the whole command.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(self.max_in_flight.max(1))
            .set_push_sender(on_push);
        let connected = self.client.get_multiplexed_async_connection_with_config(&options).await;
        let connection = connected.map_err(|error| not_reached(&error))?;
        Ok(Connected { connection, number })
    }
}

/// The reason why there is no connection, without any part of the address. Redis and the driver may repeat the name
/// of the user or of the host. In a malformed address these may be part of the password.
fn not_reached(error: &RedisError) -> RedisError {
    let said = match (error.code(), io_cause(error)) {
        (Some(code), _) => format!("it refuses: {code}"),
        (None, Some(error)) if error.get_ref().is_none() => error.to_string(),
        (None, Some(error)) => error.kind().to_string(),
        (None, None) => error.category().to_owned(),
    };
    RedisError::from((redis::ErrorKind::Io, "no connection", said))
}

/// The error of the operating system, which the driver keeps in an `Arc`.
fn io_cause(error: &RedisError) -> Option<&io::Error> {
    let cause = error.source()?;
    match cause.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        Some(shared) => shared.downcast_ref(),
        None => cause.downcast_ref(),
    }
}

/// Tries to connect until it succeeds, or until the link is dropped.
async fn connect(link: Weak<Link>) {
    let mut pause = SHORTEST_PAUSE;
    let mut failed = false;
    while let Some(link) = link.upgrade() {
        match link.open().await {
            Ok(connected) => {
                if failed {
                    tracing::info!("connected to Redis again");
                }
                link.phase.send_replace(Phase::Up(connected));
                return;
            }
            Err(error) => {
                if !failed {
                    tracing::warn!(%error, "cannot connect to Redis");
                }
                failed = true;
                link.phase.send_replace(Phase::Down(error));
            }
        }
        drop(link);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
