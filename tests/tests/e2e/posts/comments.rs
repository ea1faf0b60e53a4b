//! `/v1/posts/{id}/comments` and `/v1/comments/{id}`.

use serde_json::{Value, json};
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![
    are_written_and_shown,
    top_level_ones_are_listed_oldest_first,
    are_edited_by_their_author_only,
    equal_content_changes_nothing,
    a_stale_if_match_is_rejected,
    are_deleted_by_their_author_or_the_posts_author,
    reject_invalid_fields,
];

async fn are_written_and_shown(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("hello").await;
    let path = format!("/v1/posts/{post}/comments");
    let comment = bob.post(&path).json(json!({ "content": "Well said. e\u{301}" })).expect(201).await;
    assert_eq!(comment.header("location"), format!("/v1/comments/{}", comment.id()));
    let found = bob.get(comment.header("location")).expect(200).await;
    assert_eq!((&found.json, found.header("etag")), (&comment.json, comment.header("etag")));
    app.get(comment.header("location")).header("if-none-match", "*").expect(304).await;

    let mut rest = comment.json.clone();
    for changing in ["id", "created_at"] {
        assert!(rest.as_object_mut().unwrap().remove(changing).is_some());
    }
    let expected = json!({
        "post_id": post,
        "parent_id": null,
        "content": "Well said. \u{e9}",
        "author": { "id": bob.id, "username": "bob", "display_name": "bob" },
        "edited_at": null,
        "like_count": 0,
        "reply_count": 0,
        "deleted": false,
        "viewer": { "liked": false },
    });
    assert_eq!(rest, expected);
    let anonymous = app.get(comment.header("location")).expect(200).await;
    assert!(anonymous.json.get("viewer").is_none());
}

async fn equal_content_changes_nothing(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let path = format!("/v1/comments/{}", ada.comment(&post, "\u{e9}").await);
    let before = ada.get(&path).expect(200).await;
    let edit = |content: &str| ada.patch(&path).json(json!({ "content": content }));
    let same = edit("e\u{301}").header("if-match", before.header("etag")).expect(200).await;
    assert_eq!((&same.json, same.header("etag")), (&before.json, before.header("etag")));
    let edited = edit("new").expect(200).await;
    assert_eq!(edit("new").expect(200).await.json, edited.json);
    edit("new").header("if-match", before.header("etag")).problem(412, "precondition_failed").await;
}

async fn top_level_ones_are_listed_oldest_first(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let (post, other) = (ada.publish("hello").await, ada.publish("other").await);
    let first = bob.comment(&post, "first").await;
    bob.comment(&other, "elsewhere").await;
    ada.comment(&post, "second").await;
    bob.reply(&post, &first, "not at the top").await;
    ada.like_comment(&first).await;
    let path = format!("/v1/posts/{post}/comments");
    let list = ada.get(&path).expect(200).await;
    assert_eq!(list.each("content"), ["first", "second"]);
    assert_eq!(list["items"][0]["viewer"]["liked"], true);
    assert_eq!(list["items"][0]["reply_count"], 1);
    assert_eq!(list["next_cursor"], Value::Null);
    assert_eq!(app.get(&format!("/v1/posts/{post}")).expect(200).await["comment_count"], 3);
}

async fn are_edited_by_their_author_only(app: TestApp) {
    let [ada, bob, cyd] = app.sign_up_all(["ada", "bob", "cyd"]).await;
    let post = ada.publish("hello").await;
    let path = format!("/v1/comments/{}", bob.comment(&post, "frist").await);
    for other in [&ada, &cyd] {
        other.patch(&path).json(json!({ "content": "mine" })).problem(403, "not_the_author").await;
    }
    app.patch(&path).json(json!({ "content": "mine" })).problem(401, "unauthenticated").await;
    let edited = bob.patch(&path).json(json!({ "content": "first" })).expect(200).await;
    assert_eq!(edited["content"], "first");
    assert!(edited["edited_at"].is_string());
    assert_eq!(bob.get(&path).expect(200).await.json, edited.json);
}

async fn a_stale_if_match_is_rejected(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let path = format!("/v1/comments/{}", ada.comment(&post, "zero").await);
    let seen = ada.get(&path).expect(200).await;
    // A reply changes the tag but not the revision.
    ada.reply(&post, &seen.id(), "a reply").await;
    let edit = |content: &str| ada.patch(&path).json(json!({ "content": content }));
    edit("one").header("if-match", seen.header("etag")).expect(200).await;
    edit("two").header("if-match", seen.header("etag")).problem(412, "precondition_failed").await;
    edit("three").header("if-match", "*").expect(200).await;
}

async fn are_deleted_by_their_author_or_the_posts_author(app: TestApp) {
    let [ada, bob, cyd] = app.sign_up_all(["ada", "bob", "cyd"]).await;
    let post = ada.publish("hello").await;
    for owner in [&bob, &ada] {
        let comment = bob.comment(&post, "his").await;
        let reply = bob.reply(&post, &comment, "his as well").await;
        for id in [reply, comment] {
            let path = format!("/v1/comments/{id}");
            cyd.delete(&path).problem(403, "not_the_author").await;
            app.delete(&path).problem(401, "unauthenticated").await;
            owner.delete(&path).expect(204).await;
            owner.delete(&path).problem(404, "not_found").await;
            app.get(&path).problem(404, "not_found").await;
        }
    }
    // The author of another post has no rights here.
    let own = cyd.publish("own").await;
    let comment = bob.comment(&post, "his").await;
    cyd.comment(&own, "own").await;
    cyd.delete(&format!("/v1/comments/{comment}")).problem(403, "not_the_author").await;
    app.database().assert_counters_exact().await;
}

async fn reject_invalid_fields(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let path = format!("/v1/posts/{post}/comments");
    let cases: [(Value, &[&str]); 7] = [
        (json!({}), &["content: required"]),
        (json!({ "content": " " }), &["content: blank"]),
        (json!({ "content": "x".repeat(501) }), &["content: too_long"]),
        (json!({ "content": "x", "parent_id": null }), &["parent_id: invalid_type"]),
        (json!({ "content": "x", "parent_id": "no id" }), &["parent_id: invalid_id"]),
        (json!({ "content": "", "parent_id": "no id" }), &["content: too_short", "parent_id: invalid_id"]),
        (json!({ "content": "x", "post_id": post }), &["post_id: unknown_field"]),
    ];
    for (body, errors) in cases {
        assert_eq!(ada.post(&path).json(body).expect(422).await.field_errors(), errors);
    }
    let comment = ada.comment(&post, "hello").await;
    let edit = json!({ "content": "x", "parent_id": comment });
    let answer = ada.patch(&format!("/v1/comments/{comment}")).json(edit).problem(422, "unknown_field").await;
    assert_eq!(answer.field_errors(), ["parent_id: unknown_field"]);
}
