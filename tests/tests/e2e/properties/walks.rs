//! Pagination during concurrent writes and deletions: no duplicates, no gaps, no early end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;
use testkit::app::{PASSWORD, TestApp, TestUser, operation};
use testkit::on_both_databases;
use testkit::operations::{Operation, assert_complete};
use tokio::task::JoinSet;

use crate::fixtures::{Resources, calls};

on_both_databases![
    through_feeds_of_posts_newest_first,
    through_comments_and_replies_oldest_first,
    through_likes_and_follows_newest_first,
    through_users_newest_first,
    through_bookmarks_newest_first,
    through_sessions_newest_first,
];

/// The pages that each test walks through, by operation id.
const OF_POSTS: &[&str] = &["publicFeed", "homeTimeline", "listUserPosts"];
const OF_COMMENTS: [&str; 2] = ["listComments", "listReplies"];
const OF_LIKES_AND_FOLLOWS: &[&str] = &["listPostLikes", "listFollowers", "listFollowing"];
const OF_USERS: &[&str] = &["listUsers"];
const OF_BOOKMARKS: &[&str] = &["listBookmarks"];
const OF_SESSIONS: &[&str] = &["listSessions"];

#[test]
fn every_page_is_walked_through() {
    let walked = [OF_POSTS, &OF_COMMENTS, OF_LIKES_AND_FOLLOWS, OF_USERS, OF_BOOKMARKS, OF_SESSIONS].concat();
    assert_complete(calls(Operation::is_page), walked, "it to the walk through items of its kind");
}

/// Items at the beginning. During the walks, a third of them is deleted and as many are added.
const ITEMS: usize = 60;
const DELETED: usize = ITEMS / 3;

/// A list to walk, and its known items.
struct List {
    path: String,
    field: &'static str,
    /// Items that exist from the first page to the last, in the order of the list.
    lasting: Vec<String>,
}

impl List {
    fn new(id: &str, resources: &Resources, field: &'static str, lasting: &[String]) -> Self {
        Self { path: resources.path(&operation(id)), field, lasting: lasting.to_vec() }
    }
}

/// Walks each list repeatedly with several page sizes until the writers are done, and once more afterwards.
async fn walk_while_writing(reader: &TestUser, lists: Vec<List>, writes: JoinSet<()>) {
    let done = Arc::new(AtomicBool::new(false));
    let mut walkers = JoinSet::new();
    for (number, list) in lists.into_iter().enumerate() {
        let (reader, done) = (reader.clone(), Arc::clone(&done));
        walkers.spawn(async move {
            for limit in [1, 7, 3, 100].into_iter().cycle().skip(number) {
                let last = done.load(Ordering::SeqCst);
                check(&list, limit, &walk(&reader, &list, limit).await);
                if last {
                    break;
                }
            }
        });
    }
    writes.join_all().await;
    done.store(true, Ordering::SeqCst);
    while let Some(walker) = walkers.join_next().await {
        walker.unwrap();
    }
}

async fn walk(reader: &TestUser, list: &List, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut path = format!("{}?limit={limit}", list.path);
    loop {
        let page = reader.get(&path).expect(200).await;
        seen.extend(page.each(list.field).iter().map(|item| (*item).to_owned()));
        assert!(page.items().len() <= limit);
        let Some(cursor) = page.next_cursor() else {
            return seen;
        };
        assert_eq!(page.items().len(), limit, "a page that leads on is full");
        path = format!("{}?limit={limit}&cursor={cursor}", list.path);
    }
}

/// Compares the items of a walk with those that it must have seen.
fn check(list: &List, limit: usize, seen: &[String]) {
    let distinct: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "twice in {} by {limit}", list.path);
    let lasting: BTreeSet<&String> = list.lasting.iter().collect();
    let kept: Vec<&String> = seen.iter().filter(|item| lasting.contains(item)).collect();
    assert_eq!(kept, list.lasting.iter().collect::<Vec<_>>(), "skipped or out of order in {} by {limit}", list.path);
}

