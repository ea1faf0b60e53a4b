//! Guesses at passwords, counted for all instances together.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static GUESS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/guess.lua")));
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/give_back.lua")));

/// Budgets of guesses: of each account, and of each guesser and each site at an account. Kept by GCRA and by the clock of Redis, as
/// [`SharedLimits`](crate::SharedLimits) are.
#[derive(Clone)]
pub struct SharedGuesses {
    redis: Redis,
}

/// How much there is of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// At once.
    pub burst: u32,
    /// How long until one is given back.
    pub refill: Duration,
}

/// From which budgets a guess is taken.
#[derive(Debug, Clone, Copy)]
pub struct GuessKeys<'k> {
    /// Names the account.
    pub account: &'k str,
    /// Names who guesses at it.
    pub guesser: &'k str,
    /// Names where several guessers are at home that are held together while the account has none left.
    pub site: Option<&'k str>,
}

/// What came of [`SharedGuesses::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuessTaken {
    /// There was one left.
    Granted {
        /// Whether the account had none left, so that none was taken from it.
        is_strict: bool,
    },
    /// There was none. Nothing was taken.
    Refused {
        /// When the next one will be there.
        retry_after: Duration,
    },
}

impl SharedGuesses {
    /// Budgets in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Takes one guess. While the account has none left, each of its guessers has `strict_burst` of its own, and so has each
    /// site.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn take(
        &self,
        keys: GuessKeys<'_>,
        account: Allowance,
        guesser: Allowance,
        strict_burst: u32,
    ) -> Result<GuessTaken, Unavailable> {
        let mut script = GUESS.prepare_invoke();
        script.key(self.account(keys)).key(self.guesser(keys));
        if let Some(site) = self.site(keys) {
            script.key(site);
        }
        script.arg(account.burst).arg(micros(account.refill)).arg(guesser.burst).arg(micros(guesser.refill));
        script.arg(strict_burst);
        Ok(match self.redis.query::<(bool, u64)>("guess", Request::Script(&script)).await? {
            (true, strict) => GuessTaken::Granted { is_strict: strict == 1 },
            (false, wait) => GuessTaken::Refused { retry_after: Duration::from_micros(wait) },
        })
    }

    /// Gives a guess back, as it was none. `is_strict` is what [`take`](Self::take) answered: then the account gave none.
    ///
    /// # Errors
    /// [`Unavailable`] when Redis is.
    pub async fn give_back(
        &self,
        keys: GuessKeys<'_>,
        is_strict: bool,
        account: Allowance,
        guesser: Allowance,
    ) -> Result<(), Unavailable> {
        let mut script = GIVE_BACK.prepare_invoke();
        script.key(self.guesser(keys)).arg(micros(guesser.refill));
        if !is_strict {
            script.key(self.account(keys)).arg(micros(account.refill));
        } else if let Some(site) = self.site(keys) {
            script.key(site).arg(micros(guesser.refill));
        }
        self.redis.query::<u64>("give_back", Request::Script(&script)).await.map(drop)
    }

    fn account(&self, GuessKeys { account, .. }: GuessKeys<'_>) -> String {
        self.redis.key(format_args!("guess:account:{account}"))
    }

    fn guesser(&self, GuessKeys { account, guesser, .. }: GuessKeys<'_>) -> String {
        self.redis.key(format_args!("guess:by:{account}:{guesser}"))
    }

    fn site(&self, GuessKeys { account, site, .. }: GuessKeys<'_>) -> Option<String> {
        Some(self.redis.key(format_args!("guess:site:{account}:{}", site?)))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}
