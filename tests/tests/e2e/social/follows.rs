//! `/v1/users/{user}/follow`, `/followers` and `/following`.

use serde_json::json;
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![
    count_once_however_often_they_are_sent,
    are_listed_newest_first,
    users_cannot_follow_themselves,
    unknown_users_cannot_be_followed,
];

async fn count_once_however_often_they_are_sent(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    for path in ["/v1/users/@Bob/follow".to_owned(), format!("/v1/users/{}/follow", bob.id)] {
        ada.put(&path).expect(204).await;
        ada.put(&path).expect(204).await;
        assert_eq!(app.get("/v1/users/@bob").expect(200).await["follower_count"], 1);
        assert_eq!(app.get("/v1/users/@ada").expect(200).await["following_count"], 1);
        ada.delete(&path).expect(204).await;
        ada.delete(&path).expect(204).await;
        assert_eq!(app.get("/v1/users/@bob").expect(200).await["follower_count"], 0);
        assert_eq!(app.get("/v1/users/@ada").expect(200).await["following_count"], 0);
        app.put(&path).problem(401, "unauthenticated").await;
        app.delete(&path).problem(401, "unauthenticated").await;
    }
    app.database().assert_counters_exact().await;
}

async fn are_listed_newest_first(app: TestApp) {
    let [ada, bob, cyd, dan] = app.sign_up_all(["ada", "bob", "cyd", "dan"]).await;
    for (follower, followee) in [(&cyd, &ada), (&bob, &ada), (&dan, &ada), (&ada, &cyd), (&ada, &bob)] {
        follower.follow(followee).await;
    }
    let followers = ada.get("/v1/users/@ada/followers").expect(200).await;
    assert_eq!(followers.each("username"), ["dan", "bob", "cyd"]);
    assert_eq!(followers["items"][0]["viewer"], json!({ "following": false, "followed_by": true }));
    assert_eq!(followers["items"][1]["viewer"], json!({ "following": true, "followed_by": true }));
    let following = app.get("/v1/users/@ada/following").expect(200).await;
    assert_eq!(following.each("username"), ["bob", "cyd"]);
    assert!(following["items"][0].get("viewer").is_none());
    assert_eq!(app.get("/v1/users/@dan/followers").expect(200).await.items().len(), 0);
}

async fn users_cannot_follow_themselves(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for user in ["@ada", "@ADA", ada.id.as_str()] {
        let path = format!("/v1/users/{user}/follow");
        ada.put(&path).problem(422, "cannot_follow_self").await;
        ada.delete(&path).problem(422, "cannot_follow_self").await;
    }
    assert_eq!(app.database().count("follows").await, 0);
}

async fn unknown_users_cannot_be_followed(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for user in ["@nobody_here", "ada", "tz4a98xxat96iws9zmbrgj3a", "%00"] {
        ada.put(&format!("/v1/users/{user}/follow")).problem(404, "not_found").await;
        ada.delete(&format!("/v1/users/{user}/follow")).problem(404, "not_found").await;
    }
}