/// Splits items into those that stay, in order, and those that are deleted, shuffled.
fn split(items: &[String], seed: u64) -> (Vec<String>, Vec<String>) {
    let mut shuffled = items.to_vec();
    shuffled.shuffle(&mut StdRng::seed_from_u64(seed));
    let going: Vec<String> = shuffled.split_off(ITEMS - DELETED);
    let staying = items.iter().filter(|item| !going.contains(item)).cloned().collect();
    (staying, going)
}

fn reversed(items: &[String]) -> Vec<String> {
    items.iter().rev().cloned().collect()
}

async fn through_feeds_of_posts_newest_first(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    ada.follow(&bob).await;
    let mut posts = Vec::new();
    for number in 0..ITEMS {
        posts.push(bob.publish(&format!("post {number}")).await);
    }
    let (staying, going) = split(&posts, 1);
    let lasting = reversed(&staying);
    let resources = Resources { user: "@bob".to_owned(), ..Resources::unknown() };
    let lists = OF_POSTS.iter().map(|id| List::new(id, &resources, "id", &lasting)).collect();
    let mut writes = JoinSet::new();
    for half in going.chunks(DELETED / 2 + 1).map(<[String]>::to_vec) {
        let bob = bob.clone();
        writes.spawn(async move {
            for post in half {
                bob.publish("new").await;
                bob.delete(&format!("/v1/posts/{post}")).expect(204).await;
            }
        });
    }
    walk_while_writing(&ada, lists, writes).await;
    app.database().assert_counters_exact().await;
}

async fn through_comments_and_replies_oldest_first(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let post = ada.publish("hello").await;
    let parent = ada.comment(&post, "parent").await;
    let (mut comments, mut replies) = (vec![parent.clone()], Vec::new());
    for number in 0..ITEMS {
        comments.push(bob.comment(&post, &format!("comment {number}")).await);
        replies.push(bob.reply(&post, &parent, &format!("reply {number}")).await);
    }
    let (mut staying, going) = split(&comments[1..], 2);
    staying.insert(0, parent.clone());
    let (staying_replies, going_replies) = split(&replies, 3);
    let resources = Resources { post: post.clone(), comment: parent.clone(), ..Resources::unknown() };
    let [comments, replies] = OF_COMMENTS;
    let lists =
        vec![List::new(comments, &resources, "id", &staying), List::new(replies, &resources, "id", &staying_replies)];
    let mut writes = JoinSet::new();
    for (going, parent) in [(going, None), (going_replies, Some(parent))] {
        let (bob, post) = (bob.clone(), post.clone());
        writes.spawn(async move {
            for comment in going {
                match &parent {
                    Some(parent) => bob.reply(&post, parent, "new").await,
                    None => bob.comment(&post, "new").await,
                };
                bob.delete(&format!("/v1/comments/{comment}")).expect(204).await;
            }
        });
    }
    walk_while_writing(&ada, lists, writes).await;
    app.database().assert_counters_exact().await;
}

async fn through_likes_and_follows_newest_first(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let post = ada.publish("hello").await;
    let mut users = Vec::new();
    for number in 0..ITEMS + DELETED {
        users.push(app.sign_up(&format!("user_{number}")).await);
    }
    let late = users.split_off(ITEMS);
    for user in &users {
        user.like(&post).await;
        user.follow(&ada).await;
        ada.follow(user).await;
    }
    let names: Vec<String> = users.iter().map(|user| user.username.clone()).collect();
    let (staying, going) = split(&names, 4);
    let resources = Resources { user: "@ada".to_owned(), post: post.clone(), ..Resources::unknown() };
    let lasting = reversed(&staying);
    let lists = OF_LIKES_AND_FOLLOWS.iter().map(|id| List::new(id, &resources, "username", &lasting)).collect();
    let mut writes = JoinSet::new();
    let going: Vec<TestUser> = users.into_iter().filter(|user| going.contains(&user.username)).collect();
    for (leaving, coming) in going.into_iter().zip(late) {
        let post = post.clone();
        let ada = ada.clone();
        writes.spawn(async move {
            coming.like(&post).await;
            leaving.delete(&format!("/v1/posts/{post}/like")).expect(204).await;
            coming.follow(&ada).await;
            leaving.delete("/v1/users/@ada/follow").expect(204).await;
            ada.follow(&coming).await;
            ada.delete(&format!("/v1/users/{}/follow", leaving.id)).expect(204).await;
        });
    }
    walk_while_writing(&ada, lists, writes).await;
    app.database().assert_counters_exact().await;
    let shown = app.get("/v1/users/@ada").expect(200).await;
    assert_eq!((&shown["follower_count"], &shown["following_count"]), (&json!(ITEMS), &json!(ITEMS)));
}

