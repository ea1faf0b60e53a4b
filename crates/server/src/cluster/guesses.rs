//! Bounds of guessing that hold for all instances together.

use std::sync::Arc;

use accounts::ports::{GuessLimiter, TakeGuess, TakenGuess};
use accounts::{Guess, GuessBounds};
use async_trait::async_trait;
use coordination::{Allowance, GuessKeys, GuessTaken, SharedGuesses};
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
    async fn take(&self, guess: Guess, bounds: &GuessBounds) -> TakeGuess {
        let guesser = guess.guesser.to_string();
        let keys = GuessKeys { account: guess.account.as_str(), guesser: &guesser };
        match self.shared.take(keys, of_account(bounds), of_guesser(bounds), bounds.strict_burst).await {
            Ok(GuessTaken::Granted { is_strict }) => {
                TakeGuess::Granted(TakenGuess { guess, is_strict, is_shared: true })
            }
            Ok(GuessTaken::Refused { retry_after }) => TakeGuess::Refused { retry_after },
            Err(_) => self.local.take(guess, bounds),
        }
    }

    async fn give_back(&self, taken: TakenGuess, bounds: &GuessBounds) {
        if !taken.is_shared {
            return self.local.give_back(&taken, bounds);
        }
        let guesser = taken.guess.guesser.to_string();
        let keys = GuessKeys { account: taken.guess.account.as_str(), guesser: &guesser };
        // When Redis was lost since, the guess stays counted there until time gives it back.
        let _ = self.shared.give_back(keys, taken.is_strict, of_account(bounds), of_guesser(bounds)).await;
    }
}

fn of_account(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.account_burst, refill: bounds.account_refill }
}

fn of_guesser(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.burst, refill: bounds.refill }
}
