//! Lists and ends sessions, and tests what an ended session can still do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp, TestRequest, TestUser};
use testkit::on_both_databases;

use super::refresh::refresh;

on_both_databases![
    the_list_shows_own_sessions_newest_first,
    the_list_is_paginated,
    one_session_is_ended_by_its_id,
    all_others_are_ended_at_once,
    a_session_of_others_is_not_found,
    an_ended_session_cannot_read,
    an_ended_session_cannot_write,
    every_instance_learns_of_the_end_within_a_second,
    a_starting_instance_knows_ended_sessions,
];

/// How long reads may continue on other instances.
const BOUND: Duration = Duration::from_secs(1);

async fn log_in(app: &TestApp) -> TestUser {
    TestUser::log_in(app.http(), "ada", PASSWORD).await
}

async fn sessions(user: &TestUser) -> Vec<Value> {
    user.get("/v1/sessions").expect(200).await["items"].as_array().unwrap().clone()
}

/// The id of the user's current session.
async fn current(user: &TestUser) -> String {
    let own = sessions(user).await.into_iter().find(|session| session["current"] == true).unwrap();
    own["id"].as_str().unwrap().to_owned()
}

async fn the_list_shows_own_sessions_newest_first(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let body = json!({ "username": "ada", "password": PASSWORD });
    let agent = format!("Tablet\u{9} {}", "x".repeat(400));
    let tablet = app.post("/v1/sessions").json(body).header("user-agent", agent).expect(201).await;
    refresh(&app, &ada.refresh_token).await.expect(200);

    let listed = sessions(&ada).await;
    assert_eq!(listed.iter().map(|session| &session["current"]).collect::<Vec<_>>(), [false, true]);
    let agent = listed[0]["user_agent"].as_str().unwrap();
    assert!(agent.starts_with("Tablet xx") && agent.chars().count() == 200, "{agent:?}");
    assert_eq!(listed[1]["user_agent"], Value::Null);
    assert_eq!(listed[0]["last_used_at"], listed[0]["created_at"]);
    // The refresh was later than the log-in on the tablet.
    assert!(listed[1]["last_used_at"].as_str() > listed[0]["last_used_at"].as_str(), "{listed:?}");
    let seen_by_tablet = app.get("/v1/sessions").bearer(tablet.str("access_token")).expect(200).await;
    assert_eq!(seen_by_tablet["items"][0]["current"], true);
    assert_eq!(sessions(&bob).await.len(), 1);
    app.get("/v1/sessions").problem(401, "unauthenticated").await;
}

async fn the_list_is_paginated(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for _ in 0..4 {
        log_in(&app).await;
    }
    let whole: Vec<_> = sessions(&ada).await.iter().map(|session| session["id"].clone()).collect();
    let first = ada.get("/v1/sessions?limit=3").expect(200).await;
    let rest = ada.get(&format!("/v1/sessions?limit=3&cursor={}", first.str("next_cursor"))).expect(200).await;
    assert_eq!([first.each("id"), rest.each("id")].concat(), whole);
    assert_eq!((whole.len(), &rest["next_cursor"]), (5, &Value::Null));
}

async fn one_session_is_ended_by_its_id(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let [lost, kept] = [log_in(&app).await, log_in(&app).await];
    let id = current(&lost).await;
    ada.delete(&format!("/v1/sessions/{id}")).expect(204).await;
    ada.delete(&format!("/v1/sessions/{id}")).problem(404, "not_found").await;
    refresh(&app, &lost.refresh_token).await.problem(401, "invalid_refresh_token");
    lost.get("/v1/users/me").problem(401, "invalid_token").await;
    assert_eq!(sessions(&kept).await.len(), 2);
    // The current session can be ended too.
    let own = current(&kept).await;
    kept.delete(&format!("/v1/sessions/{own}")).expect(204).await;
    kept.get("/v1/users/me").problem(401, "invalid_token").await;
    ada.me().await;
}

async fn all_others_are_ended_at_once(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let others = [log_in(&app).await, log_in(&app).await];
    ada.delete("/v1/sessions").expect(204).await;
    ada.delete("/v1/sessions").expect(204).await;
    for other in others {
        other.get("/v1/feed").problem(401, "invalid_token").await;
        refresh(&app, &other.refresh_token).await.problem(401, "invalid_refresh_token");
    }
    assert_eq!((sessions(&ada).await.len(), sessions(&bob).await.len()), (1, 1));
}

async fn a_session_of_others_is_not_found(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let id = current(&bob).await;
    for id in [id.as_str(), "tz4a98xxat96iws9zmbrgj3a", "no-id"] {
        ada.delete(&format!("/v1/sessions/{id}")).problem(404, "not_found").await;
    }
    bob.me().await;
}

