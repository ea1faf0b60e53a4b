//! Budgets: statements and transactions of each call.

use serde_json::json;
use testkit::app::{PASSWORD, TestApp, TestRequest, TestUser};
use testkit::{TestDatabase, on_both_databases};

on_both_databases![
    a_cache_entry_takes_only_the_readers_own_statement,
    one_resource_takes_one_statement,
    a_list_needs_at_most_two_statements,
    a_write_takes_one_transaction,
    a_removal_takes_one_transaction_and_few_slices,
    an_early_rejection_takes_no_statement,
];

/// A server without a cache.
struct Uncached(TestApp);

impl From<TestDatabase> for Uncached {
    fn from(database: TestDatabase) -> Self {
        Self(TestApp::with(database, &[("CACHE_TTL", "0s")]))
    }
}

struct Took {
    what: String,
    statements: Vec<String>,
    transactions: usize,
}

/// Sends a request, and records the server's statements and transactions.
async fn send(app: &TestApp, request: TestRequest, status: u16) -> Took {
    app.log().clear();
    let answer = request.expect(status).await;
    let statements = app.log().statements().iter().map(|statement| statement.sql.clone()).collect();
    Took { what: answer.request, statements, transactions: app.log().transactions() }
}

async fn reads(app: &TestApp, at_most: usize, request: TestRequest) {
    let took = send(app, request, 200).await;
    assert_eq!(took.transactions, 0, "{}", took.what);
    assert!((1..=at_most).contains(&took.statements.len()), "{} took {:#?}", took.what, took.statements);
}

struct Scene {
    ada: TestUser,
    bob: TestUser,
    post: String,
    comment: String,
}

async fn fill(app: &TestApp) -> Scene {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("first").await;
    let comment = bob.comment(&post, "comment").await;
    for number in 0..5 {
        bob.publish(&format!("post {number}")).await;
        ada.reply(&post, &comment, &format!("reply {number}")).await;
    }
    ada.follow(&bob).await;
    bob.follow(&ada).await;
    bob.like(&post).await;
    ada.bookmark(&post).await;
    Scene { ada, bob, post, comment }
}

async fn one_resource_takes_one_statement(Uncached(app): Uncached) {
    let Scene { ada, post, comment, .. } = fill(&app).await;
    for path in [format!("/v1/posts/{post}"), format!("/v1/comments/{comment}"), "/v1/users/@bob".to_owned()] {
        reads(&app, 1, app.get(&path)).await;
        reads(&app, 1, ada.get(&path)).await;
    }
    reads(&app, 1, ada.get("/v1/users/me")).await;
    reads(&app, 1, ada.get("/v1/sessions")).await;
}

async fn a_cache_entry_takes_only_the_readers_own_statement(app: TestApp) {
    let Scene { ada, post, .. } = fill(&app).await;
    let copied = [
        format!("/v1/posts/{post}"),
        "/v1/users/@bob".to_owned(),
        "/v1/posts".to_owned(),
        "/v1/users/@ada/posts".to_owned(),
    ];
    for path in copied {
        // Without Redis, cache entries live for a second, which a slow machine may take between two requests.
        let mut strangers = usize::MAX;
        let mut own = usize::MAX;
        for _ in 0..10 {
            strangers = strangers.min(send(&app, app.get(&path), 200).await.statements.len());
            own = own.min(send(&app, ada.get(&path), 200).await.statements.len());
        }
        assert_eq!((strangers, own), (0, 1), "{path}");
    }
}

async fn a_list_needs_at_most_two_statements(Uncached(app): Uncached) {
    let Scene { ada, post, comment, .. } = fill(&app).await;
    let lists = [
        "/v1/posts".to_owned(),
        "/v1/posts?limit=2".to_owned(),
        "/v1/users".to_owned(),
        "/v1/users/@ada/posts".to_owned(),
        "/v1/users/@ada/followers".to_owned(),
        "/v1/users/@ada/following".to_owned(),
        format!("/v1/posts/{post}/comments"),
        format!("/v1/posts/{post}/likes"),
        format!("/v1/comments/{comment}/replies"),
    ];
    for path in lists {
        reads(&app, 2, app.get(&path)).await;
        reads(&app, 2, ada.get(&path)).await;
    }
    reads(&app, 1, ada.get("/v1/bookmarks")).await;
    reads(&app, 2, ada.get("/v1/feed")).await;
    reads(&app, 2, ada.get("/v1/feed?limit=2")).await;
    let stranger = app.sign_up("cyd").await;
    reads(&app, 2, stranger.get("/v1/feed")).await;
    reads(&app, 1, stranger.get("/v1/bookmarks")).await;
}

