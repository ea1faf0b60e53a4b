//! More concurrent requests than can be served at once. Waits are the default ones, or longer where only numbers count.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use security::HashingCost;
use serde_json::json;
use testkit::app::{AppOptions, PASSWORD, TestApp};
use testkit::{TestDatabase, on_both_databases};

on_both_databases![
    concurrent_sign_ups_all_succeed,
    concurrent_uncached_reads_all_succeed,
    concurrent_writes_all_succeed,
    a_client_that_guesses_passwords_does_not_block_others,
];

/// More than can hash at once, and few enough for a slow machine to finish within the allowed wait.
const CROWD: usize = 60;

/// Twenty times the default. A crowd is admitted by its number, however slow the machine is.
const PATIENCE: Duration = Duration::from_secs(10);

fn start(db: TestDatabase) -> TestApp {
    TestApp::start(Arc::new(db), AppOptions { hashing_cost: HashingCost::OWASP, wait: None, ..AppOptions::default() })
}

async fn concurrent_sign_ups_all_succeed(db: TestDatabase) {
    let app = start(db);
    let sign_up = |number: usize| {
        let body = json!({ "username": format!("user_{number}"), "password": PASSWORD });
        app.post("/v1/users").json(body).expect(201)
    };
    join_all((0..CROWD).map(sign_up)).await;
}

async fn concurrent_uncached_reads_all_succeed(db: TestDatabase) {
    let app = TestApp::start(
        Arc::new(db),
        AppOptions { wait: Some(PATIENCE), variables: vec![("CACHE_TTL", "0s".to_owned())], ..AppOptions::default() },
    );
    let post = app.sign_up("ada").await.publish("asked for by many").await;
    let reader = |_| async {
        for _ in 0..4 {
            app.get(&format!("/v1/posts/{post}/comments")).expect(200).await;
        }
    };
    join_all((0..64).map(reader)).await;
}

async fn concurrent_writes_all_succeed(db: TestDatabase) {
    let app = TestApp::start(Arc::new(db), AppOptions { wait: Some(PATIENCE), ..AppOptions::default() });
    let ada = app.sign_up("ada").await;
    join_all((0..150).map(|_| ada.publish("all at once"))).await;
}

async fn a_client_that_guesses_passwords_does_not_block_others(db: TestDatabase) {
    let trusted = vec![("TRUSTED_PROXIES", "127.0.0.1".to_owned())];
    let options =
        AppOptions { hashing_cost: HashingCost::OWASP, wait: None, variables: trusted, ..AppOptions::default() };
    let app = TestApp::start(Arc::new(db), options);
    app.sign_up("ada").await;
    let log_in = |from: &'static str, username: &str, password: &'static str| {
        let body = json!({ "username": username, "password": password });
        app.post("/v1/sessions").header("x-forwarded-for", from).json(body)
    };
    // For many names, because guesses at one name are limited.
    let guess = |number: usize| log_in("192.0.2.66", &format!("user_{number}"), "not the right one").send();
    let guesses = join_all((0..200).map(guess));
    let others = async {
        for from in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
            log_in(from, "ada", PASSWORD).expect(201).await;
        }
    };
    tokio::pin!(guesses);
    let early = tokio::select! {
        biased;
        guesses = &mut guesses => Some(guesses),
        () = others => None,
    };
    assert!(early.is_none(), "two hundred guesses were over before four log-ins");
    for guess in guesses.await {
        assert!(matches!(guess.status, 401 | 503), "{}", guess.status);
    }
}
