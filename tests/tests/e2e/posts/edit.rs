//! `PATCH /v1/posts/{id}`.

use serde_json::{Value, json};
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![
    changes_the_content_and_sets_edited_at,
    equal_content_changes_nothing,
    only_the_author_may_edit,
    a_stale_if_match_is_rejected,
    one_of_many_edits_of_a_revision_succeeds,
    rejects_invalid_fields,
];

async fn changes_the_content_and_sets_edited_at(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("frist").await;
    ada.like(&post).await;
    bob.comment(&post, "typo").await;
    let path = format!("/v1/posts/{post}");
    let edited = ada.patch(&path).json(json!({ "content": "first e\u{301}" })).expect(200).await;
    assert_eq!(edited["content"], "first \u{e9}");
    assert!(edited.str("edited_at") >= edited.str("created_at"));
    assert_eq!((&edited["like_count"], &edited["comment_count"]), (&json!(1), &json!(1)));
    assert_eq!(edited["viewer"]["liked"], true);
    let found = ada.get(&path).expect(200).await;
    assert_eq!((&found.json, found.header("etag")), (&edited.json, edited.header("etag")));
}

async fn equal_content_changes_nothing(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let path = format!("/v1/posts/{}", ada.publish("\u{e9}").await);
    let before = ada.get(&path).expect(200).await;
    let edit = |content: &str| ada.patch(&path).json(json!({ "content": content }));
    // They are equal after normalisation.
    for words in ["\u{e9}", "e\u{301}"] {
        let answer = edit(words).header("if-match", before.header("etag")).expect(200).await;
        assert_eq!((&answer.json, answer.header("etag")), (&before.json, before.header("etag")));
    }
    let edited = edit("new").expect(200).await;
    let again = edit("new").expect(200).await;
    assert_eq!((&again.json, again.header("etag")), (&edited.json, edited.header("etag")));
    // A stale tag gets 412, even if the content would not change.
    edit("new").header("if-match", before.header("etag")).problem(412, "precondition_failed").await;
    assert_eq!(ada.get(&path).expect(200).await.json, edited.json);
}

async fn only_the_author_may_edit(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let path = format!("/v1/posts/{}", ada.publish("hers").await);
    bob.patch(&path).json(json!({ "content": "his" })).problem(403, "not_the_author").await;
    app.patch(&path).json(json!({ "content": "anybody's" })).problem(401, "unauthenticated").await;
    let found = app.get(&path).expect(200).await;
    assert_eq!((&found["content"], &found["edited_at"]), (&json!("hers"), &Value::Null));
}

async fn a_stale_if_match_is_rejected(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let path = format!("/v1/posts/{}", ada.publish("zero").await);
    let seen = app.get(&path).expect(200).await;
    let edit = |content: &str| ada.patch(&path).json(json!({ "content": content }));

    // A like is no edit, and tags of all readers are valid.
    bob.put(&format!("{path}/like")).expect(204).await;
    let first = edit("one").header("if-match", seen.header("etag")).expect(200).await;
    let stale = [seen.header("etag"), "\"nonsense\"", "nonsense", "", "W/\"0-0000000000000000\""];
    for tag in stale {
        edit("two").header("if-match", tag).problem(412, "precondition_failed").await;
    }
    let weak = format!("W/{}", first.header("etag"));
    edit("two").header("if-match", weak).problem(412, "precondition_failed").await;
    assert_eq!(app.get(&path).expect(200).await["content"], "one");

    let several = format!("{}, {}", seen.header("etag"), first.header("etag"));
    edit("two").header("if-match", several).expect(200).await;
    edit("three").header("if-match", "*").expect(200).await;
    edit("four").expect(200).await;
}

async fn one_of_many_edits_of_a_revision_succeeds(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let path = format!("/v1/posts/{}", ada.publish("zero").await);
    let tag = app.get(&path).expect(200).await.header("etag").to_owned();
    let edits = (0..16).map(|number| {
        ada.patch(&path).json(json!({ "content": format!("edit {number}") })).header("if-match", &tag).send()
    });
    let answers = futures_util::future::join_all(edits).await;
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 15);
    assert_eq!(app.get(&path).expect(200).await["content"], winners[0]["content"]);
}

async fn rejects_invalid_fields(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let path = format!("/v1/posts/{}", ada.publish("hello").await);
    let cases = [
        (json!({}), "content: required"),
        (json!({ "content": "" }), "content: too_short"),
        (json!({ "content": "x", "like_count": 9 }), "like_count: unknown_field"),
    ];
    for (body, error) in cases {
        assert_eq!(ada.patch(&path).json(body).expect(422).await.field_errors(), [error]);
    }
}
