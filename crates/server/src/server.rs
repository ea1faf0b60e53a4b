//! Starting and stopping the server.
//!
//! Called by `main`, and by the end-to-end tests with [`Overrides`].
//!
//! Invariants:
//! - The server reports ready only after it listens, and not ready before it stops listening.
//! - Stopping goes from the outside in: health report, listeners and requests in flight, background tasks, cluster,
//!   database. Each step has a time limit.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use accounts::SessionLifetimes;
use actix_web::dev::{Server, ServerHandle};
use actix_web::{HttpServer, rt};
use api::accounts::ByAccessToken;
use api::{Contexts, MetricsAccess, MetricsEndpoint, MetricsRenderer, operations};
use database::{Database, DatabaseOptions, Location, Observer};
use http_kit::application::{self, Application};
use http_kit::connections::{ConnectionBounds, Connections};
use http_kit::cursor::CursorCodec;
use http_kit::health::{Dependency, Health};
use http_kit::rate_limit::LocalRateLimits;
use http_kit::settings::HttpSettings;
use redis_adapters::Redis;
use secrecy::ExposeSecret;
use security::{HashingCost, LocalGuesses, SigningKeys, cursor_keys};
use system::SystemClock;
use tokio::net::TcpSocket;

use crate::cluster::{Cluster, InformedCache};
use crate::composition::{UseCases, use_cases};
use crate::connections::{self, Serving};
use crate::dependencies::{PrimaryDependency, RedisDependency, ReplicasDependency};
use crate::health_check;
use crate::maintenance::{Duties, Maintenance};
use crate::security_log::LoggedSecurityEvents;
use crate::settings::{Environment, Settings};
use crate::signals::Signals;
use crate::signing_key::development_key;
use crate::start_error::StartError;
use crate::telemetry::metrics::DatabaseMetrics;
use crate::telemetry::traces::TracedStatements;

/// The length of the accept queue. When it is full, clients retry to connect.
const BACKLOG: u32 = 1024;
/// The most connections served. As many again get a response that there are too many, and are closed; further ones
/// are closed at once. A client network may have a quarter of them: many people share an address, and no address may
/// lock out the others.
const CONNECTIONS: ConnectionBounds = ConnectionBounds { all: 4096, of_a_network: 1024 };
/// How long a stopping server still accepts requests in production, until load balancers have noticed.
const DRAIN: Duration = Duration::from_secs(2);
/// The interval of probes of the database servers, for liveness and position. It is half of the time for which a reader
/// may miss the writes of others.
const PROBE_EVERY: Duration = Duration::from_millis(40);
/// How long a client may take to disconnect after it was told to.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time limit of closing the database, which is no longer used by then.
const CLOSING: Duration = Duration::from_secs(3);

/// Settings of a program that embeds the server, such as a test.
pub struct Overrides {
    /// Renders the metrics.
    pub metrics: MetricsRenderer,
    /// The cost of hashing a password.
    pub hashing_cost: HashingCost,
    /// Observes every statement and transaction.
    pub observer: Arc<dyn Observer>,
    /// The longest expected wait for the database before a call is rejected; `None` for the default.
    pub wait: Option<Duration>,
    /// The limits of client connections.
    pub connections: ConnectionBounds,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            metrics: Arc::new(String::new),
            hashing_cost: HashingCost::OWASP,
            observer: Arc::new(DatabaseMetrics),
            wait: None,
            connections: CONNECTIONS,
        }
    }
}

/// A running server, until it is stopped.
pub struct RunningServer {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    environment: Environment,
    location: Location,
    health: Arc<Health>,
    handles: Vec<ServerHandle>,
    servers: Vec<rt::task::JoinHandle<std::io::Result<()>>>,
    cached: Option<InformedCache>,
    database: Database,
    maintenance: Maintenance,
}

/// Brings the schema up to date.
///
/// # Errors
/// [`StartError`] if the database is unreachable, or if a migration fails.
pub async fn migrate(location: Location) -> Result<(), StartError> {
    // Migrations may take longer than any request.
    let options = DatabaseOptions { statement_timeout: None, max_connections: 2, ..DatabaseOptions::new(location) };
    let database = Database::connect(&options).await?;
    persistence::migrate(&database).await?;
    tracing::info!(database = %options.location, "the schema is up to date");
    Ok(())
}

