//! `POST /v1/posts`, and `GET /v1/users/{user}/posts`.

use serde_json::{Value, json};
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![
    returns_the_post,
    stores_text_as_nfc_and_otherwise_untouched,
    rejects_invalid_fields,
    shows_up_among_the_posts_of_its_author,
];

async fn returns_the_post(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.post("/v1/posts").json(json!({ "content": "Hello, world." })).expect(201).await;
    assert_eq!(post.header("location"), format!("/v1/posts/{}", post.id()));
    assert!(post.header("etag").starts_with('"'), "a strong tag");
    assert_eq!(post.header("idempotency-replayed"), "");

    let found = ada.get(post.header("location")).expect(200).await;
    assert_eq!((&found.json, found.header("etag")), (&post.json, post.header("etag")));
    let mut rest = post.json.clone();
    for changing in ["id", "created_at"] {
        assert!(rest.as_object_mut().unwrap().remove(changing).is_some());
    }
    let expected = json!({
        "content": "Hello, world.",
        "author": { "id": ada.id, "username": "ada", "display_name": "ada" },
        "edited_at": null,
        "like_count": 0,
        "comment_count": 0,
        "viewer": { "liked": false, "bookmarked": false },
    });
    assert_eq!(rest, expected);
    assert_eq!(ada.me().await["post_count"], 1);
}

async fn stores_text_as_nfc_and_otherwise_untouched(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let texts = [
        ("e\u{301}".repeat(500), "é".repeat(500)),
        ("🦀".repeat(500), "🦀".repeat(500)),
        (" one\n\ttwo ".to_owned(), " one\n\ttwo ".to_owned()),
        ("<b>'\"; DROP TABLE posts; --\\u0000".to_owned(), "<b>'\"; DROP TABLE posts; --\\u0000".to_owned()),
        ("\u{feff}\u{202e}\u{fffd}\u{202c}".to_owned(), "\u{feff}\u{202e}\u{fffd}\u{202c}".to_owned()),
    ];
    for (sent, stored) in texts {
        let post = ada.post("/v1/posts").json(json!({ "content": sent })).expect(201).await;
        assert_eq!(post["content"], stored);
        assert_eq!(app.get(post.header("location")).expect(200).await["content"], stored);
    }
}

async fn rejects_invalid_fields(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let cases = [
        (json!({}), "content: required"),
        (json!({ "content": null }), "content: invalid_type"),
        (json!({ "content": 5 }), "content: invalid_type"),
        (json!({ "content": ["x"] }), "content: invalid_type"),
        (json!({ "content": "" }), "content: too_short"),
        (json!({ "content": "\n \u{3000}" }), "content: blank"),
        (json!({ "content": "x".repeat(501) }), "content: too_long"),
        (json!({ "content": "é".repeat(501) }), "content: too_long"),
        (json!({ "content": "a\u{0}b" }), "content: control_character"),
        (json!({ "content": "a\rb" }), "content: control_character"),
        (json!({ "content": "x", "author": "bob" }), "author: unknown_field"),
    ];
    for (body, error) in cases {
        let answer = ada.post("/v1/posts").json(body).expect(422).await;
        assert_eq!(answer.field_errors(), [error]);
    }
    assert_eq!(app.database().count("posts").await, 0);
}

async fn shows_up_among_the_posts_of_its_author(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    ada.publish("first").await;
    bob.publish("his").await;
    let second = ada.publish("second").await;
    bob.like(&second).await;
    for path in [format!("/v1/users/{}/posts", ada.id), "/v1/users/@Ada/posts".to_owned()] {
        let posts = app.get(&path).expect(200).await;
        assert_eq!(posts.each("content"), ["second", "first"]);
        assert_eq!(posts["items"][0]["viewer"], Value::Null);
        let seen = bob.get(&path).expect(200).await;
        let liked: Vec<&Value> = seen.items().iter().map(|post| &post["viewer"]["liked"]).collect();
        assert_eq!(liked, [true, false]);
    }
    let nothing = app.sign_up("cyd").await;
    let none = app.get(&format!("/v1/users/{}/posts", nothing.id)).expect(200).await;
    assert_eq!(none.json, json!({ "items": [], "next_cursor": null }));
}
