//! The composition root: the one place that knows which adapter serves which port.

use std::sync::Arc;

use accounts::ports::{GuessLimiter, UserRepository};
use accounts::{Accounts, SessionLifetimes};
use api::Contexts;
use cache::{Cache, CachedPosts, CachedTimelines, CachedUsers};
use database::Database;
use feed::Feed;
use feed::ports::TimelineRepository;
use persistence::{
    SeaBookmarkRepository, SeaCommentRepository, SeaEndedSessions, SeaFollowRepository, SeaIdempotencyKeyRepository,
    SeaKeptNameRepository, SeaPostRepository, SeaRemovalRepository, SeaSessionRepository, SeaTimelineRepository,
    SeaUserRepository,
};
use posts::Posts;
use posts::ports::{CommentRepository, PostRepository};
use removals::CarryOut;
use removals::ports::RemovalRepository;
use security::{
    Argon2Hasher, HashingCost, HashingLimits, JwtAccessTokens, KeyedNameHasher, RandomRefreshTokens, SigningKeys,
};
use social::Social;
use social::ports::FollowRepository;
use system::{CuidGenerator, SystemClock};

use crate::remover::Remover;
use crate::security_log::LoggedSecurityEvents;
use crate::telemetry::fact_counters::FactCounters;

/// The use cases, with their adapters.
pub(crate) struct UseCases {
    pub(crate) contexts: Contexts,
    pub(crate) remover: Remover,
}

/// The repositories of the use cases that the cache may decorate, and those that go with them.
struct Repositories {
    users: Arc<dyn UserRepository>,
    posts: Arc<dyn PostRepository>,
    comments: Arc<dyn CommentRepository>,
    follows: Arc<dyn FollowRepository>,
    timelines: Arc<dyn TimelineRepository>,
    removals: Arc<dyn RemovalRepository>,
}

/// Composes the use cases. With a `cache`, hot reads are cached.
pub(crate) fn use_cases(
    database: &Database,
    cache: Option<&Cache>,
    signing_keys: &SigningKeys,
    lifetimes: SessionLifetimes,
    hashing_cost: HashingCost,
    guesses: Arc<dyn GuessLimiter>,
) -> UseCases {
    let clock = Arc::new(SystemClock);
    let ids = Arc::new(CuidGenerator);
    let database = &database.with_listener(Arc::new(FactCounters::new(cache)));
    let repositories = match cache {
        Some(cache) => cached(database, cache),
        None => uncached(database),
    };
    let remover = Remover::new(CarryOut::new(repositories.removals));
    let accounts = Accounts::new(accounts::Dependencies {
        users: repositories.users,
        sessions: Arc::new(SeaSessionRepository::new(database.clone())),
        ended_sessions: Arc::new(SeaEndedSessions::new(database.clone())),
        remover: Arc::new(remover.clone()),
        kept_names: Arc::new(SeaKeptNameRepository::new(database.clone())),
        name_hasher: Arc::new(KeyedNameHasher::new(signing_keys.first(), signing_keys.iter().skip(1))),
        hasher: Arc::new(Argon2Hasher::new(hashing_cost, HashingLimits::default())),
        guesses,
        security_log: Arc::new(LoggedSecurityEvents),
        access_tokens: Arc::new(JwtAccessTokens::new(signing_keys)),
        refresh_tokens: Arc::new(RandomRefreshTokens),
        clock: clock.clone(),
        ids: ids.clone(),
        lifetimes,
    });
    let posts = Posts::new(posts::Dependencies {
        posts: repositories.posts,
        comments: repositories.comments,
        bookmarks: Arc::new(SeaBookmarkRepository::new(database.clone())),
        remover: Arc::new(remover.clone()),
        keys: Arc::new(SeaIdempotencyKeyRepository::new(database.clone())),
        clock: clock.clone(),
        ids,
    });
    let social = Social::new(social::Dependencies { follows: repositories.follows, clock });
    let feed = Feed::new(repositories.timelines);
    let contexts = Contexts {
        accounts: api::accounts::Services { use_cases: Arc::new(accounts) },
        posts: api::posts::Services { use_cases: Arc::new(posts) },
        feed: api::feed::Services { use_cases: Arc::new(feed) },
        social: api::social::Services { use_cases: Arc::new(social) },
    };
    UseCases { contexts, remover }
}

fn uncached(database: &Database) -> Repositories {
    Repositories {
        users: Arc::new(SeaUserRepository::new(database.clone())),
        posts: Arc::new(SeaPostRepository::new(database.clone())),
        comments: Arc::new(SeaCommentRepository::new(database.clone())),
        follows: Arc::new(SeaFollowRepository::new(database.clone())),
        timelines: Arc::new(SeaTimelineRepository::new(database.clone())),
        removals: Arc::new(SeaRemovalRepository::new(database.clone())),
    }
}

/// Cache entries are loaded from a server that has every change received so far. Other reads may use any server.
fn cached(database: &Database, cache: &Cache) -> Repositories {
    let (anywhere, complete) = (uncached(database), uncached(&database.complete()));
    let viewers = Arc::new(SeaPostRepository::new(database.clone()));
    let relations = Arc::new(SeaUserRepository::new(database.clone()));
    Repositories {
        users: Arc::new(CachedUsers::new(anywhere.users, complete.users, relations, cache.clone())),
        posts: Arc::new(CachedPosts::new(anywhere.posts, complete.posts, viewers.clone(), cache.clone())),
        timelines: Arc::new(CachedTimelines::new(anywhere.timelines, complete.timelines, viewers, cache.clone())),
        ..anywhere
    }
}
