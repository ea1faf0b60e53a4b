//! The API over stubs, composed like the server.

use std::sync::Arc;
use std::time::Duration;

use accounts::ports::{
    MockAccountRemover, MockGuessLimiter, MockKeptNameRepository, MockNameHasher, MockPasswordHasher,
    MockRefreshTokens, MockSecurityLog, MockSessionRepository, MockUserRepository,
};
use accounts::{Accounts, SessionLifetimes};
use anyhow::Result;
use api::accounts::ByAccessToken;
use api::{Contexts, MetricsAccess, MetricsEndpoint, operations};
use domain::{Principal, SessionId, UserId};
use feed::Feed;
use http_kit::application::{Application, Dependencies};
use http_kit::cursor::CursorCodec;
use http_kit::health::Health;
use http_kit::settings::HttpSettings;
use posts::Posts;
use posts::ports::{MockBookmarkRepository, MockCommentRepository, MockIdempotencyKeyRepository, MockPostRemover};
use social::Social;
use social::ports::MockFollowRepository;

use crate::samples;
use crate::stubs::{FixedClock, FixedId, FixedPrincipal, NoneEnded, OnePage, OnePost};

/// An API whose readers share one page of the public feed, or get a new one each. Must be called within a runtime.
pub(crate) fn application(shared: bool) -> Result<Application> {
    let health = Arc::new(Health::new(Vec::new()));
    health.serving();
    let accounts = Arc::new(accounts()?);
    let with = Dependencies {
        identify: Arc::new(ByAccessToken(Arc::clone(&accounts))),
        cursors: CursorCodec::new(&[[7; 32]]),
        health,
        // The work of rate limits depends on elapsed time.
        rate_limits: None,
        settings: HttpSettings {
            request_timeout: Duration::from_mins(10),
            trusted_proxies: Vec::new(),
            database_connections: 20,
            write_wait: None,
            cors_allowed_origins: Vec::new(),
            base_path: String::new(),
            traces_exported: false,
        },
        runtime: tokio::runtime::Handle::current(),
    };
    let contexts = Contexts {
        accounts: api::accounts::Services { use_cases: accounts },
        posts: api::posts::Services { use_cases: Arc::new(posts()?) },
        feed: api::feed::Services { use_cases: Arc::new(feed(shared)?) },
        social: api::social::Services { use_cases: Arc::new(social()) },
    };
    let operations = operations::Services {
        metrics: MetricsEndpoint { render: Arc::new(String::new), access: MetricsAccess::Elsewhere },
        security_log: Arc::new(MockSecurityLog::new()),
    };
    let api = api::shell(contexts, operations, "")?;
    Ok(Application::new(with, vec![api]))
}

fn accounts() -> Result<Accounts> {
    let principal =
        Principal { user_id: UserId::from(samples::cuid(1000)?), session_id: SessionId::from(samples::cuid(2000)?) };
    Ok(Accounts::new(accounts::Dependencies {
        users: Arc::new(MockUserRepository::new()),
        sessions: Arc::new(MockSessionRepository::new()),
        ended_sessions: Arc::new(NoneEnded),
        remover: Arc::new(MockAccountRemover::new()),
        kept_names: Arc::new(MockKeptNameRepository::new()),
        name_hasher: Arc::new(MockNameHasher::new()),
        hasher: Arc::new(MockPasswordHasher::new()),
        guesses: Arc::new(MockGuessLimiter::new()),
        security_log: Arc::new(MockSecurityLog::new()),
        access_tokens: Arc::new(FixedPrincipal(principal)),
        refresh_tokens: Arc::new(MockRefreshTokens::new()),
        clock: Arc::new(FixedClock),
        ids: Arc::new(FixedId(samples::cuid(0)?)),
        lifetimes: SessionLifetimes {
            access: Duration::from_mins(10),
            refresh: Duration::from_hours(1),
            grace: Duration::from_secs(30),
            session: Duration::from_hours(24),
        },
    }))
}

fn posts() -> Result<Posts> {
    Ok(Posts::new(posts::Dependencies {
        posts: Arc::new(OnePost(samples::post(0)?.into())),
        comments: Arc::new(MockCommentRepository::new()),
        bookmarks: Arc::new(MockBookmarkRepository::new()),
        remover: Arc::new(MockPostRemover::new()),
        keys: Arc::new(MockIdempotencyKeyRepository::new()),
        clock: Arc::new(FixedClock),
        // Generating ids is measured separately.
        ids: Arc::new(FixedId(samples::cuid(0)?)),
    }))
}

fn feed(shared: bool) -> Result<Feed> {
    Ok(Feed::new(Arc::new(OnePage { page: samples::page()?.into(), shared })))
}

fn social() -> Social {
    Social::new(social::Dependencies { follows: Arc::new(MockFollowRepository::new()), clock: Arc::new(FixedClock) })
}
