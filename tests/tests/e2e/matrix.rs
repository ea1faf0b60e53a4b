//! The authorization matrix covers every operation of the OpenAPI document. Each is called by four callers: without a
//! token, as a stranger, as the owner of the resource, and as the author of its post.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp, TestUser, operations};
use testkit::on_both_databases;

on_both_databases![every_caller_gets_the_expected_status];

/// An operation, its request body, and the expected statuses.
struct Row {
    method: &'static str,
    path: &'static str,
    /// Null for no body.
    body: fn(&Scene) -> Value,
    /// Statuses for: no token, stranger, owner, author of the post.
    answers: [u16; 4],
}

const fn row(method: &'static str, path: &'static str, body: fn(&Scene) -> Value, answers: [u16; 4]) -> Row {
    Row { method, path, body, answers }
}

/// The owner of a comment is its author. The owner of a post is its author, who thus has both roles. `{user}` and
/// sessions are owned by that user.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                                                  none stranger owner author
    row("GET",    "/",                            nothing,              [200,  200,     200,  200]),
    row("GET",    "/docs",                        nothing,              [308,  308,     308,  308]),
    row("GET",    "/openapi.json",                nothing,              [200,  200,     200,  200]),
    row("GET",    "/health/live",                 nothing,              [200,  200,     200,  200]),
    row("GET",    "/health/ready",                nothing,              [200,  200,     200,  200]),
    row("GET",    "/metrics",                     nothing,              [200,  200,     200,  200]),

    row("POST",   "/v1/users",                    an_account,           [201,  201,     201,  201]),
    row("GET",    "/v1/users",                    nothing,              [200,  200,     200,  200]),
    row("GET",    "/v1/users/me",                 nothing,              [401,  200,     200,  200]),
    row("PATCH",  "/v1/users/me",                 a_bio,                [401,  200,     200,  200]),
    row("POST",   "/v1/users/me/erasure",         the_password,         [401,  204,     204,  204]),
    row("GET",    "/v1/users/{user}",             nothing,              [200,  200,     200,  200]),
    row("POST",   "/v1/sessions",                 credentials,          [201,  201,     201,  201]),
    row("POST",   "/v1/sessions/refresh",         a_refresh_token,      [200,  200,     200,  200]),
    row("GET",    "/v1/sessions",                 nothing,              [401,  200,     200,  200]),
    row("DELETE", "/v1/sessions",                 nothing,              [401,  204,     204,  204]),
    row("DELETE", "/v1/sessions/current",         nothing,              [401,  204,     204,  204]),
    row("DELETE", "/v1/sessions/{id}",            nothing,              [401,  404,     204,  404]),

    row("POST",   "/v1/posts",                    words,                [401,  201,     201,  201]),
    row("GET",    "/v1/posts",                    nothing,              [200,  200,     200,  200]),
    row("GET",    "/v1/posts/{id}",               nothing,              [200,  200,     200,  200]),
    row("PATCH",  "/v1/posts/{id}",               words,                [401,  403,     200,  200]),
    row("DELETE", "/v1/posts/{id}",               nothing,              [401,  403,     204,  204]),
    row("PUT",    "/v1/posts/{id}/like",          nothing,              [401,  204,     204,  204]),
    row("DELETE", "/v1/posts/{id}/like",          nothing,              [401,  204,     204,  204]),
    row("GET",    "/v1/posts/{id}/likes",         nothing,              [200,  200,     200,  200]),
    row("PUT",    "/v1/posts/{id}/bookmark",      nothing,              [401,  204,     204,  204]),
    row("DELETE", "/v1/posts/{id}/bookmark",      nothing,              [401,  204,     204,  204]),
    row("GET",    "/v1/bookmarks",                nothing,              [401,  200,     200,  200]),
    row("POST",   "/v1/posts/{id}/comments",      words,                [401,  201,     201,  201]),
    row("GET",    "/v1/posts/{id}/comments",      nothing,              [200,  200,     200,  200]),
    row("GET",    "/v1/users/{user}/posts",       nothing,              [200,  200,     200,  200]),

    row("GET",    "/v1/comments/{id}",            nothing,              [200,  200,     200,  200]),
    row("GET",    "/v1/comments/{id}/replies",    nothing,              [200,  200,     200,  200]),
    row("PATCH",  "/v1/comments/{id}",            words,                [401,  403,     200,  403]),
    row("DELETE", "/v1/comments/{id}",            nothing,              [401,  403,     204,  204]),
    row("PUT",    "/v1/comments/{id}/like",       nothing,              [401,  204,     204,  204]),
    row("DELETE", "/v1/comments/{id}/like",       nothing,              [401,  204,     204,  204]),

    row("PUT",    "/v1/users/{user}/follow",      nothing,              [401,  204,     422,  204]),
    row("DELETE", "/v1/users/{user}/follow",      nothing,              [401,  204,     422,  204]),
    row("GET",    "/v1/users/{user}/followers",   nothing,              [200,  200,     200,  200]),
    row("GET",    "/v1/users/{user}/following",   nothing,              [200,  200,     200,  200]),
    row("GET",    "/v1/feed",                     nothing,              [401,  200,     200,  200]),
];

