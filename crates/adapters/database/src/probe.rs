//! Probes a PostgreSQL server at an interval: whether it answers, and its position.
//!
//! The probes open and close the circuit to the server. While it is open, requests fail at once instead of waiting
//! for a connection, and only the probe tries the server. The probe has a connection of its own, so an exhausted pool
//! does not look like a lost server.
//!
//! Invariant: a replica that is not in recovery counts as down, as it may have writes that the primary does not have.
//!
//! Tested in `persistence/tests/repositories/replicas.rs`.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection as _};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::node::{Node, POSITION};
use crate::pools;
use crate::position::{WalPosition, Watermark};
use crate::role::Role;

/// How long a server may take to accept a connection, and to answer a probe.
const LIMIT: Duration = Duration::from_secs(2);
/// How long a server may take to accept a new connection after one was closed.
const RECONNECT_LIMIT: Duration = Duration::from_secs(1);
/// Silent probes in a row after which a server counts as lost. A slow server, or one probed by a busy process, has
/// fewer.
const SILENCES: u32 = 3;
/// Pause between attempts to reach a lost server.
const RETRY: Duration = Duration::from_millis(100);

/// The probing of a server, until it is dropped.
pub(super) struct Probe(JoinHandle<()>);

impl Probe {
    /// Begins to probe `node` at `address`, once `every` interval. The probes of the primary update `watermark`.
    pub(super) fn begin(
        node: Arc<Node>,
        address: PgConnectOptions,
        every: Duration,
        watermark: Option<Arc<Watermark>>,
    ) -> Self {
        Self(tokio::spawn(async move {
            let mut connection = None;
            let mut silences = 0;
            loop {
                let start = watermark.as_ref().map(|watermark| (watermark, watermark.begin_probe()));
                let answer = probe(&mut connection, &address).await;
                if let Some((watermark, start)) = start {
                    let position = match answer {
                        Answer::Found(found) if !found.in_recovery => Some(found.position),
                        _ => None,
                    };
                    watermark.probed(start, position);
                }
                silences = if matches!(answer, Answer::Silence) { silences + 1 } else { 0 };
                match answer {
                    Answer::Found(found) => {
                        node.reached_at(|| address_text(&address));
                        apply(&node, found).await;
                    }
                    Answer::Gone => node.set_up(false),
                    Answer::Silence if silences >= SILENCES => node.set_up(false),
                    Answer::Silence => {}
                }
                sleep(if matches!(answer, Answer::Found(_)) { every } else { RETRY }).await;
            }
        }))
    }
}

/// The address of a server, without user and password.
fn address_text(address: &PgConnectOptions) -> String {
    match address.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", address.get_host(), address.get_port()),
    }
}

/// Applies an answer to the state of the node.
async fn apply(node: &Node, found: Found) {
    if node.role == Role::Replica && !found.in_recovery {
        // Promoted, or never a replica: it may have writes that the primary does not have.
        node.set_up(false);
        return;
    }
    if !node.is_up() {
        // Old connections are dead, and the next requests would get them.
        pools::weed(&node.pool).await;
    }
    if found.is_new_connection {
        node.reset_position(found.position);
    } else {
        node.set_position(found.position);
    }
    node.set_up(true);
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The result of a probe.
#[derive(Clone, Copy)]
enum Answer {
    Found(Found),
    /// The server did not answer, or its answer says nothing about its state.
    Silence,
    /// The server is gone, starting or stopping.
    Gone,
}

/// The answer of a server.
#[derive(Clone, Copy)]
struct Found {
    position: WalPosition,
    in_recovery: bool,
    is_new_connection: bool,
}

/// Probes over the open connection. If that was closed, another is opened before the server counts as gone: a
/// connection may be closed for unrelated reasons.
async fn probe(connection: &mut Option<PgConnection>, address: &PgConnectOptions) -> Answer {
    let broke_off = connection.is_some();
    if let Some(mut open) = connection.take() {
        match query(&mut open).await {
            Answer::Found(found) => {
                *connection = Some(open);
                return Answer::Found(found);
            }
            Answer::Silence => return Answer::Silence,
            Answer::Gone => {}
        }
    }
    let limit = if broke_off { RECONNECT_LIMIT } else { LIMIT };
    let mut opened = match timeout(limit, PgConnection::connect_with(address)).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => return classify(&error),
        // The connection was closed and no other opens: the name or the machine is gone.
        Err(_) if broke_off => return Answer::Gone,
        Err(_) => return Answer::Silence,
    };
    let answer = match query(&mut opened).await {
        Answer::Found(found) => Answer::Found(Found { is_new_connection: true, ..found }),
        answer => answer,
    };
    *connection = Some(opened);
    answer
}

async fn query(connection: &mut PgConnection) -> Answer {
    let question = format!("{POSITION}, pg_is_in_recovery()");
    let answer = sqlx::query_as::<_, (Option<i64>, bool)>(sqlx::AssertSqlSafe(question)).fetch_one(connection);
    match timeout(LIMIT, answer).await {
        Ok(Ok((position, in_recovery))) => {
            let position = position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0);
            Answer::Found(Found { position: WalPosition(position), in_recovery, is_new_connection: false })
        }
        Ok(Err(error)) => classify(&error),
        Err(_) => Answer::Silence,
    }
}

/// A server that returns an error is up, unless the error says that it is starting or stopping (57P).
fn classify(error: &sqlx::Error) -> Answer {
    match error {
        sqlx::Error::Database(error) if error.code().is_none_or(|code| !code.starts_with("57P")) => Answer::Silence,
        _ => Answer::Gone,
    }
}
