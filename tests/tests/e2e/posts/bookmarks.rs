//! `/v1/posts/{id}/bookmark` and `/v1/bookmarks`.

use serde_json::{Value, json};
use testkit::app::{TestApp, TestUser};
use testkit::on_both_databases;

on_both_databases![
    can_be_repeated,
    are_listed_newest_first_in_pages,
    show_up_wherever_their_owner_sees_the_post,
    are_private,
    change_the_tags_of_their_owner,
    of_missing_posts_are_not_found,
    disappear_with_the_post,
    disappear_with_the_author,
    are_removed_with_their_owner,
    are_seen_at_once_on_another_instance,
];

async fn listed(user: &TestUser) -> Vec<String> {
    let page = user.get("/v1/bookmarks").expect(200).await;
    page.each("post.id").into_iter().map(str::to_owned).collect()
}

async fn can_be_repeated(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = bob.publish("hello").await;
    let path = format!("/v1/posts/{post}/bookmark");
    ada.put(&path).expect(204).await;
    let first = ada.get("/v1/bookmarks").expect(200).await;
    ada.put(&path).expect(204).await;
    assert_eq!(ada.get("/v1/bookmarks").expect(200).await.json, first.json, "the time of the first stays");
    for _ in 0..2 {
        ada.delete(&path).expect(204).await;
        assert!(listed(&ada).await.is_empty());
    }
    for request in [app.put(&path), app.delete(&path), app.get("/v1/bookmarks")] {
        request.problem(401, "unauthenticated").await;
    }
}

async fn are_listed_newest_first_in_pages(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let empty = ada.get("/v1/bookmarks").expect(200).await;
    assert_eq!(empty.json, json!({ "items": [], "next_cursor": null }));
    let (one, two, three) = (bob.publish("one").await, ada.publish("two").await, bob.publish("three").await);
    for post in [&two, &three, &one] {
        ada.bookmark(post).await;
    }
    let first = ada.get("/v1/bookmarks?limit=2").expect(200).await;
    assert_eq!(first.each("post.id"), [one.as_str(), three.as_str()]);
    let next = format!("/v1/bookmarks?limit=2&cursor={}", first.next_cursor().unwrap());
    let second = ada.get(&next).expect(200).await;
    assert_eq!((second.each("post.id"), second.next_cursor()), (vec![two.as_str()], None));
    // A bookmark that is removed and added again counts as new.
    ada.delete(&format!("/v1/posts/{two}/bookmark")).expect(204).await;
    ada.bookmark(&two).await;
    assert_eq!(listed(&ada).await, [two, one, three]);
}

async fn show_up_wherever_their_owner_sees_the_post(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let (kept, other) = (ada.publish("kept").await, ada.publish("other").await);
    ada.bookmark(&kept).await;
    ada.like(&other).await;
    let flags = |liked: bool, bookmarked: bool| json!({ "liked": liked, "bookmarked": bookmarked });
    let (of_kept, of_other) = (flags(false, true), flags(true, false));

    // From the database and from cache entries.
    for _ in 0..2 {
        for (post, expected) in [(&kept, &of_kept), (&other, &of_other)] {
            assert_eq!(ada.get(&format!("/v1/posts/{post}")).expect(200).await["viewer"], *expected);
        }
        for list in ["/v1/posts", "/v1/users/@ada/posts", "/v1/feed"] {
            let seen = ada.get(list).expect(200).await;
            let viewers: Vec<&Value> = seen.items().iter().map(|post| &post["viewer"]).collect();
            assert_eq!(viewers, [&of_other, &of_kept], "{list}");
        }
        let seen = bob.get("/v1/posts").expect(200).await;
        assert!(seen.items().iter().all(|post| post["viewer"] == flags(false, false)), "{}", seen.text());
    }
    let list = ada.get("/v1/bookmarks").expect(200).await;
    assert_eq!(list["items"][0]["post"], ada.get(&format!("/v1/posts/{kept}")).expect(200).await.json);
    let edit = ada.patch(&format!("/v1/posts/{kept}")).json(json!({ "content": "kept longer" }));
    assert_eq!(edit.expect(200).await["viewer"], of_kept);
    ada.delete(&format!("/v1/posts/{kept}/bookmark")).expect(204).await;
    assert_eq!(ada.get(&format!("/v1/posts/{kept}")).expect(200).await["viewer"], flags(false, false));
}