async fn through_users_newest_first(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let mut users = Vec::new();
    for number in 0..ITEMS {
        users.push(app.sign_up(&format!("user_{number}")).await);
    }
    let names: Vec<String> = users.iter().map(|user| user.username.clone()).collect();
    let (staying, going) = split(&names, 5);
    let mut lasting = reversed(&staying);
    lasting.push("ada".to_owned());
    let lists = OF_USERS.iter().map(|id| List::new(id, &Resources::unknown(), "username", &lasting)).collect();
    let mut writes = JoinSet::new();
    let going: Vec<TestUser> = users.into_iter().filter(|user| going.contains(&user.username)).collect();
    for half in going.chunks(DELETED / 2 + 1).map(<[TestUser]>::to_vec) {
        let http = app.http().clone();
        writes.spawn(async move {
            for leaving in half {
                TestUser::sign_up(&http, &format!("new_{}", leaving.username)).await;
                leaving.erase().await;
            }
        });
    }
    walk_while_writing(&ada, lists, writes).await;
    app.database().assert_counters_exact().await;
}

async fn through_bookmarks_newest_first(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    let mut posts = Vec::new();
    for number in 0..ITEMS + DELETED {
        posts.push(bob.publish(&format!("post {number}")).await);
    }
    let late = posts.split_off(ITEMS);
    for post in &posts {
        ada.bookmark(post).await;
    }
    let (staying, going) = split(&posts, 7);
    let lasting = reversed(&staying);
    let lists = OF_BOOKMARKS.iter().map(|id| List::new(id, &Resources::unknown(), "post.id", &lasting)).collect();
    let mut writes = JoinSet::new();
    for (number, (leaving, coming)) in going.into_iter().zip(late).enumerate() {
        let (ada, bob) = (ada.clone(), bob.clone());
        writes.spawn(async move {
            ada.bookmark(&coming).await;
            let post = format!("/v1/posts/{leaving}");
            // Half of them lose their bookmark, and half of them are deleted.
            let leave =
                if number.is_multiple_of(2) { ada.delete(&format!("{post}/bookmark")) } else { bob.delete(&post) };
            leave.expect(204).await;
        });
    }
    walk_while_writing(&ada, lists, writes).await;
    assert_eq!(ada.get("/v1/bookmarks?limit=100").expect(200).await.items().len(), ITEMS);
    app.database().assert_counters_exact().await;
}

async fn through_sessions_newest_first(app: TestApp) {
    let ada = app.sign_up("ada").await;
    for _ in 0..ITEMS {
        TestUser::log_in(app.http(), "ada", PASSWORD).await;
    }
    // The oldest session is the one that walks.
    let sessions = app.database().texts("SELECT id FROM sessions ORDER BY created_at, id").await;
    let (mut staying, going) = split(&sessions[1..], 6);
    staying.insert(0, sessions[0].clone());
    let lasting = reversed(&staying);
    let lists = OF_SESSIONS.iter().map(|id| List::new(id, &Resources::unknown(), "id", &lasting)).collect();
    let mut writes = JoinSet::new();
    for half in going.chunks(DELETED / 2 + 1).map(<[String]>::to_vec) {
        let (ada, http) = (ada.clone(), app.http().clone());
        writes.spawn(async move {
            for session in half {
                TestUser::log_in(&http, "ada", PASSWORD).await;
                ada.delete(&format!("/v1/sessions/{session}")).expect(204).await;
            }
        });
    }
    walk_while_writing(&ada, lists, writes).await;
    assert_eq!(app.database().count("sessions").await, i64::try_from(ITEMS + 1).unwrap());
}
