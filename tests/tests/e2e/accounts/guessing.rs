//! Guesses at passwords. Independent of the database.

use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::app::{PASSWORD, TestApp, TestRequest, TestUser};

/// Wrong passwords that one client may try at once.
const BURST: usize = 10;

async fn start() -> TestApp {
    // These limits hold even where rate limits are off.
    let variables = [("RATE_LIMIT", "off"), ("TRUSTED_PROXIES", "127.0.0.1")];
    TestApp::with(TestDatabase::sqlite().await, &variables)
}

fn log_in(app: &TestApp, username: &str, password: &str, from: &str) -> TestRequest {
    let body = json!({ "username": username, "password": password });
    app.post("/v1/sessions").json(body).header("x-forwarded-for", from)
}

#[tokio::test]
async fn slow_down_only_the_guessing_client() {
    let app = start().await;
    let ada = app.sign_up("ada").await;
    for _ in 0..BURST {
        log_in(&app, "ada", "not her password", "203.0.113.1").problem(401, "invalid_credentials").await;
    }
    // From here on, every password is rejected.
    for password in ["not her password", PASSWORD] {
        let refused = log_in(&app, "Ada", password, "203.0.113.1").problem(429, "rate_limited").await;
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    // The owner logs in from elsewhere, and her session goes on.
    log_in(&app, "ada", PASSWORD, "203.0.113.2").expect(201).await;
    ada.me().await;
    let refresh = json!({ "refresh_token": ada.refresh_token });
    app.post("/v1/sessions/refresh").json(refresh).header("x-forwarded-for", "203.0.113.1").expect(200).await;
    // Other users can log in from the same address.
    app.sign_up("bob").await;
    log_in(&app, "bob", PASSWORD, "203.0.113.1").expect(201).await;
}

#[tokio::test]
async fn are_counted_alike_for_unknown_and_known_names() {
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
async fn from_many_networks_are_slowed_down_without_locking_out_the_owner() {
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
    // A client without earlier guesses has three left now, and the owner logs in at once.
    for (number, expected) in [401, 401, 401, 429].into_iter().enumerate() {
        assert_eq!(guess(100).await, expected, "{number}");
    }
    log_in(&app, "ada", PASSWORD, "203.0.113.2").expect(201).await;
}

#[tokio::test]
async fn with_the_right_password_are_not_counted() {
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
    // Other sessions and log-ins have their own budgets.
    log_in(&app, "ada", PASSWORD, "127.0.0.1").expect(201).await;
    change(&elsewhere, PASSWORD).expect(200).await;
}
