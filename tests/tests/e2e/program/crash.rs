//! Acknowledged writes survive a sudden end of the process.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use testkit::app::TestUser;
use testkit::{TestDatabase, on_both_databases};
use tokio::task::JoinSet;

use super::process::Serving;

on_both_databases![acknowledged_writes_survive_a_kill];

const KEY: &str = "0123456789abcdef0123456789abcdef";
const WRITERS: usize = 8;
/// Number of acknowledged writes before the process is killed in the middle of the next ones.
const ACKNOWLEDGED: usize = 120;

async fn acknowledged_writes_survive_a_kill(db: TestDatabase) {
    let variables = [("DATABASE_URL", db.url()), ("SIGNING_KEY", KEY)];
    let server = Serving::start(&variables).await;
    let ada = TestUser::sign_up(&server.http, "ada").await;
    let liked = ada.publish("to be liked and commented on").await;
    let acknowledged = Arc::new(Mutex::new(Vec::<String>::new()));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (ada, liked, acknowledged) = (ada.clone(), liked.clone(), Arc::clone(&acknowledged));
        writers.spawn(async move {
            for number in 0.. {
                let content = json!({ "content": format!("{writer}/{number}") });
                let write = match number % 4 {
                    0 => ada.post(&format!("/v1/posts/{liked}/comments")).json(content),
                    1 => ada.put(&format!("/v1/posts/{liked}/like")),
                    2 => ada.delete(&format!("/v1/posts/{liked}/like")),
                    _ => ada.post("/v1/posts").json(content),
                };
                let Some(answer) = write.try_send().await else {
                    return;
                };
                let location = answer.header("location");
                if !location.is_empty() {
                    acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(location.to_owned());
                }
            }
        });
    }
    let count = || acknowledged.lock().unwrap_or_else(PoisonError::into_inner).len();
    while count() < ACKNOWLEDGED {
        assert!(!writers.is_empty());
        tokio::task::yield_now().await;
    }
    server.kill().await;
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }

    let server = Serving::start(&variables).await;
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap_or_else(PoisonError::into_inner));
    for path in &acknowledged {
        server.http.get(path).expect(200).await;
    }
    db.assert_counters_exact().await;
    let stored = db.count("posts").await + db.count("comments").await;
    let answered = i64::try_from(acknowledged.len()).unwrap() + 1;
    let in_flight = i64::try_from(WRITERS).unwrap();
    assert!((answered..=answered + in_flight).contains(&stored), "{answered} acknowledged, {stored} stored");
    assert_eq!(server.terminate().await.0, Some(0));
}
