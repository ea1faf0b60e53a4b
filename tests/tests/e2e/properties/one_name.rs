//! A user name has one owner, however many concurrent sign-ups request it.

use futures_util::future::join_all;
use serde_json::json;
use testkit::app::{PASSWORD, TestApp};
use testkit::on_both_databases;

on_both_databases![one_of_32_concurrent_sign_ups_gets_the_name];

async fn one_of_32_concurrent_sign_ups_gets_the_name(app: TestApp) {
    let other = app.another();
    let sign_up = |number: usize| {
        let name = if number.is_multiple_of(3) { "ADA" } else { "ada" };
        let instance = if number.is_multiple_of(2) { app.http() } else { other.http() };
        instance.post("/v1/users").json(json!({ "username": name, "password": PASSWORD })).send()
    };
    let answers = join_all((0..32).map(sign_up)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer["code"] == "username_taken").count(), 31);
    assert_eq!(app.database().count("users").await, 1);
}
