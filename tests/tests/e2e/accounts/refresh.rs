//! `/v1/sessions/refresh`.

use serde_json::json;
use testkit::app::{PASSWORD, TestApp, TestResponse, TestUser};
use testkit::{TestDatabase, on_both_databases};

on_both_databases![
    rotates_the_token,
    a_used_token_gets_another_pair_while_its_successor_is_unused,
    two_tabs_with_one_token_both_get_a_working_pair,
    thirty_two_concurrent_refreshes_all_succeed,
    reuse_after_the_successor_was_used_ends_only_that_session,
    without_a_grace_period_reuse_ends_the_session,
    rejects_malformed_tokens,
    a_session_ends_at_its_maximum_age,
    ignores_the_authorization_header,
];

/// Exchanges a refresh token.
pub(super) async fn refresh(app: &TestApp, token: &str) -> TestResponse {
    app.post("/v1/sessions/refresh").json(json!({ "refresh_token": token })).send().await
}

async fn rotates_the_token(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let mut token = ada.refresh_token.clone();
    for _ in 0..3 {
        let next = refresh(&app, &token).await.expect(200);
        assert_ne!(next["refresh_token"], token);
        assert_eq!(next["user"]["id"], ada.id);
        assert_eq!(next.header("cache-control"), "no-store");
        app.get("/v1/users/me").bearer(next.str("access_token")).expect(200).await;
        next.str("refresh_token").clone_into(&mut token);
    }
}

async fn a_used_token_gets_another_pair_while_its_successor_is_unused(app: TestApp) {
    let ada = app.sign_up("ada").await;
    // The response is lost, and the client repeats the request on another instance.
    refresh(&app, &ada.refresh_token).await.expect(200);
    let again = refresh(&app.another(), &ada.refresh_token).await.expect(200);
    app.get("/v1/users/me").bearer(again.str("access_token")).expect(200).await;
    refresh(&app, again.str("refresh_token")).await.expect(200);
}

async fn two_tabs_with_one_token_both_get_a_working_pair(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let other = app.another();
    let (one, two) = tokio::join!(refresh(&app, &ada.refresh_token), refresh(&other, &ada.refresh_token));
    for tab in [one.expect(200), two.expect(200)] {
        app.get("/v1/users/me").bearer(tab.str("access_token")).expect(200).await;
        let next = refresh(&app, tab.str("refresh_token")).await.expect(200);
        app.get("/v1/users/me").bearer(next.str("access_token")).expect(200).await;
    }
    assert_eq!(app.database().count("sessions").await, 1);
}

async fn thirty_two_concurrent_refreshes_all_succeed(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let answers = futures_util::future::join_all((0..32).map(|_| refresh(&app, &ada.refresh_token))).await;
    for answer in answers {
        refresh(&app, answer.expect(200).str("refresh_token")).await.expect(200);
    }
}

async fn reuse_after_the_successor_was_used_ends_only_that_session(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let elsewhere = TestUser::log_in(app.http(), "ada", PASSWORD).await;
    let second = refresh(&app, &ada.refresh_token).await.expect(200);
    let third = refresh(&app, second.str("refresh_token")).await.expect(200);

    // Another instance ends it too.
    let other = app.another();
    let replayed = refresh(&other, &ada.refresh_token).await.problem(401, "invalid_refresh_token");
    assert!(replayed.header("www-authenticate").starts_with("Bearer"));

    for token in [second.str("refresh_token"), third.str("refresh_token")] {
        refresh(&app, token).await.problem(401, "invalid_refresh_token");
    }
    refresh(&app, &elsewhere.refresh_token).await.expect(200);
}

async fn without_a_grace_period_reuse_ends_the_session(db: TestDatabase) {
    let app = TestApp::with(db, &[("REFRESH_GRACE", "0s")]);
    let ada = app.sign_up("ada").await;
    let next = refresh(&app, &ada.refresh_token).await.expect(200);
    refresh(&app, &ada.refresh_token).await.problem(401, "invalid_refresh_token");
    refresh(&app, next.str("refresh_token")).await.problem(401, "invalid_refresh_token");
}

async fn rejects_malformed_tokens(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for garbage in ["", "x", &"x".repeat(43), "nul\0", "é", ada.access_token.as_str(), &"x".repeat(10_000)] {
        refresh(&app, garbage).await.problem(401, "invalid_refresh_token");
    }
    let missing = app.post("/v1/sessions/refresh").json(json!({})).problem(422, "validation_failed").await;
    assert_eq!(missing.field_errors(), ["refresh_token: required"]);
    refresh(&app, &ada.refresh_token).await.expect(200);
}

async fn a_session_ends_at_its_maximum_age(db: TestDatabase) {
    let app = TestApp::with(db, &[("SESSION_TTL", "1m")]);
    let ada = app.sign_up("ada").await;
    let session = refresh(&app, &ada.refresh_token).await.expect(200);
    // Access tokens expire with their session at the latest.
    assert!(session["expires_in"].as_u64().is_some_and(|seconds| (1..=60).contains(&seconds)), "{}", session.json);
    app.database().execute("UPDATE sessions SET created_at = created_at - 60000000").await;
    refresh(&app, session.str("refresh_token")).await.problem(401, "invalid_refresh_token");
}

async fn ignores_the_authorization_header(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let log_in = json!({ "username": "ada", "password": PASSWORD });
    for header in ["Bearer stale", "Basic YWRhOng=", ""] {
        app.post("/v1/sessions").json(log_in.clone()).header("authorization", header).expect(201).await;
    }
    let token = json!({ "refresh_token": ada.refresh_token });
    app.post("/v1/sessions/refresh").json(token).bearer("stale").expect(200).await;
    app.delete("/v1/sessions/current").bearer("stale").problem(401, "invalid_token").await;
    app.post("/v1/users").json(json!({ "username": "bob", "password": PASSWORD })).bearer("stale").expect(401).await;
}
