//! Comments on comments: `parent_id`, and `GET /v1/comments/{id}/replies`.

use serde_json::json;
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![nest_up_to_the_maximum_depth, stay_on_their_post];

async fn nest_up_to_the_maximum_depth(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("hello").await;
    let top = ada.comment(&post, "depth 0").await;
    let mut parent = top.clone();
    for depth in 1..=100 {
        parent = bob.reply(&post, &parent, &format!("depth {depth}")).await;
    }
    let deeper = json!({ "content": "depth 101", "parent_id": parent });
    let refused = bob.post(&format!("/v1/posts/{post}/comments")).json(deeper).problem(422, "thread_too_deep").await;
    assert_eq!(refused.field_errors(), ["parent_id: thread_too_deep"]);
    bob.reply(&post, &top, "another at depth 1").await;

    let replies = app.get(&format!("/v1/comments/{top}/replies")).expect(200).await;
    assert_eq!(replies.each("content"), ["depth 1", "another at depth 1"]);
    assert_eq!(replies.each("parent_id"), [top.as_str(), top.as_str()]);
    assert_eq!(replies.each("post_id"), [post.as_str(), post.as_str()]);
    assert_eq!(app.get(&format!("/v1/comments/{top}")).expect(200).await["reply_count"], 2);
    assert_eq!(app.get(&format!("/v1/comments/{parent}/replies")).expect(200).await.items().len(), 0);
    assert_eq!(app.get(&format!("/v1/posts/{post}")).expect(200).await["comment_count"], 102);
    app.database().assert_counters_exact().await;
}

async fn stay_on_their_post(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let (post, other) = (ada.publish("hello").await, ada.publish("other").await);
    let elsewhere = ada.comment(&other, "elsewhere").await;
    let path = format!("/v1/posts/{post}/comments");
    let reply = |parent: &str| ada.post(&path).json(json!({ "content": "hi", "parent_id": parent }));
    let answer = reply(&elsewhere).problem(422, "parent_on_other_post").await;
    assert_eq!(answer.field_errors(), ["parent_id: parent_on_other_post"]);
    reply("tz4a98xxat96iws9zmbrgj3a").problem(404, "not_found").await;
    reply(&post).problem(404, "not_found").await;
    assert_eq!(app.database().count("comments").await, 1);
    assert_eq!(app.get(&format!("/v1/posts/{post}")).expect(200).await["comment_count"], 0);
}
