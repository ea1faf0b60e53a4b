//! Bounds of guessing that hold for all instances together.

use std::sync::Arc;

use accounts::ports::{GuessLimiter, TakeGuess};
use accounts::{Guess, GuessBounds};
use async_trait::async_trait;
use coordination::{Allowance, GuessKeys, SharedGuesses};
use security::LocalGuesses;

/// Counts in Redis, and while that is lost in the memory of this instance, as
/// [`SharedRateLimits`](super::SharedRateLimits) do.
pub(super) struct SharedGuessLimits {
    shared: SharedGuesses,
    local: Arc<LocalGuesses>,
}

impl SharedGuessLimits {
    pub(super) fn new(shared: SharedGuesses, local: Arc<LocalGuesses>) -> Self {
        Self { shared, local }
    }
}

#[async_trait]
impl GuessLimiter for SharedGuessLimits {
    async fn take(&self, guess: &Guess, bounds: &GuessBounds) -> TakeGuess {
        let guesser = guess.guesser.to_string();
        let keys = GuessKeys { account: guess.account.as_str(), guesser: &guesser };
        match self.shared.take(keys, of_account(bounds), of_guesser(bounds), bounds.strict_burst).await {
            Ok(None) => TakeGuess::Granted,
            Ok(Some(retry_after)) => TakeGuess::Refused { retry_after },
            Err(_) => self.local.take(guess, bounds),
        }
    }

    async fn give_back(&self, guess: &Guess, bounds: &GuessBounds) {
        let guesser = guess.guesser.to_string();
        let keys = GuessKeys { account: guess.account.as_str(), guesser: &guesser };
        if self.shared.give_back(keys, of_account(bounds), of_guesser(bounds)).await.is_err() {
            // It was taken there, if Redis was lost by then; else there is nothing to give back.
            self.local.give_back(guess, bounds);
        }
    }
}

fn of_account(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.account_burst, refill: bounds.account_refill }
}

fn of_guesser(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.burst, refill: bounds.refill }
}
