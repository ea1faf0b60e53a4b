//! Guesses at passwords. Nothing of this concerns the database.

use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::app::{PASSWORD, TestApp, TestRequest, TestUser};

/// Wrong passwords that one client may try at once.
const BURST: usize = 10;

async fn start() -> TestApp {
    // These bounds hold where requests are not counted.
    let variables = [("RATE_LIMIT", "off"), ("TRUSTED_PROXIES", "127.0.0.1")];
    TestApp::with(TestDatabase::sqlite().await, &variables)
}

fn log_in(app: &TestApp, username: &str, password: &str, from: &str) -> TestRequest {
    let body = json!({ "username": username, "password": password });
    app.post("/v1/sessions").json(body).header("x-forwarded-for", from)
}

#[tokio::test]
async fn slow_the_client_that_guesses_and_lock_nobody_out() {
    let app = start().await;
    let ada = app.sign_up("ada").await;
    for _ in 0..BURST {
        log_in(&app, "ada", "not her password", "203.0.113.1").problem(401, "invalid_credentials").await;
    }
    // From here on it does not matter what is guessed.
    for password in ["not her password", PASSWORD] {
        let refused = log_in(&app, "Ada", password, "203.0.113.1").problem(429, "rate_limited").await;
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    // She logs in from elsewhere, and what she has goes on.
    log_in(&app, "ada", PASSWORD, "203.0.113.2").expect(201).await;
    ada.me().await;
    let refresh = json!({ "refresh_token": ada.refresh_token });
    app.post("/v1/sessions/refresh").json(refresh).header("x-forwarded-for", "203.0.113.1").expect(200).await;
    // Others log in from there.
    app.sign_up("bob").await;
    log_in(&app, "bob", PASSWORD, "203.0.113.1").expect(201).await;
}

#[tokio::test]
async fn are_counted_for_an_unknown_name_as_for_a_known_one() {
    let app = start().await;
    app.sign_up("ada").await;
    for name in ["ada", "nobody_has_this"] {
        for _ in 0..BURST {
            log_in(&app, name, "not the password", "203.0.113.1").problem(401, "invalid_credentials").await;
        }
        log_in(&app, name, "not the password", "203.0.113.1").problem(429, "rate_limited").await;
    }
}

#[tokio::test]
async fn are_slowed_from_everywhere_when_many_guess_and_lock_nobody_out() {
    let app = start().await;
    app.sign_up("ada").await;
    let guess = async |network: usize| {
        log_in(&app, "ada", "not her password", &format!("198.51.100.{network}")).send().await.status
    };
    for network in 0..10 {
        for _ in 0..BURST {
            assert_eq!(guess(network).await, 401);
        }
    }
    // A client that did not guess yet has three now, and the owner gets in at once.
    for (number, expected) in [401, 401, 401, 429].into_iter().enumerate() {
        assert_eq!(guess(100).await, expected, "{number}");
    }
    log_in(&app, "ada", PASSWORD, "203.0.113.2").expect(201).await;
}

#[tokio::test]
async fn that_are_right_are_not_counted() {
    let app = start().await;
    app.sign_up("ada").await;
    for _ in 0..3 * BURST {
        log_in(&app, "ada", PASSWORD, "203.0.113.1").expect(201).await;
    }
    log_in(&app, "ada", "not her password", "203.0.113.1").problem(401, "invalid_credentials").await;
}

#[tokio::test]
async fn by_a_signed_in_user_are_counted_by_session() {
    let app = start().await;
    let ada = app.sign_up("ada").await;
    let elsewhere = TestUser::log_in(app.http(), "ada", PASSWORD).await;
    let change = |user: &TestUser, current: &str| {
        user.patch("/v1/users/me").json(json!({ "password": "a brand new one", "current_password": current }))
    };
    let erase = |password: Value| ada.post("/v1/users/me/erasure").json(json!({ "password": password }));
    for _ in 0..BURST / 2 {
        change(&ada, "not her password").problem(403, "wrong_password").await;
        erase(json!("not her password")).problem(403, "wrong_password").await;
    }
    let refused = change(&ada, PASSWORD).problem(429, "rate_limited").await;
    assert!((1..=60).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    erase(json!(PASSWORD)).problem(429, "rate_limited").await;
    // Another session, and whoever logs in, has guesses of its own.
    log_in(&app, "ada", PASSWORD, "127.0.0.1").expect(201).await;
    change(&elsewhere, PASSWORD).expect(200).await;
}
