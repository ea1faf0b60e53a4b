//! Asks a PostgreSQL server again and again whether it is there, and how far.
//!
//! This is what opens and closes the circuit to a server: while it is open nobody waits for a connection that cannot be
//! had, and the probe alone finds out when the server is back. It has a connection of its own, so that a pool that is
//! used up does not look like a server that is lost.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection as _};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::node::{Node, POSITION, Role};
use crate::pools;
use crate::position::{WalPosition, Watermark};

/// How long a server may take to accept a connection, and to answer.
const LIMIT: Duration = Duration::from_secs(2);
/// How long it may take to accept another connection after one broke off.
const RECONNECT_LIMIT: Duration = Duration::from_secs(1);
/// A server that is silent so often in a row counts as lost; one that is only slow, or asked by a busy process, is not.
const SILENCES: u32 = 3;
/// Pause between attempts to reach a server that is lost.
const RETRY: Duration = Duration::from_millis(100);

/// Probes a server until it is dropped.
pub(super) struct Probe(JoinHandle<()>);

impl Probe {
    /// Begins to probe `node` at `address`, every so often.
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
                let asked = watermark.as_ref().map(|watermark| (watermark, watermark.begin_probe()));
                let answer = probe(&mut connection, &address).await;
                if let Some((watermark, asked)) = asked {
                    let position = match answer {
                        Answer::Found(found) if !found.in_recovery => Some(found.position),
                        _ => None,
                    };
                    watermark.probed(asked, position);
                }
                silences = if matches!(answer, Answer::Silence) { silences + 1 } else { 0 };
                match answer {
                    Answer::Found(found) => {
                        node.reached_at(|| place(&address));
                        tell(&node, found).await;
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

/// Where a server is, without user and password.
fn place(address: &PgConnectOptions) -> String {
    match address.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", address.get_host(), address.get_port()),
    }
}

/// Notes what was found of a server.
async fn tell(node: &Node, found: Found) {
    if node.role == Role::Replica && !found.in_recovery {
        // Promoted, or never one: it may have writes that the primary does not know.
        node.set_up(false);
        return;
    }
    if !node.is_up() {
        // Connections from before are dead, and the next requests would be given them.
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

/// What came of a probe.
#[derive(Clone, Copy)]
enum Answer {
    Found(Found),
    /// Nothing, so far, or nothing to go by.
    Silence,
    /// There is no such server now, or it is starting or stopping.
    Gone,
}

/// What a server said of itself.
#[derive(Clone, Copy)]
struct Found {
    position: WalPosition,
    in_recovery: bool,
    is_new_connection: bool,
}

/// Asks on the connection that there is; a connection may end for reasons of its own, so another is tried before the
/// server counts as gone.
async fn probe(connection: &mut Option<PgConnection>, address: &PgConnectOptions) -> Answer {
    let broke_off = connection.is_some();
    if let Some(mut open) = connection.take() {
        match ask(&mut open).await {
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
        Ok(Err(error)) => return what_it_means(&error),
        // It broke off, and does not come back: no name is found for it any more, or no machine.
        Err(_) if broke_off => return Answer::Gone,
        Err(_) => return Answer::Silence,
    };
    let answer = match ask(&mut opened).await {
        Answer::Found(found) => Answer::Found(Found { is_new_connection: true, ..found }),
        answer => answer,
    };
    *connection = Some(opened);
    answer
}

async fn ask(connection: &mut PgConnection) -> Answer {
    let question = format!("{POSITION}, pg_is_in_recovery()");
    let asked = sqlx::query_as::<_, (Option<i64>, bool)>(sqlx::AssertSqlSafe(question)).fetch_one(connection);
    match timeout(LIMIT, asked).await {
        Ok(Ok((position, in_recovery))) => {
            let position = position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0);
            Answer::Found(Found { position: WalPosition(position), in_recovery, is_new_connection: false })
        }
        Ok(Err(error)) => what_it_means(&error),
        Err(_) => Answer::Silence,
    }
}

/// A server that says no is there, unless what it says is that it is starting or stopping (57P).
fn what_it_means(error: &sqlx::Error) -> Answer {
    match error {
        sqlx::Error::Database(error) if error.code().is_none_or(|code| !code.starts_with("57P")) => Answer::Silence,
        _ => Answer::Gone,
    }
}
