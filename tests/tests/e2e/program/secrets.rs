//! Secrets must never reach a log.

use serde_json::json;
use testkit::app::{PASSWORD, TestUser};
use testkit::{TestDatabase, on_both_databases};
use url::Url;

use super::process::Serving;

on_both_databases![are_absent_from_the_most_verbose_log];

const KEY: &str = "a signing key that nobody may see 0123456789";

async fn are_absent_from_the_most_verbose_log(db: TestDatabase) {
    for level in ["trace", "info"] {
        let server = Serving::start(&[
            ("DATABASE_URL", db.url()),
            ("SIGNING_KEY", KEY),
            ("REFRESH_GRACE", "0s"),
            ("RUST_LOG", level),
        ])
        .await;
        let ada = TestUser::sign_up(&server.http, &format!("ada_{level}")).await;
        // Reuse of a token ends its session, so this one is separate.
        let elsewhere = TestUser::log_in(&server.http, &ada.username, PASSWORD).await;
        let refresh = json!({ "refresh_token": elsewhere.refresh_token });
        let next = server.http.post("/v1/sessions/refresh").json(refresh.clone()).expect(200).await;
        server.http.post("/v1/sessions/refresh").json(refresh).expect(401).await;
        let edit = json!({ "password": "another good secret", "current_password": PASSWORD });
        ada.patch("/v1/users/me").json(edit).expect(200).await;
        ada.publish("hello").await;
        let (code, log) = server.terminate().await;
        assert_eq!(code, Some(0));

        let hashes = db.texts("SELECT password_hash FROM users").await;
        let mut secrets = vec![KEY, PASSWORD, "another good secret", ada.access_token.as_str(), &ada.refresh_token];
        secrets.extend([next.str("access_token"), next.str("refresh_token")]);
        secrets.extend([elsewhere.access_token.as_str(), &elsewhere.refresh_token]);
        secrets.extend(hashes.iter().map(String::as_str));
        let database_password =
            Url::parse(db.url()).ok().and_then(|url| url.password().map(|word| format!(":{word}@")));
        secrets.extend(database_password.as_deref());
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{level}: {secret:?} in {line:?}");
        }
    }
}
