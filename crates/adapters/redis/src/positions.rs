//! How far a copy of the database must have come to show a user what they wrote.

use std::sync::LazyLock;
use std::time::Duration;

use domain::UserId;
use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static NOTE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/note.lua")));

/// A replica that is not this far after this time serves nobody.
const KEPT: Duration = Duration::from_mins(1);

/// For each user, the position in the database's log of the last thing that they wrote, for a minute.
#[derive(Clone)]
pub struct UserPositions {
    redis: Redis,
}

impl UserPositions {
    /// Positions in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Notes a position for a minute, unless one as high is noted already.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn note(&self, user: UserId, position: u64) -> Result<(), Unavailable> {
        let mut script = NOTE.prepare_invoke();
        // Numbers are doubles in a script, too small for a position; of one length they compare as text.
        script.key(self.key(user)).arg(format!("{position:020}")).arg(KEPT.as_millis().to_string());
        self.redis.query("note_position", Request::Script(&script)).await
    }

    /// The highest position that was noted within the last minute.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn noted(&self, user: UserId) -> Result<Option<u64>, Unavailable> {
        self.redis.query("noted_position", Request::Command(redis::cmd("GET").arg(self.key(user)))).await
    }

    fn key(&self, user: UserId) -> String {
        self.redis.key(format_args!("position:{user}"))
    }
}
