//! Security events in the log and in the metrics.

use serde_json::{Value, json};
use testkit::TestDatabase;
use testkit::app::{PASSWORD, TestUser};
use testkit::on_both_databases;

use super::process::Serving;

on_both_databases![are_logged_and_counted];

/// The events in a log, with the user and the span of their request.
fn events(log: &str) -> Vec<(String, Value, Value)> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["target"] == "security")
        .map(|line| (line["event"].as_str().unwrap().to_owned(), line["user"].clone(), line["spans"][0].clone()))
        .collect()
}

async fn are_logged_and_counted(db: TestDatabase) {
    let variables = [
        ("DATABASE_URL", db.url()),
        ("SIGNING_KEY", "a signing key for tests 0123456789"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("METRICS_USER", "prometheus"),
        ("METRICS_PASSWORD", "hush"),
    ];
    let server = Serving::start(&variables).await;
    let http = &server.http;
    let [ada, bob] = [TestUser::sign_up(http, "ada").await, TestUser::sign_up(http, "bob").await];
    let from = |request: testkit::app::TestRequest| request.header("x-forwarded-for", "2001:db8:1:2:3:4:5:6");
    let log_in =
        |name: &str| from(http.post("/v1/sessions").json(json!({ "username": name, "password": "not the password" })));
    log_in("ada").expect(401).await;
    log_in("nobody_has_this").expect(401).await;
    let change = |current: &str| {
        from(ada.patch("/v1/users/me").json(json!({ "password": "a brand new one", "current_password": current })))
    };
    change("not her password").expect(403).await;
    change(PASSWORD).expect(200).await;
    let refresh = || from(http.post("/v1/sessions/refresh").json(json!({ "refresh_token": ada.refresh_token })));
    let next = refresh().expect(200).await;
    let renewed = json!({ "refresh_token": next.str("refresh_token") });
    from(http.post("/v1/sessions/refresh").json(renewed)).expect(200).await;
    refresh().expect(401).await;
    let again = TestUser::log_in(http, "ada", "a brand new one").await;
    from(again.delete("/v1/sessions/current")).expect(204).await;
    from(bob.post("/v1/users/me/erasure").json(json!({ "password": PASSWORD }))).expect(204).await;
    let wrong = "Basic cHJvbWV0aGV1czp3cm9uZw==";
    from(http.get("/metrics").header("authorization", wrong)).expect(401).await;
    let metrics = http.get("/metrics").header("authorization", "Basic cHJvbWV0aGV1czpodXNo").expect(200).await;

    let (ada, bob) = (json!(ada.id), json!(bob.id));
    let expected = [
        ("log_in_failed", &ada),
        ("log_in_failed", &Value::Null),
        ("wrong_password", &ada),
        ("password_changed", &ada),
        ("refresh_replayed", &ada),
        ("session_ended", &ada),
        ("account_erased", &bob),
        ("metrics_refused", &Value::Null),
    ];
    for (event, count) in [("log_in_failed", 2), ("refresh_replayed", 1), ("account_erased", 1), ("guess_refused", 0)] {
        let line = format!("security_events_total{{event=\"{event}\"}} {count}\n");
        assert!(metrics.text().contains(&line), "{line} in {}", metrics.text());
    }
    let (code, log) = server.terminate().await;
    assert_eq!(code, Some(0));
    let found = events(&log);
    let told: Vec<(&str, &Value)> = found.iter().map(|(event, user, _)| (event.as_str(), user)).collect();
    assert_eq!(told, expected);
    for (event, user, span) in &found {
        assert_eq!(span["client"], "2001:db8:1:2::", "{event}: {span}");
        assert!(span["request_id"].is_string(), "{event}: {span}");
        // The span of a signed-in user's request names the user too.
        if ["password_changed", "session_ended", "account_erased"].contains(&event.as_str()) {
            assert_eq!(&span["user"], user, "{event}: {span}");
        }
    }
}
