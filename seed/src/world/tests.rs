use std::collections::HashSet;
use std::hash::Hash;

use domain::Timestamp;

use super::*;
use crate::test_users::{TEST_USERS, ids};

const NUMBERS: Numbers = Numbers { users: 200, posts: 3_000, comments: 6_000, follows: 2_000, likes: 10_000 };

fn period() -> Period {
    Period::until(Timestamp::from_micros(1_795_000_000_123_456))
}

fn world() -> World {
    World::generate(42, &NUMBERS, period()).unwrap()
}

fn has_duplicates<T: Hash + Eq>(all: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    !all.into_iter().all(|one| seen.insert(one))
}

/// The share of the highest tenth of `counts` in their sum.
fn share_of_top_tenth(counts: impl Iterator<Item = u32>) -> f64 {
    let mut counts: Vec<u32> = counts.collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let top: u32 = counts[..counts.len() / 10].iter().sum();
    f64::from(top) / f64::from(counts.iter().sum::<u32>())
}

#[test]
fn has_the_requested_numbers() {
    let world = world();
    let likes = world.post_likes.len() + world.comment_likes.len();
    assert_eq!(
        (world.users.len(), world.posts.len(), world.comments.len(), world.follows.len(), likes),
        (200, 3_000, 6_000, 2_000, 10_000)
    );
    assert_eq!((world.post_likes.len(), world.comment_likes.len()), (7_000, 3_000));
}

mod is_repeatable {
    use super::*;

