//! `ETag`, `Cache-Control`, `Vary`.

use testkit::app::{TestApp, TestResponse};
use testkit::on_both_databases;

on_both_databases![
    single_resources_have_strong_tags_and_pages_weak_ones,
    an_unchanged_page_gets_304,
    only_anonymous_responses_are_public,
    secrets_and_errors_are_not_stored,
];

async fn single_resources_have_strong_tags_and_pages_weak_ones(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let comment = ada.comment(&post, "hello").await;
    let single = [
        format!("/v1/posts/{post}"),
        format!("/v1/comments/{comment}"),
        "/v1/users/@ada".to_owned(),
        "/v1/users/me".to_owned(),
    ];
    for path in single {
        let answer = ada.get(&path).expect(200).await;
        assert!(answer.header("etag").starts_with('"') && answer.header("etag").ends_with('"'), "{path}");
        ada.get(&path).header("if-none-match", answer.header("etag")).expect(304).await;
    }
    let pages = [
        "/v1/posts".to_owned(),
        "/v1/feed".to_owned(),
        "/v1/bookmarks".to_owned(),
        "/v1/users".to_owned(),
        format!("/v1/posts/{post}/comments"),
        format!("/v1/posts/{post}/likes"),
        format!("/v1/comments/{comment}/replies"),
        "/v1/users/@ada/followers".to_owned(),
        "/v1/users/@ada/following".to_owned(),
        "/v1/users/@ada/posts".to_owned(),
    ];
    for path in pages {
        let answer = ada.get(&path).expect(200).await;
        assert!(answer.header("etag").starts_with("W/\""), "{path}");
        ada.get(&path).header("if-none-match", answer.header("etag")).expect(304).await;
    }
}

async fn an_unchanged_page_gets_304(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for number in 0..3 {
        ada.publish(&format!("post {number}")).await;
    }
    let page = app.get("/v1/posts?limit=2").expect(200).await;
    let again = app.get("/v1/posts?limit=2").header("if-none-match", page.header("etag")).expect(304).await;
    assert_eq!(again.header("link"), page.header("link"));
    let mut liked = ada.publish("news").await;
    let changed = app.get("/v1/posts?limit=2").header("if-none-match", page.header("etag")).expect(200).await;
    assert_ne!(changed.header("etag"), page.header("etag"));
    ada.like(&liked).await;
    let counted = app.get("/v1/posts?limit=2").header("if-none-match", changed.header("etag")).expect(200).await;
    liked = counted.items()[0]["id"].as_str().unwrap().to_owned();
    ada.delete(&format!("/v1/posts/{liked}")).expect(204).await;
    app.get("/v1/posts?limit=2").header("if-none-match", counted.header("etag")).expect(200).await;
}

fn varies_by_authorization(answer: &TestResponse) -> bool {
    answer.joined_header("vary").to_lowercase().split(',').any(|name| name.trim() == "authorization")
}

async fn only_anonymous_responses_are_public(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    for path in ["/v1/posts".to_owned(), format!("/v1/posts/{post}"), "/v1/users/@ada".to_owned()] {
        let (anonymous, signed_in) = (app.get(&path).expect(200).await, ada.get(&path).expect(200).await);
        assert_eq!(anonymous.header("cache-control"), "public, no-cache");
        assert_eq!(signed_in.header("cache-control"), "private, no-cache");
        assert!(varies_by_authorization(&anonymous) && varies_by_authorization(&signed_in), "{path}");
        assert_ne!(anonymous.header("etag"), signed_in.header("etag"), "{path}");
    }
}

async fn secrets_and_errors_are_not_stored(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let refresh = serde_json::json!({ "refresh_token": ada.refresh_token });
    let answers = [
        app.post("/v1/sessions/refresh").json(refresh).expect(200).await,
        app.get("/v1/nothing").expect(404).await,
        app.get("/v1/feed").expect(401).await,
        ada.put("/v1/users/me/follow").expect(404).await,
        app.get("/health/ready").expect(200).await,
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.request);
    }
}
