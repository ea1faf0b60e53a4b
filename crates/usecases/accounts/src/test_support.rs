//! Shared by the tests of this crate.

use std::sync::Arc;
use std::time::Duration;

use domain::{Bio, Clock, Cuid, DisplayName, Id, IdGenerator, Principal, Revision, Timestamp, User, Username};

use crate::ended_sessions::LearnEndedSessions;
use crate::password_check::PasswordCheck;
use crate::ports::{
    MockEndedSessions, MockGuessLimiter, MockNameHasher, MockPasswordHasher, MockSecurityLog, MockUserRepository,
    NameHash, NameHashes, TakeGuess, TakenGuess,
};
use crate::session::SessionLifetimes;

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

pub(crate) const LIFETIMES: SessionLifetimes = SessionLifetimes {
    access: Duration::from_mins(15),
    refresh: Duration::from_hours(1),
    grace: Duration::from_secs(30),
    session: Duration::from_hours(24),
};

pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

pub(crate) struct FixedIds;

impl IdGenerator for FixedIds {
    fn generate(&self) -> Cuid {
        cuid(1)
    }
}

fn cuid(n: u32) -> Cuid {
    Cuid::parse(&format!("t{n:023}")).unwrap()
}

pub(crate) fn id<T>(n: u32) -> Id<T> {
    cuid(n).into()
}

pub(crate) fn user(n: u32) -> User {
    User {
        id: id(n),
        username: Username::parse("ada").unwrap(),
        display_name: DisplayName::parse("Ada").unwrap(),
        bio: Bio::parse("").unwrap(),
        created_at: NOW,
        revision: Revision(0),
        post_count: 0,
        follower_count: 0,
        following_count: 0,
    }
}

/// User `n`, in a session of their own.
pub(crate) fn principal(n: u32) -> Principal {
    Principal { user_id: id(n), session_id: id(1000 + n) }
}

/// The use case that learns of ended sessions, over a mock.
pub(crate) fn learning(ended: MockEndedSessions) -> Arc<LearnEndedSessions> {
    Arc::new(LearnEndedSessions::new(Arc::new(ended), Arc::new(FixedClock), LIFETIMES.access))
}

/// Like [`learning`], for tests in which that does not matter.
pub(crate) fn learning_any() -> Arc<LearnEndedSessions> {
    let mut ended = MockEndedSessions::new();
    ended.expect_learn().returning(|_| Ok(()));
    learning(ended)
}

/// A check with an unlimited budget of guesses.
pub(crate) fn password_check(
    users: MockUserRepository,
    mut hasher: MockPasswordHasher,
    log: MockSecurityLog,
) -> Arc<PasswordCheck> {
    hasher.expect_check_room().returning(|| Ok(()));
    let mut guesses = MockGuessLimiter::new();
    let grant = |guess| TakeGuess::Granted(TakenGuess { guess, is_strict: false, is_shared: false });
    guesses.expect_take().returning(move |guess, _| grant(guess));
    guesses.expect_give_back().returning(|_, _| ());
    Arc::new(PasswordCheck {
        users: Arc::new(users),
        hasher: Arc::new(hasher),
        guesses: Arc::new(guesses),
        log: Arc::new(log),
    })
}

/// The hashes that [`name_hasher`] returns for every name.
pub(crate) fn name_hashes() -> NameHashes {
    NameHashes { current: NameHash([1; 32]), older: vec![NameHash([2; 32])] }
}

pub(crate) fn name_hasher() -> MockNameHasher {
    let mut hasher = MockNameHasher::new();
    hasher.expect_hashes().returning(|_| name_hashes());
    hasher
}