async fn a_write_takes_one_transaction(app: TestApp) {
    let Scene { ada, bob, post, comment } = fill(&app).await;
    let content = || json!({ "content": "words" });
    let path = format!("/v1/posts/{post}");
    let comments = format!("{path}/comments");
    let reply = || json!({ "content": "a reply", "parent_id": comment });
    let writes = [
        (app.post("/v1/users").json(json!({ "username": "cyd", "password": PASSWORD })), 201),
        (app.post("/v1/users").json(json!({ "username": "cyd", "password": PASSWORD })), 409),
        (app.post("/v1/sessions").json(json!({ "username": "ada", "password": PASSWORD })), 201),
        (app.post("/v1/sessions/refresh").json(json!({ "refresh_token": bob.refresh_token })), 200),
        (app.post("/v1/sessions/refresh").json(json!({ "refresh_token": bob.refresh_token })), 200),
        (app.post("/v1/sessions/refresh").json(json!({ "refresh_token": "unknown" })), 401),
        (ada.patch("/v1/users/me").json(json!({ "bio": "words" })), 200),
        (ada.patch("/v1/users/me").json(json!({ "password": PASSWORD, "current_password": PASSWORD })), 200),
        (ada.post("/v1/posts").json(content()), 201),
        (ada.post("/v1/posts").json(content()).key("post"), 201),
        (ada.post("/v1/posts").json(content()).key("post"), 201),
        (ada.patch(&path).json(content()), 200),
        (ada.put(&format!("{path}/like")), 204),
        (ada.put(&format!("{path}/like")), 204),
        (ada.delete(&format!("{path}/like")), 204),
        (bob.put(&format!("{path}/bookmark")), 204),
        (bob.put(&format!("{path}/bookmark")), 204),
        (bob.delete(&format!("{path}/bookmark")), 204),
        (bob.post(&comments).json(content()), 201),
        (bob.post(&comments).json(reply()).key("comment"), 201),
        (bob.post(&comments).json(reply()).key("comment"), 201),
        (bob.patch(&format!("/v1/comments/{comment}")).json(content()), 200),
        (ada.put(&format!("/v1/comments/{comment}/like")), 204),
        (ada.delete(&format!("/v1/comments/{comment}/like")), 204),
        (bob.delete(&format!("/v1/comments/{comment}")), 204),
        (ada.delete("/v1/users/@bob/follow"), 204),
        (ada.put("/v1/users/@bob/follow"), 204),
        (ada.delete("/v1/sessions"), 204),
        (bob.delete("/v1/sessions/tz4a98xxat96iws9zmbrgj3a"), 404),
        (bob.delete("/v1/sessions/current"), 204),
    ];
    for (request, status) in writes {
        let took = send(&app, request, status).await;
        assert_eq!(took.transactions, 1, "{} took {:#?}", took.what, took.statements);
    }
    app.database().assert_counters_exact().await;
}

async fn a_removal_takes_one_transaction_and_few_slices(app: TestApp) {
    let Scene { ada, post, .. } = fill(&app).await;
    let erasure = || ada.post("/v1/users/me/erasure").json(json!({ "password": PASSWORD }));
    // For a post: hiding it, and then its comments, replies first. For an account: posts, comments, likes, both kinds
    // of follows, bookmarks, and the account itself.
    for (request, at_most) in [(ada.delete(&format!("/v1/posts/{post}")), 3), (erasure(), 7)] {
        let took = send(&app, request, 204).await;
        assert!((2..=at_most).contains(&took.transactions), "{} took {:#?}", took.what, took.statements);
        assert_eq!(app.database().count("removals").await, 0, "{}", took.what);
    }
    app.database().assert_counters_exact().await;
}

async fn an_early_rejection_takes_no_statement(app: TestApp) {
    let Scene { ada, post, .. } = fill(&app).await;
    let requests = [
        (app.get("/v1/feed"), 401),
        (app.get("/v1/posts").bearer("garbage"), 401),
        (ada.get("/v1/posts?limit=0"), 422),
        (ada.get("/v1/posts?cursor=garbage"), 400),
        (ada.post("/v1/posts").json(json!({ "content": "" })), 422),
        (ada.post("/v1/posts").json(json!({ "content": "x" })).key(""), 422),
        (ada.post(&format!("/v1/posts/{post}/comments")).body("application/json", "{"), 400),
        (app.post("/v1/users").json(json!({ "username": "x", "password": "x" })), 422),
        (app.get("/v1/nothing"), 404),
        (app.get("/v1/posts/no-id"), 404),
    ];
    for (request, status) in requests {
        let took = send(&app, request, status).await;
        assert!(took.statements.is_empty() && took.transactions == 0, "{} took {:#?}", took.what, took.statements);
    }
}
