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

use super::node::{Node, POSITION, Role};
use super::pools;
use super::position::{WalPosition, Watermark};

/// How long a server may take to accept a connection before it counts as lost.
const CONNECT_LIMIT: Duration = Duration::from_millis(500);
/// How long a server may take to answer; one that is overloaded is not lost.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
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
            loop {
                let found = probe(&mut connection, &address).await;
                if let Some(watermark) = &watermark {
                    watermark.probed(found.filter(|found| !found.in_recovery).map(|found| found.position));
                }
                match found {
                    Some(found) if node.role == Role::Replica && !found.in_recovery => {
                        // Promoted, or never one: it may have writes that the primary does not know.
                        node.set_up(false);
                    }
                    Some(found) => {
                        if !node.is_up() {
                            // Connections from before are dead, and the next requests would be given them.
                            pools::weed(&node.pool).await;
                        }
                        node.set_position(found.position);
                        node.set_up(true);
                    }
                    None => node.set_up(false),
                }
                sleep(if found.is_some() { every } else { RETRY }).await;
            }
        }))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a server said of itself.
#[derive(Clone, Copy)]
struct Found {
    position: WalPosition,
    in_recovery: bool,
}

/// Asks on the connection that there is; a connection may end for reasons of its own, so another is tried before the
/// server counts as lost.
async fn probe(connection: &mut Option<PgConnection>, address: &PgConnectOptions) -> Option<Found> {
    if let Some(open) = connection
        && let Some(found) = ask(open).await
    {
        return Some(found);
    }
    *connection = None;
    let mut opened = timeout(CONNECT_LIMIT, PgConnection::connect_with(address)).await.ok()?.ok()?;
    let found = ask(&mut opened).await;
    if found.is_some() {
        *connection = Some(opened);
    }
    found
}

async fn ask(connection: &mut PgConnection) -> Option<Found> {
    let question = format!("{POSITION}, pg_is_in_recovery()");
    let asked = sqlx::query_as::<_, (Option<i64>, bool)>(sqlx::AssertSqlSafe(question)).fetch_one(connection);
    let (position, in_recovery) = timeout(ANSWER_LIMIT, asked).await.ok()?.ok()?;
    let position = position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0);
    Some(Found { position: WalPosition(position), in_recovery })
}
