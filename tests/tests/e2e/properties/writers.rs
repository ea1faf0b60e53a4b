//! Counters equal `count(*)` after 64 concurrent writers on two instances.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use testkit::app::{TestApp, TestRequest, TestUser};
use testkit::on_both_databases;
use tokio::task::JoinSet;

on_both_databases![leave_every_counter_exact];

const WRITERS: u64 = 64;
const WRITES_EACH: usize = 10;
const USERS: usize = 8;

/// Existing posts and comments; some may be deleted already.
#[derive(Default)]
struct Known {
    posts: Vec<String>,
    /// Comments, each with its post.
    comments: Vec<(String, String)>,
}

/// The kind of a request, which determines what its response may create.
enum Kind {
    Post,
    Comment(String),
    Other,
}

fn choose(known: &Known, users: &[TestUser], random: &mut StdRng) -> (TestRequest, Kind) {
    let user = users.choose(random).unwrap();
    // Few enough for the writers to collide.
    let newest = known.posts.get(known.posts.len().saturating_sub(6)..).unwrap_or_default();
    let post = newest.choose(random).unwrap();
    let newest = known.comments.get(known.comments.len().saturating_sub(12)..).unwrap_or_default();
    let comment = newest.choose(random).cloned();
    let content = json!({ "content": "words" });
    let path = format!("/v1/posts/{post}");
    match (random.random_range(0..100_u8), comment) {
        (0..20, _) => (user.put(&format!("{path}/like")), Kind::Other),
        (20..30, _) => (user.delete(&format!("{path}/like")), Kind::Other),
        (30..38, Some((_, comment))) => (user.put(&format!("/v1/comments/{comment}/like")), Kind::Other),
        (38..42, Some((_, comment))) => (user.delete(&format!("/v1/comments/{comment}/like")), Kind::Other),
        (42..55, Some((post, parent))) => {
            let reply = json!({ "content": "a reply", "parent_id": parent });
            (user.post(&format!("/v1/posts/{post}/comments")).json(reply), Kind::Comment(post))
        }
        (55..65, Some((_, comment))) => (user.delete(&format!("/v1/comments/{comment}")), Kind::Other),
        (65..75, _) => {
            let other = users.choose(random).unwrap();
            (user.put(&format!("/v1/users/{}/follow", other.id)), Kind::Other)
        }
        (75..78, _) => {
            let other = users.choose(random).unwrap();
            (user.delete(&format!("/v1/users/{}/follow", other.id)), Kind::Other)
        }
        (78..80, _) => (user.put(&format!("{path}/bookmark")), Kind::Other),
        (80..84, _) => (user.delete(&path), Kind::Other),
        (84..92, _) => (user.post("/v1/posts").json(content), Kind::Post),
        _ => (user.post(&format!("{path}/comments")).json(content), Kind::Comment(post.clone())),
    }
}

async fn leave_every_counter_exact(app: TestApp) {
    let other = app.another();
    let names: Vec<String> = (0..USERS).map(|number| format!("user_{number}")).collect();
    let mut users = Vec::new();
    for name in &names {
        users.push(app.sign_up(name).await);
    }
    let known = Arc::new(Mutex::new(Known::default()));
    for user in &users {
        let post = user.publish("a post").await;
        known.lock().unwrap_or_else(PoisonError::into_inner).posts.push(post);
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let instance = if writer % 2 == 0 { &app } else { &other };
        let users: Vec<TestUser> = users.iter().map(|user| user.at(instance)).collect();
        let known = Arc::clone(&known);
        writers.spawn(async move {
            let mut random = StdRng::seed_from_u64(writer);
            for _ in 0..WRITES_EACH {
                let (request, kind) =
                    choose(&known.lock().unwrap_or_else(PoisonError::into_inner), &users, &mut random);
                let answer = request.send().await;
                // Deleted, not the author, or the user itself; but never rejected because of load.
                assert!([201, 204, 403, 404, 422].contains(&answer.status), "{}: {}", answer.request, answer.text());
                if answer.status == 201 {
                    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                    match kind {
                        Kind::Post => known.posts.push(answer.id()),
                        Kind::Comment(post) => known.comments.push((post, answer.id())),
                        Kind::Other => {}
                    }
                }
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }

    app.database().assert_counters_exact().await;
    let posts = app.database().count("posts").await;
    let mut shown = 0;
    for user in &users {
        shown += user.me().await["post_count"].as_i64().unwrap();
    }
    assert_eq!(shown, posts, "the feed shows every counted post");

    // Half of the users erase their accounts at once; the counters must still be exact.
    let leaving = users.iter().take(USERS / 2).map(TestUser::erase);
    futures_util::future::join_all(leaving).await;
    app.database().assert_counters_exact().await;
}