/// Sessions end by log-out, reuse of a refresh token, a new password and erasure.
async fn an_ended_session_cannot_read(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let out = log_in(&app).await;
    out.delete("/v1/sessions/current").expect(204).await;
    out.get("/v1/posts").problem(401, "invalid_token").await;

    let replayed = log_in(&app).await;
    let next = refresh(&app, &replayed.refresh_token).await.expect(200);
    refresh(&app, next.str("refresh_token")).await.expect(200);
    refresh(&app, &replayed.refresh_token).await.problem(401, "invalid_refresh_token");
    replayed.get("/v1/posts").problem(401, "invalid_token").await;

    let elsewhere = log_in(&app).await;
    let edit = json!({ "password": PASSWORD, "current_password": PASSWORD });
    ada.patch("/v1/users/me").json(edit).expect(200).await;
    elsewhere.get("/v1/posts").problem(401, "invalid_token").await;
    ada.get("/v1/posts").expect(200).await;

    let elsewhere = log_in(&app).await;
    ada.erase().await;
    for gone in [ada, elsewhere] {
        gone.get("/v1/posts").problem(401, "invalid_token").await;
    }
}

/// Ends a session in the database only, so that no instance has learnt of it.
async fn end_silently(app: &TestApp, user: &TestUser) {
    let id = current(user).await;
    for table in ["refresh_tokens WHERE session_id", "sessions WHERE id"] {
        app.database().execute(&format!("DELETE FROM {table} = '{id}'")).await;
    }
}

async fn an_ended_session_cannot_write(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let content = || json!({ "content": "words" });
    let post = ada.publish("a post").await;
    let comment = ada.comment(&post, "a comment").await;
    bob.follow(&ada).await;
    let other = log_in(&app).await;
    let other_id = current(&other).await;
    ada.like(&post).await;
    end_silently(&app, &ada).await;

    let path = format!("/v1/posts/{post}");
    let comments = format!("{path}/comments");
    let writes: Vec<TestRequest> = vec![
        ada.post("/v1/posts").json(content()),
        ada.post("/v1/posts").json(content()).key("post"),
        ada.patch(&path).json(content()),
        ada.put(&format!("{path}/like")),
        ada.delete(&format!("{path}/like")),
        ada.put(&format!("{path}/bookmark")),
        ada.delete(&format!("{path}/bookmark")),
        ada.post(&comments).json(content()),
        ada.post(&comments).json(content()).key("comment"),
        ada.post(&comments).json(json!({ "content": "a reply", "parent_id": comment })),
        ada.patch(&format!("/v1/comments/{comment}")).json(content()),
        ada.put(&format!("/v1/comments/{comment}/like")),
        ada.delete(&format!("/v1/comments/{comment}/like")),
        ada.delete(&format!("/v1/comments/{comment}")),
        ada.put("/v1/users/@bob/follow"),
        ada.delete("/v1/users/@bob/follow"),
        ada.patch("/v1/users/me").json(json!({ "bio": "words" })),
        ada.patch("/v1/users/me").json(json!({ "password": "another one", "current_password": PASSWORD })),
        ada.delete(&path),
        ada.delete(&format!("/v1/sessions/{other_id}")),
        ada.delete("/v1/sessions"),
        ada.post("/v1/users/me/erasure").json(json!({ "password": PASSWORD })),
    ];
    let stored = async || {
        let mut stored = Vec::new();
        for table in ["users", "sessions", "posts", "comments", "post_likes", "comment_likes", "bookmarks", "follows"] {
            stored.push(app.database().count(table).await);
        }
        (stored, app.database().texts("SELECT content FROM posts UNION ALL SELECT bio FROM users ORDER BY 1").await)
    };
    let before = stored().await;
    for write in writes {
        write.problem(401, "invalid_token").await;
    }
    assert_eq!(stored().await, before);
    app.database().assert_counters_exact().await;
    other.publish("still here").await;
}

async fn every_instance_learns_of_the_end_within_a_second(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let other = app.another();
    for _ in 0..3 {
        let lost = log_in(&app).await;
        lost.at(&other).me().await;
        ada.delete(&format!("/v1/sessions/{}", current(&lost).await)).expect(204).await;
        let ended = Instant::now();
        loop {
            let asked = ended.elapsed();
            if lost.at(&other).get("/v1/posts").send().await.status == 401 {
                break;
            }
            assert!(asked < BOUND, "it still reads after {asked:?}");
        }
    }
}

async fn a_starting_instance_knows_ended_sessions(app: TestApp) {
    let ada = app.sign_up("ada").await;
    ada.delete("/v1/sessions/current").expect(204).await;
    ada.at(&app.another()).get("/v1/posts").problem(401, "invalid_token").await;
}