/// Starts a server: connects to the database, migrates if configured, and listens.
///
/// # Errors
/// [`StartError`], which names the variable or the server at fault.
pub async fn start(settings: Settings, overrides: Overrides) -> Result<RunningServer, StartError> {
    let location = settings.database_url.clone();
    let cluster = Cluster::new(settings.redis_url.as_ref())?;
    let database = open_database(&settings, &cluster, &overrides).await?;
    // The development key is generated here only: other commands need none.
    let signing_keys = match &settings.signing_keys {
        Some(keys) => keys.clone(),
        None => SigningKeys::from(development_key()?),
    };
    let cached = cluster.cache(settings.cache_ttl, database.watermark());
    let cache = cached.as_ref().map(|cached| &cached.cache);
    let rate_limits = settings.rate_limit.then(|| Arc::new(LocalRateLimits::new()));
    // Guesses are limited even if rate limits are off.
    let local_guesses = Arc::new(LocalGuesses::new(Arc::new(SystemClock)));
    let guesses = cluster.guesses(Arc::clone(&local_guesses));
    let lifetimes = SessionLifetimes {
        access: settings.access_token_ttl,
        refresh: settings.refresh_token_ttl,
        grace: settings.refresh_grace,
        session: settings.session_ttl,
    };
    let UseCases { contexts, remover } =
        use_cases(&database, cache, &signing_keys, lifetimes, overrides.hashing_cost, guesses);
    let Contexts { accounts, posts, .. } = &contexts;
    accounts.use_cases.learn_ended_sessions.execute().await.map_err(StartError::EndedSessions)?;
    let health = Arc::new(Health::new(dependencies(&settings, &database, cluster.redis())));
    let maintenance = Maintenance::begin(Duties {
        accounts: Arc::clone(&accounts.use_cases),
        posts: Arc::clone(&posts.use_cases),
        remover,
        rate_limits: rate_limits.clone(),
        guesses: local_guesses,
        database: database.clone(),
        redis: cluster.redis().cloned(),
        event_retention: settings.event_retention,
    });
    let with = application::Dependencies {
        identify: Arc::new(ByAccessToken(Arc::clone(&accounts.use_cases))),
        cursors: CursorCodec::new(&cursor_keys(&signing_keys)),
        health: Arc::clone(&health),
        rate_limits: rate_limits.map(|limits| cluster.rate_limits(limits)),
        settings: HttpSettings {
            request_timeout: settings.request_timeout,
            trusted_proxies: settings.trusted_proxies.clone(),
            database_connections: settings.database_max_connections,
            write_wait: overrides.wait,
            cors_allowed_origins: settings.cors_allowed_origins.clone(),
            base_path: settings.base_path.clone(),
            traces_exported: settings.trace_collector.is_some(),
        },
        runtime: tokio::runtime::Handle::current(),
    };
    let operations = operations::Services {
        metrics: MetricsEndpoint { render: overrides.metrics.clone(), access: metrics_access(&settings) },
        security_log: Arc::new(LoggedSecurityEvents),
    };
    let api = api::shell(contexts, operations, &settings.base_path)?;
    let application = Application::new(with, vec![api]);

    let listener = listen(SocketAddr::new(settings.host, settings.port), "PORT")?;
    let address = listener.local_addr()?;
    let mut running = vec![serve_shells(application, listener, &settings, overrides.connections)?];
    let mut metrics_address = None;
    if let Some(port) = settings.metrics_port {
        let listener = listen(SocketAddr::new(settings.host, port), "METRICS_PORT")?;
        metrics_address = Some(listener.local_addr()?);
        running.push(serve_metrics(overrides.metrics, listener)?);
    }
    let handles = running.iter().map(Server::handle).collect();
    let servers = running.into_iter().map(rt::spawn).collect();
    health.serving();
    Ok(RunningServer {
        address,
        metrics_address,
        environment: settings.environment,
        location,
        health,
        handles,
        servers,
        cached,
        database,
        maintenance,
    })
}

async fn open_database(settings: &Settings, cluster: &Cluster, overrides: &Overrides) -> Result<Database, StartError> {
    let location = &settings.database_url;
    let options = DatabaseOptions {
        max_connections: settings.database_max_connections,
        replicas: settings.database_replicas.clone(),
        positions: cluster.positions(),
        probe_every: Some(PROBE_EVERY),
        // A statement that outlives its request is cancelled.
        statement_timeout: Some(settings.request_timeout),
        observer: Some(Arc::new(TracedStatements::new(location, Arc::clone(&overrides.observer)))),
        ..DatabaseOptions::new(location.clone())
    };
    let options = DatabaseOptions { read_wait: overrides.wait.unwrap_or(options.read_wait), ..options };
    let database = Database::connect(&options).await?;
    if settings.database_migrate {
        persistence::migrate(&database).await?;
    } else if !persistence::is_migrated(&database).await? {
        return Err(StartError::NotMigrated);
    }
    Ok(database)
}

fn dependencies(settings: &Settings, database: &Database, redis: Option<&Redis>) -> Vec<Arc<dyn Dependency>> {
    let mut dependencies: Vec<Arc<dyn Dependency>> = vec![Arc::new(PrimaryDependency(database.clone()))];
    if !settings.database_replicas.is_empty() {
        dependencies.push(Arc::new(ReplicasDependency(database.clone())));
    }
    if let Some(redis) = redis {
        dependencies.push(Arc::new(RedisDependency(redis.clone())));
    }
    dependencies
}

