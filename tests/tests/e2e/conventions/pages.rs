//! Pagination of lists.

use serde_json::Value;
use testkit::app::{PASSWORD, TestApp, TestResponse, TestUser};
use testkit::on_both_databases;
use testkit::operations::{Operation, entries};

use crate::fixtures::{Resources, calls, read};

on_both_databases![
    have_20_items_by_default,
    every_list_can_be_walked_at_any_size,
    the_link_leads_on_and_keeps_the_limit,
    a_foreign_or_tampered_cursor_is_refused,
    a_limit_out_of_bounds_is_refused,
    of_unknown_resources_are_not_found,
];

/// At least three items in every list, around ada and her newest post.
struct Scene {
    ada: TestUser,
    /// Path of the list, the field that identifies its items, and the items in order.
    lists: Vec<(String, &'static str, Vec<String>)>,
}

async fn fill(app: &TestApp) -> Scene {
    let users = app.sign_up_all(["ada", "bob", "cyd", "dan"]).await;
    let [ada, others @ ..] = &users;
    let (mut posts, mut comments, mut replies, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..3 {
        posts.insert(0, ada.publish(&format!("post {number}")).await);
    }
    for other in others {
        comments.push(other.comment(&posts[0], &other.username).await);
        replies.push(other.reply(&posts[0], &comments[0], &other.username).await);
        other.like(&posts[0]).await;
        other.follow(ada).await;
        ada.follow(other).await;
        names.insert(0, other.username.clone());
    }
    let mut everybody = names.clone();
    everybody.push("ada".to_owned());
    for _ in 0..2 {
        TestUser::log_in(app, "ada", PASSWORD).await;
    }
    let sessions = format!("SELECT id FROM sessions WHERE user_id = '{}' ORDER BY created_at DESC, id DESC", ada.id);
    let sessions = app.database().texts(&sessions).await;
    let resources = Resources {
        user: "@ada".to_owned(),
        post: posts[0].clone(),
        comment: comments[0].clone(),
        session: sessions[0].clone(),
    };
    for post in posts.iter().rev() {
        ada.bookmark(post).await;
    }
    let items = [
        ("publicFeed", ("id", posts.clone())),
        ("homeTimeline", ("id", posts.clone())),
        ("listBookmarks", ("post.id", posts.clone())),
        ("listUserPosts", ("id", posts)),
        ("listUsers", ("username", everybody)),
        ("listPostLikes", ("username", names.clone())),
        ("listComments", ("id", comments)),
        ("listReplies", ("id", replies)),
        ("listFollowers", ("username", names.clone())),
        ("listFollowing", ("username", names)),
        ("listSessions", ("id", sessions)),
    ];
    let lists =
        entries(calls(Operation::is_page), items, "the field of its items, and at least three of them in order");
    let lists = lists.into_iter().map(|(operation, (field, items))| (resources.path(&operation), field, items));
    Scene { ada: ada.clone(), lists: lists.collect() }
}

async fn have_20_items_by_default(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for number in 0..21 {
        ada.publish(&format!("post {number}")).await;
    }
    let count = async |path: &str| app.get(path).expect(200).await.items().len();
    assert_eq!(count("/v1/posts").await, 20);
    assert_eq!(count("/v1/posts?limit=1").await, 1);
    assert_eq!(count("/v1/posts?limit=100").await, 21);
    let exactly = app.get("/v1/posts?limit=21").expect(200).await;
    assert_eq!(exactly["next_cursor"], Value::Null, "nothing follows");
    assert_eq!(exactly.header("link"), "");
}

async fn every_list_can_be_walked_at_any_size(app: TestApp) {
    let scene = fill(&app).await;
    for (path, field, expected) in &scene.lists {
        for limit in 1..=expected.len() + 1 {
            let mut seen: Vec<String> = Vec::new();
            let mut next = format!("{path}?limit={limit}");
            loop {
                let page = scene.ada.get(&next).expect(200).await;
                seen.extend(page.each(field).iter().map(|item| (*item).to_owned()));
                assert_eq!(page.items().len(), limit.min(expected.len() - (seen.len() - page.items().len())), "{path}");
                // Null if and only if no items follow: a full last page has no successor.
                assert_eq!(page.next_cursor().is_none(), seen.len() == expected.len(), "{next}");
                match follow(&page) {
                    Some(link) => next = link,
                    None => break,
                }
            }
            assert_eq!(&seen, expected, "{path}?limit={limit}");
        }
    }
}

/// The next page according to both `next_cursor` and `Link`, which must agree.
fn follow(page: &TestResponse) -> Option<String> {
    let link = page.header("link");
    let Some(cursor) = page.next_cursor() else {
        assert_eq!(link, "");
        return None;
    };
    assert!(cursor.len() <= 200, "{cursor}");
    let target = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap();
    assert!(target.contains(&format!("cursor={cursor}")), "{target} {cursor}");
    Some(target.to_owned())
}

async fn the_link_leads_on_and_keeps_the_limit(app: TestApp) {
    let scene = fill(&app).await;
    for (path, ..) in &scene.lists {
        let first = scene.ada.get(&format!("{path}?limit=1")).expect(200).await;
        let second = scene.ada.get(&follow(&first).unwrap()).expect(200).await;
        for target in [follow(&first).unwrap(), follow(&second).unwrap()] {
            assert!(target.starts_with(&format!("{path}?limit=1&cursor=")), "{target}");
            assert_eq!(target.matches("cursor=").count(), 1, "{target}");
        }
    }
}

async fn a_foreign_or_tampered_cursor_is_refused(app: TestApp) {
    let scene = fill(&app).await;
    let mut cursors = Vec::new();
    for (path, ..) in &scene.lists {
        let page = scene.ada.get(&format!("{path}?limit=1")).expect(200).await;
        cursors.push((path, page.next_cursor().unwrap().to_owned()));
    }
    for (path, ..) in &scene.lists {
        for (origin, cursor) in &cursors {
            let answer = scene.ada.get(&format!("{path}?cursor={cursor}")).send().await;
            if origin == &path {
                answer.expect(200);
            } else {
                answer.problem(400, "invalid_cursor");
            }
        }
        let (_, own) = cursors.iter().find(|(origin, _)| origin == &path).unwrap();
        let half = &own[..own.len() / 2];
        let flipped = format!("{}{}", if own.starts_with('A') { "B" } else { "A" }, &own[1..]);
        let longer = format!("{own}A");
        let padded = format!("{own}%3D%3D");
        let huge = "A".repeat(1500);
        for tampered in ["", "null", "1", "%00", "%FF", half, &flipped, &longer, &padded, &huge] {
            scene.ada.get(&format!("{path}?cursor={tampered}")).problem(400, "invalid_cursor").await;
        }
        let twice = format!("{path}?cursor={own}&cursor={own}");
        scene.ada.get(&twice).problem(422, "validation_failed").await;
    }
    // A cursor is valid on every instance, and after its item was deleted.
    let other = app.another();
    let (path, cursor) = cursors.iter().find(|(path, _)| *path == "/v1/posts").unwrap();
    let (.., posts) = scene.lists.iter().find(|(list, ..)| list == *path).unwrap();
    scene.ada.delete(&format!("/v1/posts/{}", posts[0])).expect(204).await;
    let page = scene.ada.at(&other).get(&format!("{path}?cursor={cursor}")).expect(200).await;
    assert_eq!(page.each("id"), posts[1..]);
}

async fn a_limit_out_of_bounds_is_refused(app: TestApp) {
    let scene = fill(&app).await;
    let wrong = ["0", "101", "-1", "", "+5", "1.5", "1e1", "ten", "%201", "99999999999999999999999", "0x10", "%00"];
    for (path, ..) in &scene.lists {
        for limit in wrong {
            let answer = scene.ada.get(&format!("{path}?limit={limit}")).problem(422, "validation_failed").await;
            assert_eq!(answer.field_errors(), ["limit: out_of_range"], "{limit}");
        }
        scene.ada.get(&format!("{path}?limit=5&limit=5")).problem(422, "validation_failed").await;
        for limit in ["1", "100"] {
            scene.ada.get(&format!("{path}?limit={limit}")).expect(200).await;
        }
    }
}

async fn of_unknown_resources_are_not_found(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for operation in calls(|operation| operation.is_page() && operation.has_resource()) {
        let path = Resources::unknown().path(&operation);
        read(&app, &path, Some(&ada)).problem(404, "not_found").await;
        if !operation.needs_token() {
            read(&app, &path, None).problem(404, "not_found").await;
        }
    }
}
