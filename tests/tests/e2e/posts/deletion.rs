//! `DELETE /v1/posts/{id}`.

use serde_json::json;
use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![removes_everything_below_the_post, only_the_author_may_delete];

async fn removes_everything_below_the_post(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let (post, other) = (ada.publish("goes").await, ada.publish("stays").await);
    let comment = bob.comment(&post, "first").await;
    let reply = ada.reply(&post, &comment, "second").await;
    bob.like(&post).await;
    bob.like_comment(&reply).await;
    bob.bookmark(&post).await;
    let path = format!("/v1/posts/{post}");
    ada.delete(&path).expect(204).await;

    let content = || json!({ "content": "too late" });
    let requests = [
        ada.get(&path),
        app.get(&path),
        ada.patch(&path).json(content()),
        ada.delete(&path),
        ada.put(&format!("{path}/like")),
        ada.delete(&format!("{path}/like")),
        ada.put(&format!("{path}/bookmark")),
        ada.delete(&format!("{path}/bookmark")),
        app.get(&format!("{path}/likes")),
        app.get(&format!("{path}/comments")),
        bob.post(&format!("{path}/comments")).json(content()),
        bob.post(&format!("{path}/comments")).json(json!({ "content": "x", "parent_id": comment })),
        app.get(&format!("/v1/comments/{comment}")),
        app.get(&format!("/v1/comments/{comment}/replies")),
        bob.patch(&format!("/v1/comments/{comment}")).json(content()),
        bob.delete(&format!("/v1/comments/{comment}")),
        bob.put(&format!("/v1/comments/{reply}/like")),
        bob.delete(&format!("/v1/comments/{reply}/like")),
    ];
    for request in requests {
        request.problem(404, "not_found").await;
    }
    let lists = ["/v1/posts", "/v1/users/@ada/posts"];
    for list in lists {
        assert_eq!(app.get(list).expect(200).await.each("id"), [other.as_str()]);
    }
    assert_eq!(ada.get("/v1/feed").expect(200).await.each("id"), [other.as_str()]);
    assert_eq!(ada.me().await["post_count"], 1);
    for table in ["comments", "post_likes", "comment_likes", "bookmarks"] {
        assert_eq!(app.database().count(table).await, 0, "{table}");
    }
    app.database().assert_counters_exact().await;
}

async fn only_the_author_may_delete(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let path = format!("/v1/posts/{}", ada.publish("hers").await);
    bob.delete(&path).problem(403, "not_the_author").await;
    app.delete(&path).problem(401, "unauthenticated").await;
    app.get(&path).expect(200).await;
}
