//! Limits on password guesses, in the memory of this process.
//!
//! Called by the use cases without Redis, and by the shared limiter while Redis is out of reach.
//!
//! Invariants:
//! - A guess takes one from the budget of its guesser, and one from the budget of the account.
//! - While the account's budget is empty, a guess is *strict*: it takes from its guesser and its site instead, which
//!   have `strict_burst` each. So an attack from other sites does not lock the owner out.
//! - A refused guess takes nothing.
//! - Memory is bounded. A new guesser is always counted (see [`Budgets`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accounts::ports::{GuessLimiter, TakeGuess, TakenGuess};
use accounts::{Guess, GuessBounds, Site};
use async_trait::async_trait;
use domain::{Clock, Username};
use resilience::{Allowance, Budgets};

/// The most budgets remembered: of accounts, of guessers, and of sites each.
const KEPT: usize = 100_000;

/// Budgets by GCRA, of this process alone.
pub struct LocalGuesses {
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

struct Kept {
    accounts: Budgets<Username>,
    guessers: Budgets<Guess>,
    sites: Budgets<(Username, Site)>,
}

impl LocalGuesses {
    /// Full budgets for every guesser, by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (accounts, guessers, sites) = (Budgets::new(KEPT), Budgets::new(KEPT), Budgets::new(KEPT));
        Self { clock, kept: Mutex::new(Kept { accounts, guessers, sites }) }
    }

    /// Drops the budgets that are full again, and releases memory. Call it periodically.
    pub fn forget_idle(&self) {
        let (now, mut kept) = (self.now(), self.kept());
        kept.accounts.forget_full(now);
        kept.guessers.forget_full(now);
        kept.sites.forget_full(now);
    }

    /// Takes one guess, or returns when the next one is allowed.
    pub fn take(&self, guess: Guess, bounds: &GuessBounds) -> TakeGuess {
        let (now, mut kept) = (self.now(), self.kept());
        let account = kept.accounts.take(&guess.account, of_account(bounds), now);
        let is_strict = !account.wait(bounds.account_burst).is_zero();
        let guesser = kept.guessers.take(&guess, of_guesser(bounds), now);
        // A strict budget is the same budget with a smaller burst.
        let mut wait = guesser.wait(if is_strict { bounds.strict_burst } else { bounds.burst });
        let site = site(&guess).filter(|_| is_strict).map(|site| {
            let taken = kept.sites.take(&site, of_site(bounds), now);
            wait = wait.max(taken.wait(bounds.strict_burst));
            (site, taken)
        });
        if !wait.is_zero() {
            return TakeGuess::Refused { retry_after: wait };
        }
        kept.guessers.keep(&guess, guesser);
        if let Some((site, taken)) = site {
            kept.sites.keep(&site, taken);
        }
        if !is_strict {
            kept.accounts.keep(&guess.account, account);
        }
        TakeGuess::Granted(TakenGuess { guess, is_strict, is_shared: false })
    }

    /// Gives back a guess that was taken here and turned out to be none, such as a right password.
    pub fn give_back(&self, TakenGuess { guess, is_strict, .. }: &TakenGuess, bounds: &GuessBounds) {
        let (now, mut kept) = (self.now(), self.kept());
        kept.guessers.give_back(guess, bounds.refill, now);
        if !is_strict {
            kept.accounts.give_back(&guess.account, bounds.account_refill, now);
        } else if let Some(site) = site(guess) {
            kept.sites.give_back(&site, bounds.refill, now);
        }
    }

    /// The time since the Unix epoch; zero before it.
    fn now(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.clock.now().as_micros()).unwrap_or(0))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn site(guess: &Guess) -> Option<(Username, Site)> {
    Some((guess.account.clone(), guess.guesser.site()?))
}

fn of_account(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.account_burst, refill: bounds.account_refill }
}

fn of_guesser(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.burst, refill: bounds.refill }
}

