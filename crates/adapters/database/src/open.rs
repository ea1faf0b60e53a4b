//! Opens the connections to the servers of a database.
//!
//! Called by [`Database::connect`](crate::Database::connect).
//!
//! On failure nothing stays open, and the error does not repeat the address.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, sqlx};

use crate::batch::Kinds;
use crate::file::DatabaseFile;
use crate::location::Location;
use crate::log::Written;
use crate::new_file::NewFile;
use crate::node::{self, Node};
use crate::not_reached::NotReached;
use crate::observer::observe;
use crate::pipeline;
use crate::plans::Plans;
use crate::pools::{self, reach};
use crate::position::{NoPositions, Watermark};
use crate::probe::Probe;
use crate::release::AfterRelease;
use crate::role::Role;
use crate::storage::Storage;
use crate::transaction::writers_gate;
use crate::{DatabaseOptions, Inner};

/// More read connections than this do not make SQLite faster.
const SQLITE_READERS: u32 = 8;

/// Opens an SQLite file with one connection that writes and several that read, or a database in memory.
pub(super) async fn sqlite(location: &Location, options: &DatabaseOptions) -> Result<Inner, NotReached> {
    if !options.replicas.is_empty() {
        return Err(NotReached::because("replicas are of PostgreSQL; SQLite has none"));
    }
    open_file(location, options).await.map_err(|error| NotReached::file(&error))
}

async fn open_file(location: &Location, options: &DatabaseOptions) -> Result<Inner, DbErr> {
    let (reads, writes, readers) = if let Location::SqliteFile(path) = location {
        let made = NewFile::at(path)?;
        let readers = options.max_connections.min(SQLITE_READERS);
        let pool = |connections| pools::sqlite(Some(path.clone()), connections, AfterRelease::Close, options);
        let writes = connect(pool(1), Role::Primary, options).await?;
        let reads = connect(pool(readers), Role::Primary, options).await?;
        made.keep();
        (reads, writes, readers)
    } else {
        // Every connection would have a database of its own, so there is only one.
        let pool = pools::sqlite(None, 1, AfterRelease::Mend, options);
        let pool = connect(pool, Role::Primary, options).await?;
        (pool.clone(), pool, 1)
    };
    let reads = (reads, Plans::default());
    let gate = node::gate(readers, options.read_wait);
    let primary = Arc::new(Node::new("primary".to_owned(), Role::Primary, reads, gate, options.observer.clone()));
    let mut inner = assemble(primary, Vec::new(), writes, 1, options);
    if let Location::SqliteFile(path) = location {
        let gone = |error| DbErr::Custom(format!("cannot look at {}: {error}", path.display()));
        inner.file = Some(DatabaseFile::at(path).map_err(gone)?);
    }
    Ok(inner)
}

/// Opens a primary, which must be up, and replicas, which may come up later.
pub(super) async fn postgres(url: &str, schema: Option<&str>, options: &DatabaseOptions) -> Result<Inner, NotReached> {
    let address = parsed(url)?;
    reach(&address, options.acquire_timeout).await?;
    let server = Server { name: "primary".to_owned(), role: Role::Primary, url, schema };
    let primary = Arc::new(server.open(address.clone(), options).await?);
    let mut replicas = Vec::new();
    let mut addresses = Vec::new();
    for (number, location) in (1..).zip(&options.replicas) {
        let Location::Postgres { url, schema } = location else {
            return Err(NotReached::because("replicas are of PostgreSQL"));
        };
        let address = parsed(url)?;
        let name = format!("replica-{number}");
        let server = Server { name, role: Role::Replica, url, schema: schema.as_deref() };
        replicas.push(Arc::new(server.open(address.clone(), options).await?));
        addresses.push(address);
    }
    let pooled = pooled(options);
    let pool = primary.pool.clone();
    let mut inner = assemble(primary, replicas, pool, pooled - pooled / 4, options);
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

/// The options of the driver for an address.
pub(super) fn parsed(url: &str) -> Result<PgConnectOptions, NotReached> {
    url.parse().map_err(|error: sqlx::Error| NotReached::from(&error))
}

/// The size of the pool, which gets the connections that the pipeline leaves.
fn pooled(options: &DatabaseOptions) -> u32 {
    options.max_connections - pipeline::share(options.max_connections)
}

/// The address and the role of a PostgreSQL server.
struct Server<'a> {
    name: String,
    role: Role,
    url: &'a str,
    schema: Option<&'a str>,
}

impl Server<'_> {
    /// Opens the pool, and begins to open the pipeline.
    async fn open(self, address: PgConnectOptions, options: &DatabaseOptions) -> Result<Node, NotReached> {
        let session = pools::with_session_settings(address, options);
        let plans = Plans::default();
        let mut pool = pools::postgres(session.clone(), self.schema, pooled(options), options);
        pools::renew(&mut pool, plans.clone());
        pool.connect_lazy(self.role == Role::Replica);
        let connections = pipeline::share(options.max_connections);
        let pool = connect(pool, self.role, options).await.map_err(|error| NotReached::from(&error))?;
        let gate = node::gate(pooled(options), options.read_wait);
        let node = Node::new(self.name, self.role, (pool, plans), gate, options.observer.clone());
        if connections == 0 {
            return Ok(node);
        }
        let session = session.application_name(pools::PIPELINE_NAME);
        let session = match self.schema {
            // Quoted, as the pool does.
            Some(schema) => session.options([("search_path", format!("\"{schema}\""))]),
            None => session,
        };
        match pipeline::Address::of(self.url, &session, options.acquire_timeout) {
            Ok(address) => {
                let at_once = pooled(options) + connections * pipeline::AT_ONCE;
                Ok(node.with_pipeline(address, connections, node::gate(at_once, options.read_wait)))
            }
            Err(unsupported) => {
                tracing::warn!(server = node.name, %unsupported, "cannot pipeline reads; they use the pool");
                Ok(node)
            }
        }
    }
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
        next_replica: AtomicUsize::new(0),
        writes,
        writers: writers_gate(writers, options.acquire_timeout),
        watermark: Arc::new(Watermark::default()),
        positions: options.positions.clone().unwrap_or_else(|| Arc::new(NoPositions)),
        settling: options.probe_every.unwrap_or_default() * 3,
        schema: None,
        storage: Storage::default(),
        file: None,
        observer: options.observer.clone(),
        batches: Kinds::default(),
        probes: Mutex::new(Vec::new()),
        written: Written::default(),
    }
}
