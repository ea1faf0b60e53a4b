//! The composition root: the one place that knows which adapter serves which port.

use std::sync::Arc;

use accounts::{Accounts, SessionLifetimes};
use api::Dependency;
use async_trait::async_trait;
use feed::Feed;
use persistence::{
    Database, SeaCommentRepository, SeaFollowRepository, SeaIdempotencyKeyRepository, SeaPostRepository,
    SeaSessionRepository, SeaTimelineRepository, SeaUserRepository,
};
use posts::Posts;
use security::{Argon2Hasher, HashingCost, HashingLimits, JwtAccessTokens, RandomRefreshTokens, SigningKey};
use system::{CuidGenerator, SystemClock};

/// The use cases over their adapters.
pub(crate) struct UseCases {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) posts: Arc<Posts>,
    pub(crate) feed: Arc<Feed>,
}

/// Puts them together.
pub(crate) fn use_cases(
    database: &Database,
    signing_key: &SigningKey,
    lifetimes: SessionLifetimes,
    hashing_cost: HashingCost,
) -> UseCases {
    let clock = Arc::new(SystemClock);
    let ids = Arc::new(CuidGenerator);
    let accounts = Accounts::new(accounts::Dependencies {
        users: Arc::new(SeaUserRepository::new(database.clone())),
        sessions: Arc::new(SeaSessionRepository::new(database.clone())),
        hasher: Arc::new(Argon2Hasher::new(hashing_cost, HashingLimits::default())),
        access_tokens: Arc::new(JwtAccessTokens::new(signing_key)),
        refresh_tokens: Arc::new(RandomRefreshTokens),
        clock: clock.clone(),
        ids: ids.clone(),
        lifetimes,
    });
    let posts = Posts::new(posts::Dependencies {
        posts: Arc::new(SeaPostRepository::new(database.clone())),
        comments: Arc::new(SeaCommentRepository::new(database.clone())),
        keys: Arc::new(SeaIdempotencyKeyRepository::new(database.clone())),
        clock: clock.clone(),
        ids,
    });
    let feed = Feed::new(feed::Dependencies {
        follows: Arc::new(SeaFollowRepository::new(database.clone())),
        timelines: Arc::new(SeaTimelineRepository::new(database.clone())),
        clock,
    });
    UseCases { accounts: Arc::new(accounts), posts: Arc::new(posts), feed: Arc::new(feed) }
}

/// The database as something that the server cannot serve without.
pub(crate) struct DatabaseDependency(pub(crate) Database);

#[async_trait]
impl Dependency for DatabaseDependency {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn is_up(&self) -> bool {
        match self.0.ping().await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = %error.source, "the database gives no sign of life");
                false
            }
        }
    }
}