fn nothing(_: &Scene) -> Value {
    Value::Null
}

fn an_account(scene: &Scene) -> Value {
    json!({ "username": format!("{}_2", scene.post), "password": PASSWORD })
}

fn a_bio(_: &Scene) -> Value {
    json!({ "bio": "words" })
}

fn the_password(_: &Scene) -> Value {
    json!({ "password": PASSWORD })
}

fn credentials(scene: &Scene) -> Value {
    json!({ "username": scene.commenter.username, "password": PASSWORD })
}

fn a_refresh_token(scene: &Scene) -> Value {
    json!({ "refresh_token": scene.commenter.refresh_token })
}

fn words(_: &Scene) -> Value {
    json!({ "content": "words" })
}

/// A post with another user's comment, and a stranger.
struct Scene {
    author: TestUser,
    commenter: TestUser,
    stranger: TestUser,
    post: String,
    comment: String,
    /// A session of the commenter.
    session: String,
}

impl Scene {
    /// A new scene with unique user names, derived from `number`.
    async fn new(app: &TestApp, number: usize) -> Self {
        let names = ["author", "commenter", "stranger"].map(|role| format!("{role}_{number}"));
        let [author, commenter, stranger] = app.sign_up_all([&names[0], &names[1], &names[2]]).await;
        let post = author.publish("a post").await;
        let comment = commenter.comment(&post, "a comment").await;
        let sessions = commenter.get("/v1/sessions").expect(200).await;
        let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
        Self { author, commenter, stranger, post, comment, session }
    }

    /// The path with ids filled in, and the owner of the resource.
    fn fill(&self, path: &str) -> (String, &TestUser) {
        let (id, owner) = match path {
            path if path.starts_with("/v1/posts/{id}") => (&self.post, &self.author),
            "/v1/sessions/{id}" => (&self.session, &self.commenter),
            _ => (&self.comment, &self.commenter),
        };
        (path.replace("{id}", id).replace("{user}", &self.commenter.id), owner)
    }
}

async fn every_caller_gets_the_expected_status(app: TestApp) {
    let mut wrong = Vec::new();
    let mut scenes = 0;
    for row in TABLE {
        for (caller, expected) in ["nobody", "stranger", "owner", "author"].into_iter().zip(row.answers) {
            scenes += 1;
            let scene = Scene::new(&app, scenes).await;
            let (path, owner) = scene.fill(row.path);
            let user = match caller {
                "nobody" => None,
                "stranger" => Some(&scene.stranger),
                "owner" => Some(owner),
                _ => Some(&scene.author),
            };
            let mut request = app.request(Method::from_bytes(row.method.as_bytes()).unwrap(), &path);
            if let Some(user) = user {
                request = request.as_user(user);
            }
            let body = (row.body)(&scene);
            if !body.is_null() {
                request = request.json(body);
            }
            let answer = request.send().await;
            if answer.status != expected {
                wrong.push(format!("{} {} by {caller}: {}, not {expected}", row.method, row.path, answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_a_row_for_every_operation() {
    let rows: BTreeSet<_> = TABLE.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row is there twice");
    let operations: BTreeSet<_> = operations().into_iter().collect();
    let without: Vec<_> = operations.difference(&rows).collect();
    assert!(without.is_empty(), "operations without a row: {without:?}");
    let unknown: Vec<_> = rows.difference(&operations).collect();
    assert!(unknown.is_empty(), "rows without an operation: {unknown:?}");
}
