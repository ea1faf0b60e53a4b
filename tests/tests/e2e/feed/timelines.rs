//! `GET /v1/posts`, the public feed, and `GET /v1/feed`, the home timeline.

use serde_json::json;
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![
    the_public_feed_has_all_posts_newest_first,
    home_has_own_posts_and_those_of_followed_users,
    home_requires_a_token,
];

async fn the_public_feed_has_all_posts_newest_first(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    assert_eq!(app.get("/v1/posts").expect(200).await.json, json!({ "items": [], "next_cursor": null }));
    ada.publish("one").await;
    let two = bob.publish("two").await;
    ada.publish("three").await;
    ada.like(&two).await;
    let feed = app.get("/v1/posts").expect(200).await;
    assert_eq!(feed.each("content"), ["three", "two", "one"]);
    assert!(feed.items().iter().all(|post| post.get("viewer").is_none()));
    let seen = ada.get("/v1/posts").expect(200).await;
    let liked: Vec<_> = seen.items().iter().map(|post| post["viewer"]["liked"].as_bool().unwrap()).collect();
    assert_eq!(liked, [false, true, false]);
}

async fn home_has_own_posts_and_those_of_followed_users(app: TestApp) {
    let [ada, bob, cyd] = app.sign_up_all(["ada", "bob", "cyd"]).await;
    bob.publish("before he was followed").await;
    ada.follow(&bob).await;
    ada.publish("her own").await;
    cyd.publish("a stranger's").await;
    let liked = bob.publish("after he was followed").await;
    bob.follow(&cyd).await;
    ada.like(&liked).await;
    let home = ada.get("/v1/feed").expect(200).await;
    assert_eq!(home.each("content"), ["after he was followed", "her own", "before he was followed"]);
    assert_eq!(home["items"][0]["viewer"]["liked"], true);

    ada.delete("/v1/users/@bob/follow").expect(204).await;
    assert_eq!(ada.get("/v1/feed").expect(200).await.each("content"), ["her own"]);
    assert_eq!(cyd.get("/v1/feed").expect(200).await.each("content"), ["a stranger's"]);

    // Its pages are consistent across authors.
    ada.follow(&bob).await;
    ada.follow(&cyd).await;
    let (mut seen, mut path) = (Vec::new(), "/v1/feed?limit=1".to_owned());
    loop {
        let page = ada.get(&path).expect(200).await;
        seen.extend(page.each("content").iter().map(|content| (*content).to_owned()));
        match page.next_cursor() {
            Some(cursor) => path = format!("/v1/feed?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["after he was followed", "a stranger's", "her own", "before he was followed"]);
}

async fn home_requires_a_token(app: TestApp) {
    app.get("/v1/feed").problem(401, "unauthenticated").await;
}
