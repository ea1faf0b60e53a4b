//! `/v1/sessions`.

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp, TestResponse, TestUser};
use testkit::on_both_databases;

use super::refresh::refresh;

async fn log_in(app: &TestApp, username: &str, password: &str) -> TestResponse {
    app.post("/v1/sessions").json(json!({ "username": username, "password": password })).send().await
}

mod log_in {
    use super::*;

    on_both_databases![gives_tokens_and_the_account, answers_every_failure_alike];

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

    async fn answers_every_failure_alike(app: TestApp) {
        app.sign_up("ada").await;
        let wrong = super::log_in(&app, "ada", "not her password").await.problem(401, "invalid_credentials");
        let stranger = [("bob", PASSWORD), ("not a name", PASSWORD), ("ada", "short"), ("", ""), ("ada\0", PASSWORD)];
        for (username, password) in stranger {
            let other = super::log_in(&app, username, password).await;
            assert_eq!(comparable(&other), comparable(&wrong), "{username:?}");
        }
    }

    /// The whole response, without the headers and fields that differ in every response.
    fn comparable(response: &TestResponse) -> (u16, Vec<(String, String)>, Value) {
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

        // The hash is renewed once, and no session ends. An instance with the old cost does not change it.
        for app in [&raised, &cheap] {
            super::log_in(app, "ada", PASSWORD).await.expect(201);
            assert_eq!(hash().await, renewed);
        }
        super::refresh(&cheap, &ada.refresh_token).await.expect(200);
    }
}

mod log_out {
    use super::*;

    on_both_databases![ends_the_session_and_no_other];

    async fn ends_the_session_and_no_other(app: TestApp) {
        let ada = app.sign_up("ada").await;
        let elsewhere = TestUser::log_in(app.http(), "ada", PASSWORD).await;
        ada.delete("/v1/sessions/current").expect(204).await;
        refresh(&app, &ada.refresh_token).await.problem(401, "invalid_refresh_token");
        refresh(&app, &elsewhere.refresh_token).await.expect(200);
        // The token's session no longer exists.
        ada.delete("/v1/sessions/current").problem(401, "invalid_token").await;
    }
}
