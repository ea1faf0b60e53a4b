//! The authorization matrix covers every operation of the OpenAPI document. Each is called by four callers: without a
//! token, as a stranger, as the owner of the resource, and as the author of its post.

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp, operations};
use testkit::on_both_databases;
use testkit::operations::{Operation, entries};

use crate::fixtures::Scene;

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
    json!({ "username": format!("{}_2", scene.resources.post), "password": PASSWORD })
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

/// Every operation of the document with its row.
fn rows() -> Vec<(Operation, &'static Row)> {
    let rows = TABLE.iter().map(|row| (format!("{} {}", row.method, row.path), row));
    entries(operations(), rows, "a row with the statuses of the four callers to `TABLE`")
}

async fn every_caller_gets_the_expected_status(app: TestApp) {
    let mut wrong = Vec::new();
    let mut scenes = 0;
    for (operation, row) in rows() {
        for (caller, expected) in ["nobody", "stranger", "owner", "author"].into_iter().zip(row.answers) {
            scenes += 1;
            let scene = Scene::numbered(&app, scenes).await;
            let user = match caller {
                "nobody" => None,
                "stranger" => Some(&scene.stranger),
                "owner" => Some(scene.owner(&operation)),
                _ => Some(&scene.author),
            };
            let mut request = app.call(&operation, &scene.path(&operation));
            if let Some(user) = user {
                request = request.as_user(user);
            }
            let body = (row.body)(&scene);
            if !body.is_null() {
                request = request.json(body);
            }
            let answer = request.send().await;
            if answer.status != expected {
                wrong.push(format!("{operation} by {caller}: {}, not {expected}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_a_row_for_every_operation() {
    for (operation, row) in rows() {
        assert_eq!(row.answers[0] == 401, operation.needs_token(), "{operation}: the document disagrees with its row");
    }
}
