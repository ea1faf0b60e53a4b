//! `ETag`, `Cache-Control`, `Vary`.

use testkit::app::{TestApp, TestResponse};
use testkit::on_both_databases;
use testkit::operations::Operation;

use crate::fixtures::{Scene, calls, read};

on_both_databases![
    single_resources_have_strong_tags_and_pages_weak_ones,
    an_unchanged_page_gets_304,
    only_anonymous_responses_are_public,
    secrets_and_errors_are_not_stored,
];

async fn single_resources_have_strong_tags_and_pages_weak_ones(app: TestApp) {
    let scene = Scene::new(&app).await;
    for operation in calls(Operation::is_read) {
        let path = scene.path(&operation);
        assert!(operation.is_tagged(), "{operation} has no entity tag in the document");
        for reader in scene.readers(&operation) {
            let answer = read(&app, &path, reader).expect(200).await;
            let tag = answer.header("etag");
            let prefix = if operation.is_page() { "W/\"" } else { "\"" };
            assert!(tag.starts_with(prefix) && tag.ends_with('"'), "{operation} {tag}");
            read(&app, &path, reader).header("if-none-match", tag).expect(304).await;
        }
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
    let scene = Scene::new(&app).await;
    scene.fill_lists().await;
    for operation in calls(Operation::is_read) {
        let path = scene.path(&operation);
        let mut tags = Vec::new();
        for reader in scene.readers(&operation) {
            let answer = read(&app, &path, reader).expect(200).await;
            let expected = if reader.is_some() { "private, no-cache" } else { "public, no-cache" };
            assert_eq!(answer.header("cache-control"), expected, "{operation}");
            assert!(varies_by_authorization(&answer), "{operation}");
            let tag = answer.header("etag").to_owned();
            assert!(!tags.contains(&tag), "{operation}: {tag} for both readers");
            tags.push(tag);
        }
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
