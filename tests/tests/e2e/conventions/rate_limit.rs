//! Rate limits. Independent of the database.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use testkit::TestDatabase;
use testkit::app::{TestApp, TestRequest, TestResponse};

/// More requests than a client may send at once with the smallest budget.
const FLOOD: usize = 70;

async fn start(trusted_proxies: &str) -> TestApp {
    let variables = [("RATE_LIMIT", "on"), ("TRUSTED_PROXIES", trusted_proxies)];
    TestApp::with(TestDatabase::sqlite().await, &variables)
}

/// A log-in with a wrong password, which counts against the smallest budget. Each uses another name, because guesses
/// at one name are limited separately.
fn guess(app: &TestApp) -> TestRequest {
    static GUESSES: AtomicUsize = AtomicUsize::new(0);
    let username = format!("ada{}", GUESSES.fetch_add(1, Ordering::Relaxed));
    app.post("/v1/sessions").json(json!({ "username": username, "password": "not the password" }))
}

/// The first 429, if there is one.
async fn flood(request: impl Fn(usize) -> TestRequest) -> Option<TestResponse> {
    for number in 0..FLOOD {
        let answer = request(number).send().await;
        if answer.status == 429 {
            return Some(answer);
        }
    }
    None
}

/// The writes left, according to the response.
fn left(answer: &TestResponse) -> u32 {
    let left = answer.header("ratelimit").strip_prefix("\"writes\";r=").and_then(|rest| rest.split(';').next());
    left.unwrap_or_else(|| panic!("{answer:?}")).parse().unwrap()
}

#[tokio::test]
async fn report_the_requests_left() {
    let app = start("").await;
    let first = guess(&app).expect(401).await;
    assert_eq!(first.header("ratelimit-policy"), "\"credentials\";q=60;w=120");
    assert!(first.header("ratelimit").starts_with("\"credentials\";r=59;t="), "{}", first.header("ratelimit"));
    let read = app.get("/v1/posts").expect(200).await;
    assert!(read.header("ratelimit").starts_with("\"reads\";r="));
    assert_eq!(app.get("/health/live").expect(200).await.header("ratelimit"), "");
}

#[tokio::test]
async fn reject_clients_that_exceed_their_budget() {
    let app = start("").await;
    let refused = flood(|_| guess(&app)).await.unwrap().problem(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=120).contains(&wait), "{wait}");
    assert!(refused.header("ratelimit").starts_with("\"credentials\";r=0;t="), "{}", refused.header("ratelimit"));
    assert_eq!(refused.header("ratelimit-policy"), "\"credentials\";q=60;w=120");
    // Reads and operational endpoints still work.
    app.get("/v1/posts").expect(200).await;
    app.get("/health/ready").expect(200).await;
    // Guesses at tokens count too.
    guess(&app).bearer("garbage").expect(429).await;
}

#[tokio::test]
async fn hold_signed_in_users_to_a_budget_of_their_own() {
    let app = start("").await;
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    // Far more than is refilled in the meantime.
    join_all((0..100).map(|_| ada.put("/v1/users/@bob/follow").expect(204))).await;
    let hers = left(&ada.put("/v1/users/@bob/follow").expect(204).await);
    let his = left(&bob.put("/v1/users/@ada/follow").expect(204).await);
    assert!(hers < 199 && his == 199, "{hers}, {his}");
}

#[tokio::test]
async fn believe_only_trusted_proxies() {
    let trusting = start("127.0.0.1").await;
    let forwarded = |app: &TestApp, client: String| guess(app).header("x-forwarded-for", client);
    // Each request is from another client, so none exceeds its budget.
    assert!(flood(|number| forwarded(&trusting, format!("203.0.113.{number}"))).await.is_none());
    // All requests are from one client, whatever it wrote to the left of the proxy's value.
    assert!(flood(|number| forwarded(&trusting, format!("10.1.2.{number}, 198.51.100.7"))).await.is_some());

    let wary = start("").await;
    assert!(flood(|number| forwarded(&wary, format!("203.0.113.{number}"))).await.is_some());
    let elsewhere = start("10.0.0.0/8").await;
    assert!(flood(|number| forwarded(&elsewhere, format!("203.0.113.{number}"))).await.is_some());
}

/// Credentials left for the client of this header. They refill slowest.
async fn left_to(app: &TestApp, header: &str, value: &str) -> u32 {
    let answer = guess(app).header(header, value).expect(401).await;
    let left = answer.header("ratelimit").strip_prefix("\"credentials\";r=").and_then(|rest| rest.split(';').next());
    left.unwrap_or_else(|| panic!("{answer:?}")).parse().unwrap()
}

#[tokio::test]
async fn recognise_a_client_in_every_notation() {
    let app = start("127.0.0.1").await;
    let clients = [
        ("x-forwarded-for", "203.0.113.1:4711"),
        ("x-forwarded-for", "[2001:db8:1::1]:4711"),
        ("x-forwarded-for", "[2001:db8:2::1]"),
        ("x-forwarded-for", "2001:db8:3::1"),
        ("x-forwarded-for", "unknown, 203.0.113.2"),
        ("forwarded", "for=203.0.113.3;proto=https"),
        ("forwarded", "Proto=http; For=\"203.0.113.4:80\""),
        ("forwarded", "for=\"[2001:db8:4::17]:4711\""),
        ("forwarded", "for=_hidden, for=203.0.113.5"),
    ];
    // Each header names a client that is new at first and known the second time.
    for (header, value) in &clients {
        assert_eq!(left_to(&app, header, value).await, 59, "{header}: {value}");
        assert_eq!(left_to(&app, header, value).await, 58, "{header}: {value}");
    }
    // The same address in another notation is the same client.
    assert_eq!(left_to(&app, "x-forwarded-for", "203.0.113.6").await, 59);
    assert_eq!(left_to(&app, "forwarded", "for=\"203.0.113.6:9\"").await, 58);
}

#[tokio::test]
async fn can_be_turned_off() {
    let app = TestApp::from(TestDatabase::sqlite().await);
    assert!(flood(|_| guess(&app)).await.is_none());
    assert_eq!(guess(&app).expect(401).await.header("ratelimit"), "");
}
