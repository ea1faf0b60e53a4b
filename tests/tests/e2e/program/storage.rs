//! Acknowledged writes survive a restart, however often the disc was full before.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use testkit::TestDatabase;
use testkit::app::{TestRequest, TestResponse, TestUser};

use super::process::Serving;

const KEY: &str = "0123456789abcdef0123456789abcdef";
/// Time limit for the server to detect free space; it checks every second.
const PATIENCE: Duration = Duration::from_secs(30);

fn post(user: &TestUser, content: &str) -> TestRequest {
    user.post("/v1/posts").json(json!({ "content": content }))
}

/// Checks for 503 with `Retry-After`.
fn is_refused(answer: &TestResponse) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(["storage_full", "database_unavailable"].contains(&answer.str("code")), "{}", answer.text());
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_survive_a_full_disc() {
    let db = TestDatabase::sqlite().await;
    let log = format!("{}-wal", db.url().trim_start_matches("sqlite://"));
    let variables = [("DATABASE_URL", db.url()), ("SIGNING_KEY", KEY)];
    let server = Serving::start_with_bounded_files(&variables).await;
    let http = server.http.clone();
    let ada = TestUser::sign_up(&http, "ada").await;
    let liked = ada.publish("to be liked and commented on").await;
    let mut acknowledged = Vec::new();

    for (round, failures) in [1, 2, 3].into_iter().enumerate() {
        // The write-ahead log cannot grow, so the next write fails.
        server.bound_files(Some(std::fs::metadata(&log).unwrap().len()));
        for _ in 0..failures {
            is_refused(&post(&ada, "alone").send().await);
            is_refused(&post(&ada, "with a key").key(&format!("key{round}")).send().await);
        }
        let at_once = (0..20).map(|number| match number % 3 {
            0 => post(&ada, "together").send(),
            1 => ada.post(&format!("/v1/posts/{liked}/comments")).json(json!({ "content": "together" })).send(),
            _ => ada.put(&format!("/v1/posts/{liked}/like")).send(),
        });
        join_all(at_once).await.iter().for_each(is_refused);
        let ready = http.get("/health/ready").expect(503).await;
        let expected = json!({ "status": "unavailable", "dependencies": [{ "name": "database", "status": "down" }] });
        assert_eq!(ready.json, expected);
        // Reads still work.
        http.get(&format!("/v1/posts/{liked}")).expect(200).await;

        server.bound_files(None);
        if round == 1 {
            // The server detects it on its own, without writes.
            let ready = async { while http.get("/health/ready").send().await.status != 200 {} };
            tokio::time::timeout(PATIENCE, ready).await.unwrap();
        }
        let key = format!("key{round}");
        let requests = [post(&ada, "with a key").key(&key), post(&ada, "alone"), post(&ada, "once more")];
        for request in requests {
            acknowledged.push(request.expect(201).await.header("location").to_owned());
        }
        http.get("/health/ready").expect(200).await;
    }
    ada.like(&liked).await;
    // Counted by another process: what is committed.
    assert_eq!(db.count("posts").await, 1 + i64::try_from(acknowledged.len()).unwrap());
    server.kill().await;

    let server = Serving::start(&variables).await;
    for path in &acknowledged {
        server.http.get(path).expect(200).await;
    }
    let post = server.http.get(&format!("/v1/posts/{liked}")).expect(200).await;
    assert_eq!((&post.json["like_count"], &post.json["comment_count"]), (&json!(1), &json!(0)));
    assert_eq!(db.count("posts").await, 1 + i64::try_from(acknowledged.len()).unwrap());
    db.assert_counters_exact().await;
    assert_eq!(server.terminate().await.0, Some(0));
}
