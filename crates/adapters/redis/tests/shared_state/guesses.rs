//! Limits on password guesses.

use std::time::Duration;

use redis_adapters::{Allowance, GuessKeys, GuessTaken, SharedGuesses};

use crate::scene::Scene;

const HOUR: Duration = Duration::from_hours(1);
const OF_ACCOUNT: Allowance = Allowance { burst: 6, refill: HOUR };
const OF_GUESSER: Allowance = Allowance { burst: 3, refill: HOUR };
const STRICT: u32 = 1;

/// The keys of a guess. A guesser `site/network` belongs to a site.
fn keys<'k>(account: &'k str, guesser: &'k str) -> GuessKeys<'k> {
    GuessKeys { account, guesser, site: guesser.split_once('/').map(|(site, _)| site) }
}

/// Takes a guess. Returns whether it was strict, or how long to wait.
async fn take(guesses: &SharedGuesses, account: &str, guesser: &str) -> Result<bool, Duration> {
    match guesses.take(keys(account, guesser), OF_ACCOUNT, OF_GUESSER, STRICT).await.unwrap() {
        GuessTaken::Granted { is_strict } => Ok(is_strict),
        GuessTaken::Refused { retry_after } => Err(retry_after),
    }
}

async fn give_back(guesses: &SharedGuesses, account: &str, guesser: &str, is_strict: bool) {
    guesses.give_back(keys(account, guesser), is_strict, OF_ACCOUNT, OF_GUESSER).await.unwrap();
}

/// The number of guesses granted one after the other.
async fn granted(guesses: &SharedGuesses, account: &str, guesser: &str) -> u32 {
    let mut granted = 0;
    while take(guesses, account, guesser).await.is_ok() {
        granted += 1;
    }
    granted
}

#[tokio::test(flavor = "multi_thread")]
async fn are_limited_per_guesser_across_instances() {
    let scene = Scene::new();
    let (one, other) = (SharedGuesses::new(scene.redis()), SharedGuesses::new(scene.redis()));
    assert_eq!(granted(&one, "ada", "net:192.0.2.1").await, 3);
    let wait = take(&other, "ada", "net:192.0.2.1").await.unwrap_err();
    assert!(wait > Duration::ZERO && wait <= HOUR, "{wait:?}");
    assert_eq!(granted(&other, "bob", "net:192.0.2.1").await, 3, "another account");
    assert_eq!(granted(&other, "ada", "net:192.0.2.2").await, 3, "another guesser");
}

#[tokio::test(flavor = "multi_thread")]
async fn are_limited_strictly_once_the_account_is_exhausted_without_a_lockout() {
    let scene = Scene::new();
    let guesses = SharedGuesses::new(scene.redis());
    for network in ["one", "two"] {
        assert_eq!(granted(&guesses, "ada", network).await, 3);
    }
    for network in ["three", "four", "five"] {
        assert_eq!(granted(&guesses, "ada", network).await, STRICT, "{network}");
    }
    let wait = take(&guesses, "ada", "one").await.unwrap_err();
    assert!(wait > HOUR * 2 && wait <= HOUR * 3, "{wait:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn are_given_back_completely() {
    let scene = Scene::new();
    let guesses = SharedGuesses::new(scene.redis());
    for _ in 0..20 {
        let is_strict = take(&guesses, "ada", "one").await.unwrap();
        give_back(&guesses, "ada", "one", is_strict).await;
    }
    for key in ["guess:account:ada", "guess:by:ada:one"] {
        let exists: bool = scene.raw("EXISTS", key, &[]).await;
        assert!(!exists, "{key}");
    }
    // Give back one of two, which leaves a budget that is not full.
    take(&guesses, "ada", "one").await.unwrap();
    take(&guesses, "ada", "one").await.unwrap();
    give_back(&guesses, "ada", "one", false).await;
    assert_eq!(granted(&guesses, "ada", "one").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_ones_are_not_given_back_to_the_account() {
    let scene = Scene::new();
    let guesses = SharedGuesses::new(scene.redis());
    for network in ["one", "two"] {
        assert_eq!(granted(&guesses, "ada", network).await, 3);
    }
    for _ in 0..20 {
        assert_eq!(take(&guesses, "ada", "three").await, Ok(true));
        give_back(&guesses, "ada", "three", true).await;
    }
    assert_eq!(granted(&guesses, "ada", "four").await, STRICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn are_limited_per_site_once_the_account_is_exhausted() {
    let scene = Scene::new();
    let guesses = SharedGuesses::new(scene.redis());
    for network in ["a/1", "a/2"] {
        assert_eq!(granted(&guesses, "ada", network).await, 3, "the site has no budget yet");
    }
    for _ in 0..20 {
        assert_eq!(take(&guesses, "ada", "b/1").await, Ok(true));
        give_back(&guesses, "ada", "b/1", true).await;
    }
    assert_eq!(granted(&guesses, "ada", "b/1").await, STRICT);
    let wait = take(&guesses, "ada", "b/2").await.unwrap_err();
    assert!(wait > Duration::ZERO && wait <= HOUR, "{wait:?}");
    assert_eq!(granted(&guesses, "ada", "c/1").await, STRICT, "another site");
    assert_eq!(granted(&guesses, "bob", "b/2").await, 3, "another account");
}

#[tokio::test(flavor = "multi_thread")]
async fn expire_when_their_budgets_are_full() {
    let scene = Scene::new();
    let guesses = SharedGuesses::new(scene.redis());
    take(&guesses, "ada", "one").await.unwrap();
    for key in ["guess:account:ada", "guess:by:ada:one"] {
        let milliseconds: u64 = scene.raw("PTTL", key, &[]).await;
        assert!((1..=3_600_001).contains(&milliseconds), "{key}: {milliseconds}");
    }
}
