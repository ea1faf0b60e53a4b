//! The port that limits guesses of passwords.

use std::time::Duration;

use async_trait::async_trait;

use crate::guessing::{Guess, GuessBounds};

/// Limits how often passwords are guessed.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait GuessLimiter: Send + Sync {
    /// Takes a guess from the budgets of its guesser and its account. Always returns soon: if the shared store is out
    /// of reach, the limiter counts locally. The guess of a cancelled request stays counted.
    async fn take(&self, guess: Guess, bounds: &GuessBounds) -> TakeGuess;

    /// Returns a guess to the budgets that it was taken from, because it was not a wrong password.
    async fn give_back(&self, taken: TakenGuess, bounds: &GuessBounds);
}

/// The outcome of [`GuessLimiter::take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeGuess {
    /// The guess is allowed.
    Granted(TakenGuess),
    /// The budget is exhausted. Nothing was taken.
    Refused {
        /// When the next guess is allowed.
        retry_after: Duration,
    },
}

/// A guess, and the budgets that it was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenGuess {
    /// The guess, by account and guesser.
    pub guess: Guess,
    /// Whether the budget of the account was exhausted. Then the guess was taken from the budget of the guesser's
    /// site instead.
    pub is_strict: bool,
    /// Whether the store that all instances share counted it, and not this instance alone.
    pub is_shared: bool,
}
