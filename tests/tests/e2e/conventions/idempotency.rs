//! `Idempotency-Key`.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::app::{TestApp, TestRequest, TestResponse, TestUser};
use testkit::on_both_databases;
use testkit::operations::entries;

use crate::fixtures::calls;

on_both_databases![
    a_retry_gets_the_first_response,
    a_retry_gets_the_first_response_after_later_changes,
    a_key_belongs_to_one_request,
    a_key_belongs_to_one_user,
    a_failed_request_does_not_use_up_its_key,
    a_malformed_key_is_refused,
    one_key_sent_32_times_at_once_publishes_once,
];

fn publish(user: &TestUser, content: &str) -> TestRequest {
    user.post("/v1/posts").json(json!({ "content": content }))
}

fn comment(user: &TestUser, post: &str, content: &str) -> TestRequest {
    user.post(&format!("/v1/posts/{post}/comments")).json(json!({ "content": content }))
}

/// A request of every operation that takes a key.
fn keyed(user: &TestUser, post: &str, content: &str) -> Vec<TestRequest> {
    let requests = [("publishPost", publish(user, content)), ("addComment", comment(user, post, content))];
    let operations = calls(|operation| operation.takes_header("Idempotency-Key"));
    entries(operations, requests, "a request that may be repeated").into_iter().map(|(_, request)| request).collect()
}

/// Status, body, `Location` and `ETag` of a response.
fn said(answer: &TestResponse) -> (u16, &[u8], &str, &str) {
    (answer.status, &answer.body, answer.header("location"), answer.header("etag"))
}

async fn a_retry_gets_the_first_response(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let other = app.another();
    let post = ada.publish("hello").await;
    for (number, request) in keyed(&ada, &post, "once").into_iter().enumerate() {
        let key = format!("key-{number}");
        let first = request.clone().key(&key).expect(201).await;
        assert_eq!(first.header("idempotency-replayed"), "");
        for again in [request.clone(), request.clone()] {
            let replayed = again.key(&key).expect(201).await;
            assert_eq!(replayed.header("idempotency-replayed"), "true");
            assert_eq!(said(&replayed), said(&first));
        }
    }
    let first = publish(&ada, "anywhere").key("elsewhere").expect(201).await;
    let replayed = publish(&ada.at(&other), "anywhere").key("elsewhere").expect(201).await;
    assert_eq!((said(&replayed), replayed.header("idempotency-replayed")), (said(&first), "true"));
    assert_eq!(app.database().count("posts").await, 3);
    assert_eq!(app.database().count("comments").await, 1);
    app.database().assert_counters_exact().await;
}

async fn a_retry_gets_the_first_response_after_later_changes(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = bob.publish("his").await;
    let requests = [publish(&ada, "once"), comment(&ada, &post, "once")];
    let firsts = [requests[0].clone().key("a").expect(201).await, requests[1].clone().key("b").expect(201).await];
    let check = async || {
        for (request, (key, first)) in requests.iter().zip(["a", "b"].iter().zip(&firsts)) {
            let replayed = request.clone().key(key).expect(201).await;
            assert_eq!((said(&replayed), replayed.header("idempotency-replayed")), (said(first), "true"));
        }
    };
    for first in &firsts {
        let path = first.header("location");
        bob.put(&format!("{path}/like")).expect(204).await;
        ada.patch(path).json(json!({ "content": "edited" })).expect(200).await;
    }
    ada.patch("/v1/users/me").json(json!({ "display_name": "Ada L." })).expect(200).await;
    check().await;
    for first in &firsts {
        ada.delete(first.header("location")).expect(204).await;
    }
    check().await;
    assert_eq!(app.database().count("comments").await, 0);
}

async fn a_key_belongs_to_one_request(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let (post, other) = (ada.publish("hello").await, ada.publish("other").await);
    let parent = comment(&ada, &post, "a comment").key("comment").expect(201).await.id();
    publish(&ada, "first").key("post").expect(201).await;
    let reply = json!({ "content": "a comment", "parent_id": parent });
    let others = [
        publish(&ada, "second").key("post"),
        comment(&ada, &post, "first").key("post"),
        comment(&ada, &post, "another").key("comment"),
        comment(&ada, &other, "a comment").key("comment"),
        ada.post(&format!("/v1/posts/{post}/comments")).json(reply).key("comment"),
        publish(&ada, "a comment").key("comment"),
    ];
    for request in others {
        request.problem(422, "idempotency_key_reused").await;
    }
    assert_eq!(app.database().count("posts").await, 3);
    assert_eq!(app.database().count("comments").await, 1);
    // The same content in another JSON spelling counts as the same request.
    let spelt = ada.post("/v1/posts").body("application/json; charset=utf-8", "{ \"content\" : \"\\u0066irst\" }\n");
    assert_eq!(spelt.key("post").expect(201).await.header("idempotency-replayed"), "true");
}

async fn a_key_belongs_to_one_user(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let hers = publish(&ada, "same words").key("same key").send().await;
    // A space is not a visible character.
    hers.problem(422, "validation_failed");
    let hers = publish(&ada, "same words").key("same-key").expect(201).await;
    let his = publish(&bob, "same words").key("same-key").expect(201).await;
    assert_ne!(hers.id(), his.id());
    assert_eq!(his.header("idempotency-replayed"), "");
}

async fn a_failed_request_does_not_use_up_its_key(app: TestApp) {
    let ada = app.sign_up("ada").await;
    publish(&ada, "").key("key").problem(422, "validation_failed").await;
    comment(&ada, "tz4a98xxat96iws9zmbrgj3a", "to nothing").key("key").problem(404, "not_found").await;
    publish(&ada, "at last").key("key").expect(201).await;
}

async fn a_malformed_key_is_refused(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let longest = "k".repeat(255);
    for good in ["k", "!~", &longest] {
        publish(&ada, "hello").key(good).expect(201).await;
    }
    let too_long = "k".repeat(256);
    for bad in ["", " ", "a b", "a\tb", "é", &too_long] {
        for request in keyed(&ada, &post, "hello") {
            let answer = request.key(bad).problem(422, "validation_failed").await;
            assert_eq!(answer.field_errors(), ["Idempotency-Key: invalid_idempotency_key"], "{bad:?}");
        }
    }
    let answer = publish(&ada, "hello").key("one").key("two").problem(422, "validation_failed").await;
    assert_eq!(answer.field_errors(), ["Idempotency-Key: invalid_idempotency_key"]);
    assert_eq!(app.database().count("posts").await, 4);
}

async fn one_key_sent_32_times_at_once_publishes_once(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let other = app.another();
    let post = ada.publish("hello").await;
    let there = ada.at(&other);
    let either = |number: usize| if number.is_multiple_of(2) { &ada } else { &there };
    let posts = join_all((0..32).map(|number| publish(either(number), "once").key("post").send())).await;
    let comments = join_all((0..32).map(|number| comment(either(number), &post, "once").key("comment").send())).await;
    for answers in [posts, comments] {
        let first = answers.iter().find(|answer| answer.header("idempotency-replayed").is_empty()).unwrap();
        for answer in &answers {
            assert_eq!(said(answer), said(first), "{}", answer.text());
            assert_eq!(answer.status, 201);
        }
        let replayed = answers.iter().filter(|answer| answer.header("idempotency-replayed") == "true").count();
        assert_eq!(replayed, 31);
    }
    assert_eq!(app.database().count("posts").await, 2);
    assert_eq!(app.database().count("comments").await, 1);
    assert_eq!(ada.me().await["post_count"], Value::from(2));
    app.database().assert_counters_exact().await;
}
