//! `POST /v1/users/me/erasure`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::app::{PASSWORD, TestApp, TestUser};
use testkit::{TestDatabase, on_both_databases};

use super::refresh::refresh;

on_both_databases![
    removes_everything_but_replied_comments,
    invalidates_every_token,
    reserves_the_name_for_30_days,
    a_wrong_password_erases_nothing,
    interrupted_removals_resume_at_the_next_start,
];

async fn removes_everything_but_replied_comments(app: TestApp) {
    let [ada, bob, cyd] = app.sign_up_all(["ada", "bob", "cyd"]).await;
    ada.follow(&bob).await;
    bob.follow(&ada).await;
    cyd.follow(&bob).await;
    let (hers, his) = (ada.publish("hers").await, bob.publish("his").await);
    let on_hers = bob.comment(&hers, "on hers").await;
    let replied = ada.comment(&his, "with a reply").await;
    let reply = bob.reply(&his, &replied, "the reply").await;
    let leaf = ada.reply(&his, &reply, "a leaf").await;
    let lonely = ada.comment(&his, "without a reply").await;
    for user in [&ada, &cyd] {
        user.like(&his).await;
        user.bookmark(&his).await;
        user.bookmark(&hers).await;
        user.like_comment(&reply).await;
        user.like_comment(&replied).await;
    }
    bob.like(&hers).await;

    ada.erase().await;

    app.database().assert_counters_exact().await;
    let gone = [
        format!("/v1/users/{}", ada.id),
        "/v1/users/@ada".to_owned(),
        format!("/v1/users/{}/posts", ada.id),
        format!("/v1/users/{}/followers", ada.id),
        format!("/v1/posts/{hers}"),
        format!("/v1/posts/{hers}/comments"),
        format!("/v1/posts/{hers}/likes"),
        format!("/v1/comments/{on_hers}"),
        format!("/v1/comments/{leaf}"),
        format!("/v1/comments/{lonely}"),
    ];
    for path in gone {
        app.get(&path).problem(404, "not_found").await;
    }
    let silent = app.get(&format!("/v1/comments/{replied}")).expect(200).await;
    assert_eq!((&silent["deleted"], &silent["content"], &silent["author"]), (&json!(true), &Value::Null, &Value::Null));
    assert_eq!((&silent["like_count"], &silent["reply_count"]), (&json!(0), &json!(1)));
    let his_post = app.get(&format!("/v1/posts/{his}")).expect(200).await;
    assert_eq!((&his_post["like_count"], &his_post["comment_count"]), (&json!(1), &json!(1)));
    assert_eq!(app.get(&format!("/v1/posts/{his}/likes")).expect(200).await.each("username"), ["cyd"]);
    let bob_now = app.get("/v1/users/@bob").expect(200).await;
    assert_eq!((&bob_now["follower_count"], &bob_now["following_count"]), (&json!(1), &json!(0)));
    assert_eq!(app.get("/v1/posts").expect(200).await.each("id"), [his.as_str()]);
    assert_eq!(app.get("/v1/users").expect(200).await.each("username"), ["cyd", "bob"]);
    assert_eq!(cyd.get("/v1/bookmarks").expect(200).await.each("post.id"), [his.as_str()]);
    assert_eq!(app.database().count("bookmarks").await, 1);
    for (table, column) in [("sessions", "user_id"), ("posts", "author_id"), ("comments", "author_id")] {
        let left = format!("SELECT count(*) FROM {table} WHERE {column} = '{}'", ada.id);
        assert_eq!(app.database().scalar_i64(&left).await, 0, "{table}");
    }
}

async fn invalidates_every_token(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = bob.publish("his").await;
    let comment = bob.comment(&post, "his, too").await;
    ada.erase().await;

    refresh(&app, &ada.refresh_token).await.problem(401, "invalid_refresh_token");
    let content = || json!({ "content": "from beyond" });
    let writes = [
        ada.get("/v1/users/me"),
        ada.patch("/v1/users/me").json(json!({ "bio": "x" })),
        ada.post("/v1/users/me/erasure").json(json!({ "password": testkit::app::PASSWORD })),
        ada.post("/v1/posts").json(content()),
        ada.post("/v1/posts").json(content()).key("key"),
        ada.post(&format!("/v1/posts/{post}/comments")).json(content()),
        ada.post(&format!("/v1/posts/{post}/comments")).json(content()).key("other"),
        ada.put(&format!("/v1/posts/{post}/like")),
        ada.put(&format!("/v1/posts/{post}/bookmark")),
        ada.put(&format!("/v1/comments/{comment}/like")),
        ada.put(&format!("/v1/users/{}/follow", bob.id)),
    ];
    for write in writes {
        write.problem(401, "invalid_token").await;
    }
    assert_eq!(app.database().count("posts").await, 1);
    assert_eq!(app.database().count("comments").await, 1);
    app.database().assert_counters_exact().await;
}

async fn reserves_the_name_for_30_days(app: TestApp) {
    let ada = app.sign_up("ada").await;
    ada.erase().await;
    let again = || app.post("/v1/users").json(json!({ "username": "Ada", "password": PASSWORD }));
    again().problem(409, "username_taken").await;
    // Only a hash of the name is kept.
    assert_eq!(app.database().count("kept_names").await, 1);
    app.get("/v1/users/@ada").problem(404, "not_found").await;
    // Thirty days later, simulated by an expiry in the past.
    app.database().execute("UPDATE kept_names SET kept_until = 0").await;
    let another = app.sign_up("ada").await;
    assert_ne!(another.id, ada.id);
}

/// As after the only instance was killed before it had removed all rows.
async fn interrupted_removals_resume_at_the_next_start(db: TestDatabase) {
    db.execute(
        "INSERT INTO users (id, username, display_name, bio, password_hash, created_at, removed, follower_count) VALUES
         ('goes00000000000000000000', '~goes', '', '', '', 1, TRUE, 1), ('stays0000000000000000000', 'stays', '', '', '', 1, FALSE, 0)",
    )
    .await;
    db.execute("UPDATE users SET following_count = 1 WHERE username = 'stays'").await;
    db.execute(
        "INSERT INTO follows (follower_id, followee_id, created_at)
         VALUES ('stays0000000000000000000', 'goes00000000000000000000', 1)",
    )
    .await;
    db.execute("INSERT INTO removals (id, kind) VALUES ('goes00000000000000000000', 'account')").await;
    let app = TestApp::from(db);
    let begun = Instant::now();
    while app.database().count("removals").await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the removal is not resumed");
        tokio::task::yield_now().await;
    }
    assert_eq!((app.database().count("users").await, app.database().count("follows").await), (1, 0));
    assert_eq!(app.get("/v1/users/@stays").expect(200).await["following_count"], 0);
    app.database().assert_counters_exact().await;
}

async fn a_wrong_password_erases_nothing(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let erase =
        |user: &TestUser, password: Value| user.post("/v1/users/me/erasure").json(json!({ "password": password }));
    for wrong in ["not her password", "short", ""] {
        erase(&ada, json!(wrong)).problem(403, "wrong_password").await;
    }
    erase(&ada, Value::Null).problem(422, "validation_failed").await;
    ada.post("/v1/users/me/erasure").json(json!({})).problem(422, "validation_failed").await;
    ada.me().await;
}
