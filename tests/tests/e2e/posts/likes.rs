//! `/v1/posts/{id}/like`, `/likes` and `/v1/comments/{id}/like`.

use testkit::app::TestApp;
use testkit::on_both_databases;

on_both_databases![count_once_however_often_they_are_sent, are_listed_newest_first];

async fn count_once_however_often_they_are_sent(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("hello").await;
    let comment = ada.comment(&post, "well").await;
    for path in [format!("/v1/posts/{post}"), format!("/v1/comments/{comment}")] {
        let like = format!("{path}/like");
        let count = async || app.get(&path).expect(200).await["like_count"].clone();
        for user in [&ada, &ada, &bob] {
            user.put(&like).expect(204).await;
        }
        assert_eq!(count().await, 2);
        for user in [&bob, &bob] {
            user.delete(&like).expect(204).await;
        }
        assert_eq!(count().await, 1);
        assert_eq!(ada.get(&path).expect(200).await["viewer"]["liked"], true);
        assert_eq!(bob.get(&path).expect(200).await["viewer"]["liked"], false);
        app.put(&like).problem(401, "unauthenticated").await;
        app.delete(&like).problem(401, "unauthenticated").await;
    }
    app.database().assert_counters_exact().await;
}

async fn are_listed_newest_first(app: TestApp) {
    let [ada, bob, cyd] = app.sign_up_all(["ada", "bob", "cyd"]).await;
    let post = ada.publish("hello").await;
    let path = format!("/v1/posts/{post}/likes");
    assert_eq!(app.get(&path).expect(200).await.items().len(), 0);
    for user in [&bob, &ada, &cyd] {
        user.like(&post).await;
    }
    ada.follow(&cyd).await;
    assert_eq!(app.get(&path).expect(200).await.each("username"), ["cyd", "ada", "bob"]);
    let seen = ada.get(&path).expect(200).await;
    assert_eq!(seen["items"][0]["viewer"]["following"], true);
    // A like that is removed and given again counts as new.
    bob.delete(&format!("/v1/posts/{post}/like")).expect(204).await;
    bob.like(&post).await;
    assert_eq!(app.get(&path).expect(200).await.each("username"), ["bob", "cyd", "ada"]);
}
