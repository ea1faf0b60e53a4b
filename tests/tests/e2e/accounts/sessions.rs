//! `/v1/sessions`.

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp, TestResponse, TestUser};
use testkit::on_both_databases;

async fn log_in(app: &TestApp, username: &str, password: &str) -> TestResponse {
    app.post("/v1/sessions").json(json!({ "username": username, "password": password })).send().await
}

/// Exchanges a refresh token.
pub(super) async fn refresh(app: &TestApp, token: &str) -> TestResponse {
    app.post("/v1/sessions/refresh").json(json!({ "refresh_token": token })).send().await
}

mod log_in {
    use super::*;

    on_both_databases![gives_tokens_and_the_account, says_no_more_than_that_something_is_wrong];

    async fn gives_tokens_and_the_account(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let session = super::log_in(&app, "ada", PASSWORD).await.expect(201);
        assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert_eq!(session["user"]["id"], ada.id);
        assert_eq!(session.header("cache-control"), "no-store");
        assert_ne!(session["refresh_token"], ada.refresh_token);
        let me = app.get("/v1/users/me").bearer(session.str("access_token")).expect(200).await;
        assert_eq!(me.json, session["user"]);
    }

    async fn says_no_more_than_that_something_is_wrong(app: TestApp) {
        app.sign_up("ada").await;
        let wrong = super::log_in(&app, "ada", "not her password").await.problem(401, "invalid_credentials");
        let stranger = [("bob", PASSWORD), ("not a name", PASSWORD), ("ada", "short"), ("", ""), ("ada\0", PASSWORD)];
        for (username, password) in stranger {
            let other = super::log_in(&app, username, password).await;
            assert_eq!(told(&other), told(&wrong), "{username:?}");
        }
    }

    /// Everything that an answer tells, but for what tells one answer from another.
    fn told(response: &TestResponse) -> (u16, Vec<(String, String)>, Value) {
        let mut json = response.json.clone();
        json.as_object_mut().unwrap().remove("request_id");
        let mut headers: Vec<_> = response
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        (response.status, headers, json)
    }
}

mod hashes {
    use std::sync::Arc;

    use security::HashingCost;
    use testkit::TestDatabase;
    use testkit::app::AppOptions;

    use super::*;

    on_both_databases![are_renewed_at_a_log_in_when_the_cost_was_raised];

    async fn are_renewed_at_a_log_in_when_the_cost_was_raised(database: TestDatabase) {
        let database = Arc::new(database);
        let cheap = TestApp::start(Arc::clone(&database), AppOptions::default());
        let raised = AppOptions { hashing_cost: HashingCost::OWASP, ..AppOptions::default() };
        let raised = TestApp::start(Arc::clone(&database), raised);
        let hash = async || database.texts("SELECT password_hash FROM users").await.remove(0);
        let ada = cheap.sign_up("ada").await;
        let old = hash().await;
        assert!(old.contains("$m=8,t=1,p=1$"), "{old}");

        super::log_in(&raised, "ada", "not her password").await.expect(401);
        assert_eq!(hash().await, old);
        super::log_in(&raised, "ada", PASSWORD).await.expect(201);
        let renewed = hash().await;
        assert!(renewed.contains("$m=19456,t=2,p=1$"), "{renewed}");

        // Once, and no session ends by it; an instance of the old cost leaves it as it is.
        for app in [&raised, &cheap] {
            super::log_in(app, "ada", PASSWORD).await.expect(201);
            assert_eq!(hash().await, renewed);
        }
        super::refresh(&cheap, &ada.refresh_token).await.expect(200);
    }
}

mod refresh {
    use super::*;

    on_both_databases![
        rotates_the_token,
        a_token_that_comes_twice_ends_its_session_and_no_other,
        refuses_what_is_no_token,
        one_of_32_at_once_at_most_succeeds_and_the_session_ends,
    ];

    async fn rotates_the_token(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let mut token = ada.refresh_token.clone();
        for _ in 0..3 {
            let next = super::refresh(&app, &token).await.expect(200);
            assert_ne!(next["refresh_token"], token);
            assert_eq!(next["user"]["id"], ada.id);
            assert_eq!(next.header("cache-control"), "no-store");
            app.get("/v1/users/me").bearer(next.str("access_token")).expect(200).await;
            next.str("refresh_token").clone_into(&mut token);
        }
        assert!(!app.database().texts("SELECT username FROM users").await.is_empty());
    }

    async fn a_token_that_comes_twice_ends_its_session_and_no_other(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let elsewhere = TestUser::log_in(app.http(), "ada", PASSWORD).await;
        let second = super::refresh(&app, &ada.refresh_token).await.expect(200);
        let third = super::refresh(&app, second.str("refresh_token")).await.expect(200);

        // Another instance ends it just as well.
        let other = app.another();
        let replayed = super::refresh(&other, &ada.refresh_token).await.problem(401, "invalid_token");
        assert!(replayed.header("www-authenticate").starts_with("Bearer"));

        for token in [second.str("refresh_token"), third.str("refresh_token")] {
            super::refresh(&app, token).await.problem(401, "invalid_token");
        }
        super::refresh(&app, &elsewhere.refresh_token).await.expect(200);
    }

    async fn refuses_what_is_no_token(app: TestApp) {
        let ada = app.sign_up("ada").await;
        for garbage in ["", "x", &"x".repeat(43), "nul\0", "é", ada.access_token.as_str(), &"x".repeat(10_000)] {
            super::refresh(&app, garbage).await.problem(401, "invalid_token");
        }
        let missing = app.post("/v1/sessions/refresh").json(json!({})).problem(422, "validation_failed").await;
        assert_eq!(missing.field_errors(), ["refresh_token: required"]);
        super::refresh(&app, &ada.refresh_token).await.expect(200);
    }

    async fn one_of_32_at_once_at_most_succeeds_and_the_session_ends(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let answers = futures_util::future::join_all((0..32).map(|_| super::refresh(&app, &ada.refresh_token))).await;
        let succeeded: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert!(succeeded.len() <= 1, "{} succeeded", succeeded.len());
        assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)));
        for answer in succeeded {
            super::refresh(&app, answer.str("refresh_token")).await.problem(401, "invalid_token");
        }
        super::refresh(&app, &ada.refresh_token).await.problem(401, "invalid_token");
    }
}

mod log_out {
    use super::*;

    on_both_databases![ends_the_session_and_no_other];

    async fn ends_the_session_and_no_other(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let elsewhere = TestUser::log_in(app.http(), "ada", PASSWORD).await;
        ada.delete("/v1/sessions/current").expect(204).await;
        super::refresh(&app, &ada.refresh_token).await.problem(401, "invalid_token");
        super::refresh(&app, &elsewhere.refresh_token).await.expect(200);
        ada.delete("/v1/sessions/current").expect(204).await;
    }
}