/// What others see of a post and of the user does not change with a bookmark, its entity tag included.
async fn are_private(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = bob.publish("hello").await;
    let paths = [format!("/v1/posts/{post}"), "/v1/posts".to_owned(), "/v1/users/@ada".to_owned()];
    let seen = async || {
        let mut seen = Vec::new();
        for path in &paths {
            for request in [app.get(path), bob.get(path)] {
                let response = request.expect(200).await;
                seen.push((response.header("etag").to_owned(), response.json));
            }
        }
        seen
    };
    let before = seen().await;
    ada.bookmark(&post).await;
    assert_eq!(seen().await, before);
    assert!(listed(&bob).await.is_empty());
    let list = ada.get("/v1/bookmarks").expect(200).await;
    assert_eq!(list.header("cache-control"), "private, no-cache");
}

/// The owner's tags change with a bookmark. A tag of before still allows an edit, as the post itself did not change.
async fn change_the_tags_of_their_owner(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let path = format!("/v1/posts/{post}");
    let of_post = ada.get(&path).expect(200).await;
    let of_list = ada.get("/v1/posts").expect(200).await;
    ada.bookmark(&post).await;
    let changed = ada.get(&path).header("if-none-match", of_post.header("etag")).expect(200).await;
    assert_eq!(changed["viewer"]["bookmarked"], true);
    let changed = ada.get("/v1/posts").header("if-none-match", of_list.header("etag")).expect(200).await;
    assert_eq!(changed.items()[0]["viewer"]["bookmarked"], true);
    ada.get("/v1/posts").header("if-none-match", changed.header("etag")).expect(304).await;
    ada.patch(&path).json(json!({ "content": "bye" })).header("if-match", of_post.header("etag")).expect(200).await;
}

async fn of_missing_posts_are_not_found(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for id in ["tz4a98xxat96iws9zmbrgj3a", &ada.id, "1", "%00"] {
        let path = format!("/v1/posts/{id}/bookmark");
        ada.put(&path).problem(404, "not_found").await;
        ada.delete(&path).problem(404, "not_found").await;
    }
    assert_eq!(app.database().count("bookmarks").await, 0);
}

async fn disappear_with_the_post(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let (post, other) = (bob.publish("goes").await, bob.publish("stays").await);
    for post in [&post, &other] {
        ada.bookmark(post).await;
    }
    bob.delete(&format!("/v1/posts/{post}")).expect(204).await;
    assert_eq!(listed(&ada).await, [other]);
    let path = format!("/v1/posts/{post}/bookmark");
    ada.put(&path).problem(404, "not_found").await;
    ada.delete(&path).problem(404, "not_found").await;
    assert_eq!(app.database().count("bookmarks").await, 1);
}

async fn disappear_with_the_author(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let (his, hers) = (bob.publish("his").await, ada.publish("hers").await);
    for post in [&his, &hers] {
        ada.bookmark(post).await;
    }
    bob.erase().await;
    assert_eq!(listed(&ada).await, [hers]);
    ada.put(&format!("/v1/posts/{his}/bookmark")).problem(404, "not_found").await;
    assert_eq!(app.database().count("bookmarks").await, 1);
}

async fn are_removed_with_their_owner(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = bob.publish("hello").await;
    for user in [&ada, &bob] {
        user.bookmark(&post).await;
    }
    ada.erase().await;
    ada.put(&format!("/v1/posts/{post}/bookmark")).problem(401, "invalid_token").await;
    ada.get("/v1/bookmarks").problem(401, "invalid_token").await;
    assert_eq!((listed(&bob).await, app.database().count("bookmarks").await), (vec![post], 1));
}

async fn are_seen_at_once_on_another_instance(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let other = app.another();
    let there = ada.at(&other);
    let post = ada.publish("hello").await;
    let path = format!("/v1/posts/{post}");
    for bookmarked in [true, false] {
        // It is in the cache of the other instance.
        there.get(&path).expect(200).await;
        let bookmark = format!("{path}/bookmark");
        let request = if bookmarked { ada.put(&bookmark) } else { ada.delete(&bookmark) };
        request.expect(204).await;
        assert_eq!(there.get(&path).expect(200).await["viewer"]["bookmarked"], bookmarked);
        assert_eq!(listed(&there).await.len(), usize::from(bookmarked));
    }
}
