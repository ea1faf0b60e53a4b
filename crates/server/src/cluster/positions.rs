//! Users' positions for read-your-writes, in Redis.

use async_trait::async_trait;
use database::{Noted, Positions, WalPosition};
use domain::UserId;
use redis_adapters::UserPositions;

/// Notes and reads users' positions in Redis.
pub(super) struct RedisPositions(pub(super) UserPositions);

#[async_trait]
impl Positions for RedisPositions {
    async fn note(&self, user: UserId, position: WalPosition) -> bool {
        self.0.note(user, position.0).await.is_ok()
    }

    async fn noted(&self, user: UserId) -> Noted {
        match self.0.noted(user).await {
            Ok(None) => Noted::Nothing,
            Ok(Some(position)) => Noted::UpTo(WalPosition(position)),
            Err(_) => Noted::Unknown,
        }
    }
}
