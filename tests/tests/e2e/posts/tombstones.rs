//! Deleted comments that have replies.

use serde_json::{Value, json};
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![stay_in_the_list_without_content_and_author, disappear_with_their_last_reply];

async fn stay_in_the_list_without_content_and_author(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("hello").await;
    let comment = bob.comment(&post, "regrettable").await;
    let before = ada.get(&format!("/v1/comments/{comment}")).expect(200).await;
    bob.patch(&format!("/v1/comments/{comment}")).json(json!({ "content": "regrettable!" })).expect(200).await;
    ada.like_comment(&comment).await;
    let reply = ada.reply(&post, &comment, "a reply").await;
    bob.delete(&format!("/v1/comments/{comment}")).expect(204).await;

    let path = format!("/v1/comments/{comment}");
    let tombstone = app.get(&path).expect(200).await;
    let expected = json!({
        "id": comment,
        "post_id": post,
        "parent_id": null,
        "content": null,
        "author": null,
        "created_at": before["created_at"],
        "edited_at": null,
        "like_count": 0,
        "reply_count": 1,
        "deleted": true,
    });
    assert_eq!(tombstone.json, expected);
    let list = ada.get(&format!("/v1/posts/{post}/comments")).expect(200).await;
    assert_eq!(list.each("id"), [comment.as_str()]);
    assert_eq!(list["items"][0]["deleted"], true);
    assert_eq!(list["items"][0]["viewer"], json!({ "liked": false }));
    assert_eq!(app.get(&format!("{path}/replies")).expect(200).await.each("id"), [reply.as_str()]);
    assert_eq!(app.get(&format!("/v1/posts/{post}")).expect(200).await["comment_count"], 1);

    for user in [&ada, &bob] {
        user.delete(&path).problem(404, "not_found").await;
        user.patch(&path).json(json!({ "content": "back" })).problem(404, "not_found").await;
        user.put(&format!("{path}/like")).problem(404, "not_found").await;
        let reply = json!({ "content": "to nobody", "parent_id": comment });
        user.post(&format!("/v1/posts/{post}/comments")).json(reply).problem(404, "not_found").await;
    }
    let texts = format!("SELECT content FROM comments WHERE id = '{comment}' AND content IS NOT NULL");
    assert_eq!(app.database().texts(&texts).await, Vec::<String>::new());
    app.database().assert_counters_exact().await;
}

async fn disappear_with_their_last_reply(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("hello").await;
    let top = bob.comment(&post, "top").await;
    let middle = bob.reply(&post, &top, "middle").await;
    let leaves = [ada.reply(&post, &middle, "leaf").await, ada.reply(&post, &middle, "other leaf").await];
    for id in [&top, &middle] {
        bob.delete(&format!("/v1/comments/{id}")).expect(204).await;
        assert_eq!(app.get(&format!("/v1/comments/{id}")).expect(200).await["deleted"], true);
    }
    ada.delete(&format!("/v1/comments/{}", leaves[0])).expect(204).await;
    assert_eq!(app.get(&format!("/v1/comments/{middle}")).expect(200).await["reply_count"], 1);
    ada.delete(&format!("/v1/comments/{}", leaves[1])).expect(204).await;
    for id in [&top, &middle, &leaves[0], &leaves[1]] {
        app.get(&format!("/v1/comments/{id}")).problem(404, "not_found").await;
    }
    let empty = app.get(&format!("/v1/posts/{post}/comments")).expect(200).await;
    assert_eq!((empty.items().len(), &empty["next_cursor"]), (0, &Value::Null));
    assert_eq!(app.database().count("comments").await, 0);
    app.database().assert_counters_exact().await;
}
