//! Guesses at passwords, counted in the memory of this process.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accounts::ports::{GuessLimiter, TakeGuess, TakenGuess};
use accounts::{Guess, GuessBounds};
use async_trait::async_trait;
use domain::{Clock, Timestamp, Username};

/// Budgets that are kept at once, of accounts and of guessers each. Those that are full again are forgotten; who comes when
/// there is no room is not counted, for these bounds lock nobody out.
const KEPT: usize = 100_000;

/// Budgets by GCRA: kept is when a budget will be full again. All there is where no store is shared, and what a shared
/// limiter falls back to while its store is out of reach.
pub struct LocalGuesses {
    clock: Arc<dyn Clock>,
    budgets: Mutex<Budgets>,
}

#[derive(Default)]
struct Budgets {
    accounts: HashMap<Username, Timestamp>,
    guessers: HashMap<Guess, Timestamp>,
}

impl LocalGuesses {
    /// Full budgets for everybody, by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, budgets: Mutex::default() }
    }

    /// Forgets budgets that are full again; to be called now and then, so that memory stays bounded.
    pub fn forget_idle(&self) {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        budgets.accounts.retain(|_, full_at| *full_at > now);
        budgets.guessers.retain(|_, full_at| *full_at > now);
        budgets.accounts.shrink_to_fit();
        budgets.guessers.shrink_to_fit();
    }

    /// Takes one guess, or says when there will be one.
    pub fn take(&self, guess: Guess, bounds: &GuessBounds) -> TakeGuess {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        let account = taken(budgets.accounts.get(&guess.account), bounds.account_burst, bounds.account_refill, now);
        let is_strict = !account.wait.is_zero();
        let allowed = if is_strict { bounds.strict_burst } else { bounds.burst };
        let guesser = taken(budgets.guessers.get(&guess), bounds.burst, bounds.refill, now);
        // Of a full budget, a smaller one has less to spare.
        let wait = guesser.full_at.since(now).saturating_sub(bounds.refill * allowed);
        if !wait.is_zero() {
            return TakeGuess::Refused { retry_after: wait };
        }
        keep(&mut budgets.guessers, &guess, guesser.full_at, now);
        if !is_strict {
            keep(&mut budgets.accounts, &guess.account, account.full_at, now);
        }
        TakeGuess::Granted(TakenGuess { guess, is_strict, is_shared: false })
    }

    /// Gives back a guess that was taken here and was none.
    pub fn give_back(&self, TakenGuess { guess, is_strict, .. }: &TakenGuess, bounds: &GuessBounds) {
        let now = self.clock.now();
        let mut budgets = self.budgets();
        give_back(&mut budgets.guessers, guess, bounds.refill, now);
        if !is_strict {
            give_back(&mut budgets.accounts, &guess.account, bounds.account_refill, now);
        }
    }

    fn budgets(&self) -> MutexGuard<'_, Budgets> {
        self.budgets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl GuessLimiter for LocalGuesses {
    async fn take(&self, guess: Guess, bounds: &GuessBounds) -> TakeGuess {
        Self::take(self, guess, bounds)
    }

    async fn give_back(&self, taken: TakenGuess, bounds: &GuessBounds) {
        Self::give_back(self, &taken, bounds);
    }
}

/// A budget after one was taken.
struct Taken {
    /// When it will be full again.
    full_at: Timestamp,
    /// How long until it had one to give; none when it has.
    wait: Duration,
}

fn taken(full_at: Option<&Timestamp>, burst: u32, refill: Duration, now: Timestamp) -> Taken {
    // Full for long; or, after the clock was put back, emptier than a budget can be.
    let full_at = full_at.map_or(now, |full_at| (*full_at).clamp(now, now.after(refill * burst)));
    let full_at = full_at.after(refill);
    Taken { full_at, wait: full_at.since(now).saturating_sub(refill * burst) }
}

fn keep<K: Hash + Eq + Clone>(budgets: &mut HashMap<K, Timestamp>, key: &K, full_at: Timestamp, now: Timestamp) {
    if let Some(kept) = budgets.get_mut(key) {
        *kept = full_at.max(now);
    } else if budgets.len() < KEPT {
        budgets.insert(key.clone(), full_at);
    }
}

