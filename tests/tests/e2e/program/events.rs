//! `thoughts events`, beside a running server.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use testkit::app::TestApp;
use testkit::{TestDatabase, on_both_databases};
use tokio::time::{sleep, timeout};

use super::process::run;

on_both_databases![show_what_a_server_changed, lag_says_where_the_log_is, renew_begins_another_epoch];

/// Runs `thoughts events` on the database of `app`.
async fn events(app: &TestApp, arguments: &[&str]) -> Output {
    run(&[&["events"], arguments].concat(), &[("DATABASE_URL", app.database().url())]).await
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The entries after `position`, once there are `expected`.
async fn entries(app: &TestApp, position: usize, expected: usize) -> Vec<Value> {
    let after = position.to_string();
    let found = async {
        loop {
            let lines = text(&events(app, &["tail", "--no-follow", "--after", &after]).await);
            let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            if entries.len() >= expected {
                return entries;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_mins(1), found).await.unwrap()
}

async fn show_what_a_server_changed(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("hello").await;
    bob.like(&post).await;
    let entries = entries(&app, 0, 4).await;
    let facts: Vec<_> = entries.iter().map(|entry| (&entry["position"], &entry["facts"][0])).collect();
    for (number, (position, _)) in (1..).zip(&facts) {
        assert_eq!(**position, number);
    }
    let names: Vec<_> = facts.iter().map(|(_, fact)| fact[0].as_str().unwrap()).collect();
    assert_eq!(names, ["signed_up", "signed_up", "post_published", "post_liked"]);
    assert_eq!(facts[3].1[1], post.as_str());
    let beyond = events(&app, &["tail", "--after", "99"]).await;
    assert_eq!(beyond.status.code(), Some(1));
    assert!(String::from_utf8(beyond.stderr).unwrap().contains("the newest position is 4, before 99"));
    assert!(!text(&events(&app, &["tail", "--no-follow"]).await).contains("ada"), "the log has no names");
}

async fn lag_says_where_the_log_is(app: TestApp) {
    app.sign_up("ada").await;
    entries(&app, 0, 1).await;
    let said = text(&events(&app, &["lag"]).await);
    let rows: Vec<Vec<_>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][0], "epoch");
    assert_eq!(rows[1..], [["oldest", "1"], ["head", "1"], ["waiting", "0"]]);
}

async fn renew_begins_another_epoch(app: TestApp) {
    let epoch = async || text(&events(&app, &["lag"]).await).lines().next().unwrap()["epoch".len()..].trim().to_owned();
    let before = epoch().await;
    let renewed = text(&events(&app, &["renew"]).await);
    assert_ne!(renewed.trim(), before);
    assert_eq!(renewed.trim(), epoch().await);
}

#[tokio::test]
async fn need_a_database_with_the_current_schema() {
    let output = run(&["events", "lag"], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the database does not exist yet: SQLite at "), "{said}");

    let database = TestDatabase::without_tables(testkit::Engine::Postgres).await;
    let output = run(&["events", "tail"], &[("DATABASE_URL", database.url())]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("`thoughts migrate`"), "{said}");

    let output = run(&["events", "lag"], &[("DATABASE_URL", "postgres://me:hush@127.0.0.1:1/t")]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("DATABASE_URL cannot be used") && !said.contains("hush"), "{said}");
}
