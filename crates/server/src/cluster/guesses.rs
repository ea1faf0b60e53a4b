//! Limits on password guesses, shared by all instances.

use std::sync::Arc;

use accounts::ports::{GuessLimiter, TakeGuess, TakenGuess};
use accounts::{Guess, GuessBounds};
use async_trait::async_trait;
use redis_adapters::{Allowance, GuessKeys, GuessTaken, SharedGuesses};
use security::LocalGuesses;

/// Counts guesses in Redis. While Redis is lost, counts in the memory of this instance, like
/// [`SharedRateLimits`](super::SharedRateLimits).
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
        let names = Names::of(&guess);
        match self.shared.take(names.keys(), of_account(bounds), of_guesser(bounds), bounds.strict_burst).await {
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
        let names = Names::of(&taken.guess);
        // If Redis is lost meanwhile, the guess stays counted until it is refilled.
        let _ = self.shared.give_back(names.keys(), taken.is_strict, of_account(bounds), of_guesser(bounds)).await;
    }
}

/// The parts of a guess, as texts for keys.
struct Names {
    account: String,
    guesser: String,
    site: Option<String>,
}

impl Names {
    fn of(guess: &Guess) -> Self {
        Self {
            account: guess.account.as_str().to_owned(),
            guesser: guess.guesser.to_string(),
            site: guess.guesser.site().map(|site| site.to_string()),
        }
    }

    fn keys(&self) -> GuessKeys<'_> {
        GuessKeys { account: &self.account, guesser: &self.guesser, site: self.site.as_deref() }
    }
}

fn of_account(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.account_burst, refill: bounds.account_refill }
}

fn of_guesser(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.burst, refill: bounds.refill }
}
