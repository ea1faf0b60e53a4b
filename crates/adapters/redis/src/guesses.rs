//! Limits on password guesses, shared by all instances.
//!
//! Invariants:
//! - A guess takes one from the budget of its guesser, and one from the budget of the account.
//! - While the account's budget is empty, a guess is *strict*: it takes from its guesser and its site instead, which
//!   have `strict_burst` each. So an attack from other sites does not lock the owner out.
//! - A refused guess takes nothing.
//!
//! Tested in `tests/shared_state/guesses.rs`.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::client::{Redis, Request};
use crate::error::Unavailable;

static GUESS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/guess.lua")));
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/give_back.lua")));

/// Budgets of guesses: one per account, and one per guesser and per site of an account. They follow GCRA and the
/// clock of Redis, like [`SharedLimits`](crate::SharedLimits).
#[derive(Clone)]
pub struct SharedGuesses {
    redis: Redis,
}

/// The size and refill rate of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The size of a full budget.
    pub burst: u32,
    /// The time in which one unit is refilled.
    pub refill: Duration,
}

/// The budgets that a guess is taken from.
#[derive(Debug, Clone, Copy)]
pub struct GuessKeys<'k> {
    /// The account whose password is guessed.
    pub account: &'k str,
    /// The guesser: a network or a session.
    pub guesser: &'k str,
    /// The larger network of the guesser, if it has one. Its guessers share a budget while the account's budget is
    /// empty.
    pub site: Option<&'k str>,
}

/// The result of [`SharedGuesses::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuessTaken {
    /// The guess is allowed.
    Granted {
        /// Whether the account's budget was empty, and nothing was taken from it.
        is_strict: bool,
    },
    /// A budget is empty. Nothing was taken.
    Refused {
        /// The time until the next guess is allowed.
        retry_after: Duration,
    },
}

impl SharedGuesses {
    /// The budgets in `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Takes one guess. While the account's budget is empty, each of its guessers and sites has `strict_burst`.
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
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

    /// Gives a guess back that turned out to be none, such as a right password. `is_strict` is the result of
    /// [`take`](Self::take).
    ///
    /// # Errors
    /// [`Unavailable`] if Redis fails or is unreachable.
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
