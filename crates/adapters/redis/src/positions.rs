//! Users' positions, for read-your-writes: the position in the database's log (LSN) of each user's last write.
//!
//! Called by the database adapter: it notes a position after a commit, and reads from a replica that has replayed it.
//!
//! Invariant: a position only grows, as long as it is kept.

use std::sync::LazyLock;
use std::time::Duration;

use domain::UserId;
use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static NOTE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/note.lua")));

/// The TTL of a position. A replica that lags longer than this serves no reads.
const KEPT: Duration = Duration::from_mins(1);

/// For each user, the position in the database's log of their last write, for a minute.
#[derive(Clone)]
pub struct UserPositions {
    redis: Redis,
}

impl UserPositions {
    /// The positions in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Notes a position for a minute, unless an equal or higher one is noted already.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
    pub async fn note(&self, user: UserId, position: u64) -> Result<(), Unavailable> {
        let mut script = NOTE.prepare_invoke();
        // Lua numbers are doubles, too imprecise for a position. Texts of equal length compare like the numbers.
        script.key(self.key(user)).arg(format!("{position:020}")).arg(KEPT.as_millis().to_string());
        self.redis.query("note_position", Request::Script(&script)).await
    }

    /// The highest position noted within the last minute.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
    pub async fn noted(&self, user: UserId) -> Result<Option<u64>, Unavailable> {
        self.redis.query("noted_position", Request::Command(redis::cmd("GET").arg(self.key(user)))).await
    }

    fn key(&self, user: UserId) -> String {
        self.redis.key(format_args!("position:{user}"))
    }
}