    fn texts(world: &World) -> Vec<Content> {
        let posts = (0..world.posts.len()).map(|post| world.post_content(post));
        let comments = (0..world.comments.len()).map(|comment| world.comment_content(comment));
        posts.chain(comments).collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn with_the_same_seed_and_numbers() {
        let (one, two) = (world(), world());
        assert_eq!(one, two);
        assert_eq!(texts(&one), texts(&two));
    }

    #[test]
    fn with_more_of_something() {
        let fewer = world();
        let more = World::generate(42, &Numbers { posts: 4_000, comments: 7_000, ..NUMBERS }, period()).unwrap();
        let ids = |world: &World| world.posts.iter().map(|post| (post.id, post.author)).collect::<Vec<_>>();
        assert_eq!(ids(&fewer), ids(&more)[..fewer.posts.len()]);
        assert_eq!(fewer.post_content(100).unwrap(), more.post_content(100).unwrap());
        let people = World::generate(42, &Numbers { users: 300, ..NUMBERS }, period()).unwrap();
        let names = |world: &World| world.users.iter().map(|user| user.username.clone()).collect::<Vec<_>>();
        assert_eq!(names(&fewer), names(&people)[..fewer.users.len()]);
        // Data that depends on a number has other ids.
        let disputed: HashSet<_> = fewer.comments.iter().map(|comment| comment.id).collect();
        assert!(more.comments.iter().chain(&people.comments).all(|comment| !disputed.contains(&comment.id)));
        let own = |world: &World| world.posts.iter().skip(20).map(|post| post.id).collect::<HashSet<_>>();
        assert!(own(&fewer).is_disjoint(&own(&people)));
    }

    #[test]
    fn with_another_seed_only_for_test_users() {
        let (one, other) = (world(), World::generate(43, &NUMBERS, period()).unwrap());
        for (place, (one, other)) in one.users.iter().zip(&other.users).enumerate() {
            assert_eq!(one.id == other.id, place < TEST_USERS.len(), "{one:?} {other:?}");
        }
    }
}

#[test]
fn has_no_duplicates() {
    let world = world();
    assert!(!has_duplicates(world.users.iter().map(|user| user.id)));
    assert!(!has_duplicates(world.users.iter().map(|user| &user.username)));
    assert!(!has_duplicates(world.posts.iter().map(|post| post.id)));
    assert!(!has_duplicates(world.comments.iter().map(|comment| comment.id)));
    assert!(!has_duplicates(world.follows.iter().map(|follow| (follow.follower, follow.followee))));
    assert!(!has_duplicates(world.post_likes.iter().map(|like| (like.item, like.user))));
    assert!(!has_duplicates(world.comment_likes.iter().map(|like| (like.item, like.user))));
}

#[test]
fn no_user_follows_themselves() {
    assert!(world().follows.iter().all(|follow| follow.follower != follow.followee));
}

#[test]
fn keeps_replies_on_the_post_of_their_parents() {
    let world = world();
    let mut replies = 0;
    for (place, comment) in world.comments.iter().enumerate() {
        let Some(parent) = comment.parent else {
            assert_eq!(comment.depth, 0);
            continue;
        };
        replies += 1;
        assert!(parent < place, "parents come first");
        assert_eq!(world.comments[parent].post, comment.post);
        assert_eq!(world.comments[parent].depth + 1, comment.depth);
    }
    assert!((2_000..2_800).contains(&replies), "{replies} replies of 6,000 comments");
    let by_depth = world.comments_by_depth();
    assert!((3..30).contains(&by_depth.len()), "{} levels", by_depth.len());
    assert_eq!(by_depth.iter().map(Vec::len).sum::<usize>(), world.comments.len());
}

#[test]
fn happens_in_order_and_within_its_period() {
    let (world, period) = (world(), period());
    let joined = |user: usize| world.users[user].created_at;
    for user in &world.users {
        assert!(period.start <= user.created_at && user.created_at <= period.end);
    }
    for post in &world.posts {
        assert!(joined(post.author) < post.created_at && post.created_at <= period.end);
    }
    for comment in &world.comments {
        let answered =
            comment.parent.map_or(world.posts[comment.post].created_at, |parent| world.comments[parent].created_at);
        assert!(answered < comment.created_at && joined(comment.author) < comment.created_at);
        // A reply must be later than its parent, even if that was written in the last microsecond.
        assert!(comment.created_at.as_seconds() <= period.end.as_seconds());
    }
    for follow in &world.follows {
        assert!(joined(follow.follower) < follow.created_at && joined(follow.followee) < follow.created_at);
    }
    for like in &world.post_likes {
        assert!(world.posts[like.item].created_at < like.created_at && joined(like.user) < like.created_at);
    }
    for like in &world.comment_likes {
        assert!(world.comments[like.item].created_at < like.created_at && joined(like.user) < like.created_at);
    }
}

#[test]
fn has_a_skewed_popularity() {
    let world = world();
    for (what, share) in [
        ("posts written", share_of_top_tenth(world.users.iter().map(|user| user.post_count))),
        ("followers", share_of_top_tenth(world.users.iter().map(|user| user.follower_count))),
        ("likes", share_of_top_tenth(world.posts.iter().map(|post| post.like_count))),
        ("comments", share_of_top_tenth(world.posts.iter().map(|post| post.comment_count))),
    ] {
        assert!((0.25..0.9).contains(&share), "the first tenth has {share} of the {what}");
    }
}

#[test]
fn has_exact_counters() {
    let world = world();
    let count = |holds: &dyn Fn(usize) -> bool, n: usize| u32::try_from((0..n).filter(|i| holds(*i)).count()).unwrap();
    for (this, user) in world.users.iter().enumerate() {
        assert_eq!(user.post_count, count(&|post| world.posts[post].author == this, world.posts.len()));
        assert_eq!(user.follower_count, count(&|i| world.follows[i].followee == this, world.follows.len()));
        assert_eq!(user.following_count, count(&|i| world.follows[i].follower == this, world.follows.len()));
    }
    for (this, post) in world.posts.iter().enumerate().take(200) {
        assert_eq!(post.like_count, count(&|i| world.post_likes[i].item == this, world.post_likes.len()));
        assert_eq!(post.comment_count, count(&|i| world.comments[i].post == this, world.comments.len()));
    }
    for (this, comment) in world.comments.iter().enumerate().take(200) {
        assert_eq!(comment.like_count, count(&|i| world.comment_likes[i].item == this, world.comment_likes.len()));
        assert_eq!(comment.reply_count, count(&|i| world.comments[i].parent == Some(this), world.comments.len()));
    }
}

#[test]
fn starts_with_the_test_users() {
    let world = world();
    for (place, (test_user, id)) in TEST_USERS.iter().zip(ids()).enumerate() {
        let user = &world.users[place];
        assert_eq!((user.id, user.username.as_str()), (id, test_user.username));
        let own = (0..world.posts.len()).filter(|post| world.posts[*post].author == place);
        let texts: Vec<Content> = own.map(|post| world.post_content(post).unwrap()).collect();
        for text in test_user.posts {
            assert!(texts.iter().any(|own| own.as_str() == *text), "{text}");
        }
        assert!(user.following_count >= 8);
        let bookmarked: Vec<_> = world.bookmarks.iter().filter(|bookmark| bookmark.user == place).collect();
        assert!(bookmarked.len() >= 2 && bookmarked.iter().all(|bookmark| world.posts[bookmark.post].author != place));
    }
    assert_eq!(world.users[0].created_at, period().start);
}

#[test]
fn handles_tiny_and_excessive_numbers() {
    let none = Numbers { users: 3, posts: 0, comments: 5, follows: 0, likes: 5 };
    let empty = World::generate(1, &none, period()).unwrap();
    assert_eq!((empty.posts.len(), empty.comments.len(), empty.post_likes.len()), (0, 0, 0));
    assert!(empty.bookmarks.is_empty());
    let full = Numbers { users: 10, posts: 13, comments: 5, follows: 1_000, likes: 1_000 };
    let full = World::generate(1, &full, period()).unwrap();
    assert_eq!(full.follows.len(), 90);
    assert_eq!((full.post_likes.len(), full.comment_likes.len()), (130, 50));
}