fn of_site(bounds: &GuessBounds) -> Allowance {
    Allowance { burst: bounds.strict_burst, refill: bounds.refill }
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};
    use std::sync::atomic::{AtomicI64, Ordering};

    use accounts::{ClientNetwork, Guesser};
    use domain::Timestamp;

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

    /// A guess from the client network `network` of the site `site`.
    fn guess6(account: &str, site: u16, network: u16) -> Guess {
        let network = ClientNetwork(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, site, network, 0, 0, 0, 0)));
        Guess { account: Username::parse(account).unwrap(), guesser: Guesser::Network(network) }
    }

    /// The number of guesses granted one after the other.
    fn granted(guesses: &LocalGuesses, guess: &Guess) -> u32 {
        let mut granted = 0;
        while take(guesses, guess).is_ok() {
            granted += 1;
        }
        granted
    }

    /// Takes a guess, or returns how long to wait.
    fn take(guesses: &LocalGuesses, guess: &Guess) -> Result<TakenGuess, Duration> {
        match guesses.take(guess.clone(), &BOUNDS) {
            TakeGuess::Granted(taken) => Ok(taken),
            TakeGuess::Refused { retry_after } => Err(retry_after),
        }
    }

    mod take {
        use super::*;

        #[test]
        fn grants_ten_and_then_one_a_minute() {
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
        fn separates_accounts_and_guessers() {
            let (guesses, _) = guesses();
            granted(&guesses, &guess("ada", 1));
            assert_eq!(granted(&guesses, &guess("bob", 1)), 10);
            assert_eq!(granted(&guesses, &guess("ada", 2)), 10);
        }

        #[test]
        fn is_strict_once_the_account_is_exhausted_without_a_lockout() {
            let (guesses, clock) = guesses();
            let total: u32 = (0..1_000).map(|network| granted(&guesses, &guess("ada", network))).sum();
            // Ten networks exhaust the account's budget; the others have three guesses each.
            assert_eq!(total, 100 + 990 * 3);
            assert_eq!(granted(&guesses, &guess("ada", 5_000)), 3, "a new guesser");
            assert_eq!(take(&guesses, &guess("ada", 1)).unwrap_err(), MINUTE * 8, "a guesser that used all ten");
            assert_eq!(granted(&guesses, &guess("bob", 1)), 10, "another account");
            // An attack that lasts does not change that for a new guesser.
            for _ in 0..60 {
                clock.advance(MINUTE);
                for network in 0..200 {
                    granted(&guesses, &guess("ada", network));
                }
            }
            assert_eq!(granted(&guesses, &guess("ada", 6_000)), 3);
        }

        #[test]
        fn survives_a_clock_that_was_set_back() {
            let (guesses, clock) = guesses();
            clock.advance(MINUTE * 1_000);
            granted(&guesses, &guess("ada", 1));
            clock.0.store(0, Ordering::Relaxed);
            // As if the account's budget were empty as well.
            assert_eq!(take(&guesses, &guess("ada", 1)).unwrap_err(), MINUTE * 8);
        }

        #[test]
        fn limits_sites_once_the_account_is_exhausted() {
            let (guesses, clock) = guesses();
            let total: u32 = (0..10).map(|network| granted(&guesses, &guess6("ada", 1, network))).sum();
            assert_eq!(total, 100, "each network has its own budget before that");
            let total: u32 = (0..1_000).map(|network| granted(&guesses, &guess6("ada", 2, network))).sum();
            assert_eq!(total, 3);
            assert_eq!(take(&guesses, &guess6("ada", 2, 5_000)).unwrap_err(), MINUTE);
            assert_eq!(granted(&guesses, &guess6("ada", 3, 1)), 3, "another site");
            assert_eq!(granted(&guesses, &guess6("bob", 2, 1)), 10, "another account");
            clock.advance(MINUTE);
            // One guess was refilled in the account's budget, and one in the site's.
            let total: u32 = (0..1_000).map(|network| granted(&guesses, &guess6("ada", 2, network))).sum();
            assert_eq!(total, 2);
        }

        #[test]
        fn counts_a_new_guesser_when_there_is_no_room() {
            let (guesses, clock) = guesses();
            let most = u32::try_from(KEPT).unwrap();
            for network in 0..=most {
                assert!(take(&guesses, &guess("ada", network)).is_ok());
            }
            assert_eq!(guesses.kept().guessers.len(), KEPT);
            assert_eq!(granted(&guesses, &guess("bob", most + 1)), 10);
            assert!(take(&guesses, &guess("bob", most + 1)).is_err());
            clock.advance(MINUTE * 200);
            guesses.forget_idle();
            let kept = guesses.kept();
            assert!(kept.guessers.is_empty() && kept.accounts.is_empty());
        }
    }

    mod give_back {
        use super::*;

        #[test]
        fn restores_the_budgets_after_a_right_password() {
            let (guesses, _) = guesses();
            let ada = guess("ada", 1);
            for _ in 0..500 {
                let taken = take(&guesses, &ada).unwrap();
                guesses.give_back(&taken, &BOUNDS);
            }
            assert!(guesses.kept().guessers.is_empty() && guesses.kept().accounts.is_empty());
            assert_eq!(granted(&guesses, &ada), 10);
        }

        #[test]
        fn gives_a_strict_guess_back_to_no_account() {
            let (guesses, _) = guesses();
            for network in 0..10 {
                assert_eq!(granted(&guesses, &guess("ada", network)), 10);
            }
            for _ in 0..500 {
                let taken = take(&guesses, &guess("ada", 100)).unwrap();
                guesses.give_back(&taken, &BOUNDS);
            }
            assert_eq!(granted(&guesses, &guess("ada", 101)), 3, "still strict");
            for network in 0..500 {
                let taken = take(&guesses, &guess6("ada", 1, network)).unwrap();
                guesses.give_back(&taken, &BOUNDS);
            }
            assert!(guesses.kept().sites.is_empty());
        }
    }
}
