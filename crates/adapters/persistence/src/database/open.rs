//! Opens the connections to the servers of a database.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

use super::node::{Node, Role};
use super::observer::observe;
use super::pools::{self, of_driver, prepare_file, reach};
use super::position::{NoPositions, Watermark};
use super::probe::Probe;
use super::transaction::Writers;
use super::{DatabaseOptions, Inner};
use crate::location::Location;

/// More readers than this do not make SQLite faster.
const SQLITE_READERS: u32 = 8;

/// One file, read by many and written by one.
pub(super) async fn sqlite(location: &Location, options: &DatabaseOptions) -> Result<Inner, DbErr> {
    if !options.replicas.is_empty() {
        return Err(DbErr::Custom("replicas are of PostgreSQL; SQLite has none".to_owned()));
    }
    let (reads, writes) = if let Location::SqliteFile(path) = location {
        let url = prepare_file(path)?;
        let readers = options.max_connections.min(SQLITE_READERS);
        let writes = connect(pools::sqlite(url.clone(), 1, options), Role::Primary, options).await?;
        (connect(pools::sqlite(url, readers, options), Role::Primary, options).await?, writes)
    } else {
        // Every connection would have a database of its own, so there is only one.
        let pool = connect(pools::sqlite("sqlite::memory:".to_owned(), 1, options), Role::Primary, options).await?;
        (pool.clone(), pool)
    };
    let primary = Arc::new(Node::new("primary".to_owned(), Role::Primary, reads));
    Ok(assemble(primary, Vec::new(), writes, 1, options))
}

/// A primary, which must be there, and replicas, which may come later.
pub(super) async fn postgres(url: &str, schema: Option<&str>, options: &DatabaseOptions) -> Result<Inner, DbErr> {
    let address: PgConnectOptions = url.parse().map_err(of_driver)?;
    reach(&address, options.acquire_timeout).await?;
    let pool = connect(pools::postgres(address.clone(), schema, options), Role::Primary, options).await?;
    let primary = Arc::new(Node::new("primary".to_owned(), Role::Primary, pool.clone()));
    let mut replicas = Vec::new();
    let mut addresses = Vec::new();
    for (number, location) in (1..).zip(&options.replicas) {
        let Location::Postgres { url, schema } = location else {
            return Err(DbErr::Custom("replicas are of PostgreSQL".to_owned()));
        };
        let address: PgConnectOptions = url.parse().map_err(of_driver)?;
        let mut pool = pools::postgres(address.clone(), schema.as_deref(), options);
        pool.connect_lazy(true);
        let pool = connect(pool, Role::Replica, options).await?;
        replicas.push(Arc::new(Node::new(format!("replica-{number}"), Role::Replica, pool)));
        addresses.push(address);
    }
    let writers = options.max_connections - options.max_connections / 4;
    let mut inner = assemble(primary, replicas, pool, writers, options);
    inner.schema = schema.map(ToOwned::to_owned);
    if let Some(every) = options.probe_every {
        let watermark = Some(Arc::clone(&inner.watermark));
        let mut probes = vec![Probe::begin(Arc::clone(&inner.primary), address, every, watermark)];
        for (replica, address) in inner.replicas.iter().zip(addresses) {
            probes.push(Probe::begin(Arc::clone(replica), address, every, None));
        }
        inner.probes = Mutex::new(probes);
    }
    Ok(inner)
}

async fn connect(pool: ConnectOptions, role: Role, options: &DatabaseOptions) -> Result<DatabaseConnection, DbErr> {
    let mut connection = sea_orm::Database::connect(pool).await?;
    if let Some(observer) = options.observer.clone() {
        observe(&mut connection, role, observer);
    }
    Ok(connection)
}

fn assemble(
    primary: Arc<Node>,
    replicas: Vec<Arc<Node>>,
    writes: DatabaseConnection,
    writers: u32,
    options: &DatabaseOptions,
) -> Inner {
    Inner {
        primary,
        replicas,
        turn: AtomicUsize::new(0),
        writes,
        writers: Writers::new(writers, options.acquire_timeout),
        watermark: Arc::new(Watermark::default()),
        positions: options.positions.clone().unwrap_or_else(|| Arc::new(NoPositions)),
        settling: options.probe_every.unwrap_or_default() * 3,
        schema: None,
        observer: options.observer.clone(),
        probes: Mutex::new(Vec::new()),
    }
}
