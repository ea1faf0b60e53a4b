//! Budgets: statements and transactions of each call.

use std::collections::BTreeSet;

use serde_json::json;
use testkit::app::{PASSWORD, TestApp, TestRequest, TestUser, operation_id};
use testkit::operations::{Operation, assert_complete, entries};
use testkit::{TestDatabase, on_both_databases};

use crate::fixtures::{Resources, calls, read};

on_both_databases![
    a_cache_entry_takes_only_the_readers_own_statement,
    one_resource_takes_one_statement,
    a_list_needs_at_most_two_statements,
    a_write_takes_one_transaction,
    a_removal_takes_one_transaction_and_few_slices,
    an_early_rejection_takes_no_statement,
];

/// The cost of a read.
#[derive(Clone, Copy)]
struct Cost {
    /// The most statements without a cache.
    statements: usize,
    /// Whether its response is a cache entry.
    is_cached: bool,
}

const fn cached(statements: usize) -> Cost {
    Cost { statements, is_cached: true }
}

const fn uncached(statements: usize) -> Cost {
    Cost { statements, is_cached: false }
}

/// Every read by its operation id.
const READS: &[(&str, Cost)] = &[
    ("showPost", cached(1)),
    ("showComment", uncached(1)),
    ("showUser", cached(1)),
    ("showMe", uncached(1)),
    ("publicFeed", cached(2)),
    ("homeTimeline", uncached(2)),
    ("listUserPosts", cached(2)),
    ("listUsers", uncached(2)),
    ("listFollowers", uncached(2)),
    ("listFollowing", uncached(2)),
    ("listComments", uncached(2)),
    ("listPostLikes", uncached(2)),
    ("listReplies", uncached(2)),
    ("listBookmarks", uncached(1)),
    ("listSessions", uncached(1)),
];

fn costs() -> Vec<(Operation, Cost)> {
    entries(calls(Operation::is_read), READS.iter().copied(), "its most statements, `cached` or `uncached`, to `READS`")
}

/// Writes that are removals, and take more transactions.
const REMOVALS: [&str; 2] = ["deletePost", "eraseMe"];

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

impl Scene {
    /// The paths of an operation: on bob by id and by name, and on ada.
    fn paths(&self, operation: &Operation) -> Vec<String> {
        let mut users = vec![self.bob.id.clone(), "@bob".to_owned(), "@ada".to_owned()];
        users.truncate(if operation.path.contains("{user}") { 3 } else { 1 });
        let resources =
            |user| Resources { user, post: self.post.clone(), comment: self.comment.clone(), ..Resources::unknown() };
        users.into_iter().map(|user| resources(user).path(operation)).collect()
    }
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
    let scene = fill(&app).await;
    for (operation, cost) in costs().into_iter().filter(|(operation, _)| !operation.is_page()) {
        assert_eq!(cost.statements, 1, "{operation}");
        for path in scene.paths(&operation) {
            reads(&app, 1, scene.ada.get(&path)).await;
            if !operation.needs_token() {
                reads(&app, 1, app.get(&path)).await;
            }
        }
    }
}

async fn a_cache_entry_takes_only_the_readers_own_statement(app: TestApp) {
    let scene = fill(&app).await;
    for (operation, cost) in costs() {
        for path in scene.paths(&operation) {
            // Without Redis, cache entries live for a second, which a slow machine may take between two requests.
            let mut strangers = usize::MAX;
            let mut own = usize::MAX;
            for _ in 0..10 {
                if !operation.needs_token() {
                    strangers = strangers.min(send(&app, app.get(&path), 200).await.statements.len());
                }
                own = own.min(send(&app, scene.ada.get(&path), 200).await.statements.len());
            }
            if cost.is_cached {
                assert_eq!((strangers, own), (0, 1), "{path}");
            } else {
                assert!(strangers > 0 && own > 0, "{path} is cached: say so in `READS`");
            }
        }
    }
}

async fn a_list_needs_at_most_two_statements(Uncached(app): Uncached) {
    let scene = fill(&app).await;
    let stranger = app.sign_up("cyd").await;
    for (operation, cost) in costs().into_iter().filter(|(operation, _)| operation.is_page()) {
        assert!(cost.statements <= 2, "{operation}");
        for path in scene.paths(&operation) {
            for path in [path.clone(), format!("{path}?limit=2")] {
                for reader in [Some(&scene.ada), Some(&stranger), None] {
                    if reader.is_some() || !operation.needs_token() {
                        reads(&app, cost.statements, read(&app, &path, reader)).await;
                    }
                }
            }
        }
    }
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
    let mut done = BTreeSet::new();
    for (request, status) in writes {
        let took = send(&app, request, status).await;
        assert_eq!(took.transactions, 1, "{} took {:#?}", took.what, took.statements);
        done.extend(operation_id(&took.what));
    }
    let all = calls(|operation| !operation.is_read() && !REMOVALS.contains(&operation.id.as_str()));
    assert_complete(all, done, "a request and its status to `writes`");
    app.database().assert_counters_exact().await;
}

async fn a_removal_takes_one_transaction_and_few_slices(app: TestApp) {
    let Scene { ada, post, .. } = fill(&app).await;
    let erasure = || ada.post("/v1/users/me/erasure").json(json!({ "password": PASSWORD }));
    // For a post: hiding it, and then its comments, replies first. For an account without posts: hiding it, comments,
    // likes, both kinds of follows, bookmarks, and the account itself.
    let removals = [(ada.delete(&format!("/v1/posts/{post}")), 3), (erasure(), 7)];
    for ((request, at_most), id) in removals.into_iter().zip(REMOVALS) {
        let took = send(&app, request, 204).await;
        assert_eq!(operation_id(&took.what), Some(id));
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
    for (request, status) in requests.into_iter().chain(early_rejections(&app, &ada)) {
        let took = send(&app, request, status).await;
        assert!(took.statements.is_empty() && took.transactions == 0, "{} took {:#?}", took.what, took.statements);
    }
}

/// Requests that every operation of a kind rejects, with the status.
fn early_rejections(app: &TestApp, ada: &TestUser) -> Vec<(TestRequest, u16)> {
    let mut requests = Vec::new();
    for operation in calls(|_| true) {
        let path = Resources::unknown().path(&operation);
        let with = |query: &str| app.call(&operation, &format!("{path}{query}")).as_user(ada);
        requests.push((with("?unknown=1"), 422));
        if operation.needs_token() {
            requests.push((app.call(&operation, &path), 401));
        }
        if operation.is_page() {
            requests.extend([(with("?limit=0"), 422), (with("?cursor=garbage"), 400)]);
        }
        if operation.takes_body() {
            requests.push((with("").body("application/json", "{"), 400));
        }
        if operation.is_read() && operation.path.contains("{id}") {
            requests.push((app.call(&operation, &operation.path.replace("{id}", "no-id")).as_user(ada), 404));
        }
    }
    requests
}