/// Who may read metrics at the server's own port.
fn metrics_access(settings: &Settings) -> MetricsAccess {
    match (settings.metrics_port, &settings.metrics_user, &settings.metrics_password) {
        (Some(_), _, _) => MetricsAccess::Elsewhere,
        (None, Some(user), Some(password)) => {
            MetricsAccess::BasicAuth { credentials: format!("{user}:{}", password.expose_secret()) }
        }
        (None, _, _) => MetricsAccess::Loopback,
    }
}

/// The URL of a listener, for the log.
fn listening_url(address: SocketAddr, path: &str) -> String {
    let everywhere = if address.ip().is_unspecified() { ", on every address of this machine" } else { "" };
    format!("http://{address}{path}{everywhere}")
}

fn listen(address: SocketAddr, port: &'static str) -> Result<TcpListener, StartError> {
    let bind = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    bind().map_err(|source| StartError::Listen { port, address, source })
}

fn serve_shells(
    application: Application,
    listener: TcpListener,
    settings: &Settings,
    most: ConnectionBounds,
) -> Result<Server, StartError> {
    let serving = Serving {
        workers: settings.workers.get(),
        connections_of_a_worker: most.all.saturating_mul(3),
        patience: settings.request_timeout,
        disconnect: DISCONNECT_TIMEOUT,
        shutdown: settings.shutdown_timeout,
    };
    let connections = Connections::new(most, settings.trusted_proxies.clone());
    Ok(connections::serve(application, listener, connections, &serving)?)
}

fn serve_metrics(render: MetricsRenderer, listener: TcpListener) -> Result<Server, StartError> {
    let server = HttpServer::new(move || api::metrics_app(render.clone()))
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

impl RunningServer {
    /// The address of the API's listener.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Prints the URLs to the terminal in development, and logs them.
    pub fn announce(&self) {
        let version = env!("CARGO_PKG_VERSION");
        if self.environment == Environment::Development {
            let base = format!("http://{}", health_check::reachable(self.address));
            println!("Thoughts {version}, {}, {}", self.environment, self.location);
            println!("  API     {base}/v1/posts");
            println!("  Docs    {base}/docs/");
            println!("  Health  {base}/health/ready");
            if self.address.ip().is_unspecified() {
                println!("  Other machines reach it at port {} of any address of this one", self.address.port());
            }
        }
        if let Some(address) = self.metrics_address {
            tracing::info!("metrics at {}", listening_url(address, "/metrics"));
        }
        let at = listening_url(self.address, "");
        tracing::info!(version, environment = %self.environment, database = %self.location, "listening at {at}");
    }

    /// Serves until a signal arrives, then stops.
    ///
    /// # Errors
    /// [`StartError::Run`] if the server ends without a signal.
    pub async fn run_until(self, signals: &mut Signals) -> Result<(), StartError> {
        tokio::select! {
            () = signals.received() => self.stop().await,
            () = self.broken_off() => {
                tracing::error!("the server stopped unexpectedly");
                self.stop().await?;
                Err(StartError::Run(io::Error::other("it ended without being told to")))
            }
        }
    }

    /// Waits until a listener's server ends without being stopped.
    async fn broken_off(&self) {
        while !self.servers.iter().any(rt::task::JoinHandle::is_finished) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Stops: reports not ready, finishes requests in flight within `SHUTDOWN_TIMEOUT`, and closes connections.
    ///
    /// # Errors
    /// [`StartError::Run`] if the server had ended with an error before.
    pub async fn stop(self) -> Result<(), StartError> {
        tracing::info!("stopping");
        self.health.stopping();
        if self.environment == Environment::Production {
            tokio::time::sleep(DRAIN).await;
        }
        for handle in &self.handles {
            handle.stop(true).await;
        }
        for server in self.servers {
            if let Ok(result) = server.await {
                result?;
            }
        }
        self.maintenance.end().await;
        if let Some(cached) = self.cached {
            cached.leave().await;
        }
        match tokio::time::timeout(CLOSING, self.database.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %error.source, "the database was not closed cleanly"),
            Err(_) => tracing::warn!("the database was not closed in time"),
        }
        tracing::info!("stopped");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listening_url_says_whether_it_covers_every_address() {
        let said = |address: &str| listening_url(address.parse().unwrap(), "/metrics");
        assert_eq!(said("127.0.0.1:3000"), "http://127.0.0.1:3000/metrics");
        assert_eq!(said("192.0.2.7:3000"), "http://192.0.2.7:3000/metrics");
        assert_eq!(said("0.0.0.0:3000"), "http://0.0.0.0:3000/metrics, on every address of this machine");
        assert_eq!(said("[::]:3000"), "http://[::]:3000/metrics, on every address of this machine");
    }
}