fn give_back<K: Hash + Eq>(budgets: &mut HashMap<K, Timestamp>, key: &K, refill: Duration, now: Timestamp) {
    if let Some(kept) = budgets.get_mut(key) {
        *kept = kept.before(refill);
        if *kept <= now {
            budgets.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicI64, Ordering};

    use accounts::{ClientNetwork, Guesser};

    use super::*;

    const BOUNDS: GuessBounds = GuessBounds::STANDARD;
    const MINUTE: Duration = Duration::from_mins(1);

    #[derive(Default)]
    struct ManualClock(AtomicI64);

    impl ManualClock {
        fn advance(&self, by: Duration) {
            self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
        }
    }

    impl Clock for ManualClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    fn guesses() -> (LocalGuesses, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        (LocalGuesses::new(clock.clone()), clock)
    }

    fn guess(account: &str, network: u32) -> Guess {
        let network = ClientNetwork(IpAddr::from(network.to_be_bytes()));
        Guess { account: Username::parse(account).unwrap(), guesser: Guesser::Network(network) }
    }

    /// How many are let through one after the other.
    fn granted(guesses: &LocalGuesses, guess: &Guess) -> u32 {
        let mut granted = 0;
        while take(guesses, guess).is_ok() {
            granted += 1;
        }
        granted
    }

    /// Takes one, or answers how long to wait.
    fn take(guesses: &LocalGuesses, guess: &Guess) -> Result<TakenGuess, Duration> {
        match guesses.take(guess.clone(), &BOUNDS) {
            TakeGuess::Granted(taken) => Ok(taken),
            TakeGuess::Refused { retry_after } => Err(retry_after),
        }
    }

    mod take {
        use super::*;

        #[test]
        fn lets_ten_through_and_then_one_a_minute() {
            let (guesses, clock) = guesses();
            let ada = guess("ada", 1);
            assert_eq!(granted(&guesses, &ada), 10);
            assert_eq!(take(&guesses, &ada).unwrap_err(), MINUTE);
            clock.advance(MINUTE / 4);
            assert_eq!(take(&guesses, &ada).unwrap_err(), MINUTE * 3 / 4);
            clock.advance(MINUTE * 3 / 4);
            assert_eq!(granted(&guesses, &ada), 1);
            clock.advance(MINUTE * 10);
            assert_eq!(granted(&guesses, &ada), 10);
        }

        #[test]
        fn holds_accounts_and_guessers_apart() {
            let (guesses, _) = guesses();
            granted(&guesses, &guess("ada", 1));
            assert_eq!(granted(&guesses, &guess("bob", 1)), 10);
            assert_eq!(granted(&guesses, &guess("ada", 2)), 10);
        }

        #[test]
        fn is_stricter_with_all_once_many_guessed_at_an_account_and_locks_nobody_out() {
            let (guesses, clock) = guesses();
            let total: u32 = (0..1_000).map(|network| granted(&guesses, &guess("ada", network))).sum();
            // Ten networks use the account's up; the others have three each.
            assert_eq!(total, 100 + 990 * 3);
            assert_eq!(granted(&guesses, &guess("ada", 5_000)), 3, "who did not guess yet");
            assert_eq!(take(&guesses, &guess("ada", 1)).unwrap_err(), MINUTE * 8, "who used all ten");
            assert_eq!(granted(&guesses, &guess("bob", 1)), 10, "another account");
            // Going on all day changes nothing for whoever comes anew.
            for _ in 0..60 {
                clock.advance(MINUTE);
                for network in 0..200 {
                    granted(&guesses, &guess("ada", network));
                }
            }
            assert_eq!(granted(&guesses, &guess("ada", 6_000)), 3);
        }

        #[test]
        fn survives_a_clock_that_is_put_back() {
            let (guesses, clock) = guesses();
            clock.advance(MINUTE * 1_000);
            granted(&guesses, &guess("ada", 1));
            clock.0.store(0, Ordering::Relaxed);
            // As though the account's budget had been used up as well.
            assert_eq!(take(&guesses, &guess("ada", 1)).unwrap_err(), MINUTE * 8);
        }

        #[test]
        fn keeps_no_more_than_there_is_room_for() {
            let (guesses, clock) = guesses();
            let most = u32::try_from(KEPT).unwrap();
            for network in 0..=most {
                assert!(take(&guesses, &guess("ada", network)).is_ok());
            }
            assert_eq!(guesses.budgets().guessers.len(), KEPT);
            clock.advance(MINUTE * 200);
            guesses.forget_idle();
            let budgets = guesses.budgets();
            assert_eq!((budgets.guessers.len(), budgets.accounts.len()), (0, 0));
        }
    }

    mod give_back {
        use super::*;

        #[test]
        fn leaves_whoever_is_right_as_if_nothing_had_been_taken() {
            let (guesses, _) = guesses();
            let ada = guess("ada", 1);
            for _ in 0..500 {
                let taken = take(&guesses, &ada).unwrap();
                guesses.give_back(&taken, &BOUNDS);
            }
            assert!(guesses.budgets().guessers.is_empty() && guesses.budgets().accounts.is_empty());
            assert_eq!(granted(&guesses, &ada), 10);
        }

        #[test]
        fn gives_an_account_nothing_that_was_not_taken_from_it() {
            let (guesses, _) = guesses();
            for network in 0..10 {
                assert_eq!(granted(&guesses, &guess("ada", network)), 10);
            }
            for _ in 0..500 {
                let taken = take(&guesses, &guess("ada", 100)).unwrap();
                guesses.give_back(&taken, &BOUNDS);
            }
            assert_eq!(granted(&guesses, &guess("ada", 101)), 3, "still strict");
        }
    }
}
