//! `GET /v1/posts/{id}`.

use serde_json::Value;
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![shows_a_signed_in_reader_their_like, sends_304_if_the_tag_matches, unknown_ids_are_not_found];

async fn shows_a_signed_in_reader_their_like(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let path = format!("/v1/posts/{}", ada.publish("hello").await);
    bob.put(&format!("{path}/like")).expect(204).await;
    assert_eq!(bob.get(&path).expect(200).await["viewer"]["liked"], true);
    assert_eq!(ada.get(&path).expect(200).await["viewer"]["liked"], false);
    let anonymous = app.get(&path).expect(200).await;
    assert_eq!((&anonymous["viewer"], &anonymous["like_count"]), (&Value::Null, &Value::from(1)));
}

async fn sends_304_if_the_tag_matches(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let path = format!("/v1/posts/{}", ada.publish("hello").await);
    let seen = app.get(&path).expect(200).await;
    let tag = seen.header("etag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let answer = app.get(&path).header("if-none-match", &known).expect(304).await;
        assert_eq!(answer.header("etag"), tag, "{known}");
        assert_eq!(answer.header("cache-control"), seen.header("cache-control"));
        assert_eq!(answer.joined_header("vary"), seen.joined_header("vary"));
    }
    app.get(&path).header("if-none-match", "\"other\"").expect(200).await;
    app.head(&path).header("if-none-match", &tag).expect(304).await;

    // Every change of the body changes the tag.
    bob.put(&format!("{path}/like")).expect(204).await;
    let liked = app.get(&path).header("if-none-match", &tag).expect(200).await;
    assert_ne!(liked.header("etag"), tag);
    assert_ne!(bob.get(&path).expect(200).await.header("etag"), liked.header("etag"));
}

async fn unknown_ids_are_not_found(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let shouted = post.to_uppercase();
    let longer = format!("{post}0");
    for id in [ada.id.as_str(), &shouted, &longer, "1", "%00", "%F0%28", "..%2f", "%2e%2e", "'%20OR%201=1--"] {
        for (kind, rest) in [("posts", ""), ("posts", "/likes"), ("posts", "/comments"), ("comments", "/replies")] {
            app.get(&format!("/v1/{kind}/{id}{rest}")).problem(404, "not_found").await;
        }
        ada.put(&format!("/v1/posts/{id}/like")).problem(404, "not_found").await;
        ada.put(&format!("/v1/posts/{id}/bookmark")).problem(404, "not_found").await;
        ada.delete(&format!("/v1/posts/{id}")).problem(404, "not_found").await;
    }
}
