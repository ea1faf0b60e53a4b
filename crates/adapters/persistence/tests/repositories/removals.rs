//! Removals in slices: hidden rows stay invisible, counters equal the rows that exist, and slices are short. Any
//! instance can continue an interrupted removal.

use std::sync::Arc;

use ::posts::ports::{
    AddBookmark, AddCommentOutcome, BookmarkRepository, Change, CommentRepository, Edit, Like, PostRepository,
    RemoveBookmark, Thread, Unlike, Write,
};
use ::removals::ports::{Progress, RemovalRepository};
use ::removals::{CarryOut, Removal, RemovalKind};
use accounts::ports::{EraseUser, UserRepository};
use domain::{CommentBody, CommentId, Content, PostId, UserId};
use feed::ports::TimelineRepository;
use persistence::SeaRemovalRepository;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use social::ports::{Follow, FollowRepository, Relation};
use testkit::{NOW, a_comment, a_post, acting, id, on_both_databases};

use crate::scene::{Scene, each, first_page, not_kept, views};

on_both_databases![
    many_followers_are_removed_in_slices_while_they_publish,
    a_post_with_many_comments_is_removed_in_slices,
    a_comment_with_many_likes_is_removed_in_slices,
    many_bookmarks_of_a_post_are_removed_in_slices,
    many_bookmarks_of_an_account_are_removed_in_slices,
    marks_above_a_deep_reply_are_removed_in_slices,
    a_comment_above_200_marks_keeps_its_likes,
    a_comment_above_400_marks_keeps_its_likes,
    hidden_rows_are_invisible_to_all,
    hidden_rows_accept_no_writes,
    home_timelines_are_full_despite_hidden_posts,
    counters_equal_rows_at_every_moment_of_a_removal,
    two_removers_share_the_work,
    wrong_counters_block_no_removal,
    visible_rows_are_not_removed,
    a_slice_of_an_account_with_many_posts_is_bounded,
    marks_above_many_comments_are_removed_in_bounded_slices,
    pending_removals_can_be_paged_through,
];

/// The `most` of a slice; a slice may touch a few more rows of the removed thing itself.
const SLICE: u16 = 200;
const MANY: i64 = 20_000;

/// Inserts the rows `1..=rows` as `n`, in SQL that both databases understand.
async fn insert(s: &Scene, rows: i64, table: &str, columns: &str, values: &str) {
    let sql = format!(
        "INSERT INTO {table} ({columns}) WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {rows}) \
         SELECT {values} FROM g"
    );
    s.db.execute(&sql).await;
}

/// The id of the `n`th row.
fn sql_id(prefix: &str) -> String {
    format!("'{prefix}' || CAST(1000000000000000000 + n AS TEXT)")
}

fn nth<T>(prefix: &str, n: i64) -> domain::Id<T> {
    domain::Id::parse(&format!("{prefix}1{n:018}")).unwrap()
}

/// Stores the accounts `users1…`.
async fn crowd(s: &Scene, size: i64) {
    let columns = "id, username, display_name, bio, password_hash, created_at";
    let values = format!("{}, 'name_' || n, 'Name', '', 'hash', n", sql_id("users"));
    insert(s, size, "users", columns, &values).await;
}

async fn hide(s: &Scene, user: UserId) -> Removal {
    let verified = s.verified(user).await;
    assert_eq!(s.users.erase(acting(user), &verified.clone().into(), &not_kept()).await.unwrap(), EraseUser::Erased);
    Removal { kind: RemovalKind::Account, id: user.cuid() }
}

async fn hide_post(s: &Scene, post: PostId) -> Removal {
    assert_eq!(s.posts.delete(post, acting(id("ada")), None).await.unwrap(), Change::Changed(()));
    Removal { kind: RemovalKind::Post, id: post.cuid() }
}

/// Removes slice by slice, and calls `check` after each with the number of rows in `table`. Asserts that no slice
/// removes more than it may. Returns the number of slices.
async fn slices(s: &Scene, removal: Removal, table: &str, mut check: impl AsyncFnMut(&Scene, i64)) -> usize {
    let mut left = s.db.count(table).await;
    for number in 1.. {
        let progress = s.removals.remove_some(removal, SLICE).await.unwrap();
        let now = s.db.count(table).await;
        assert!(left - now <= SLICE.into(), "{} rows at once", left - now);
        left = now;
        check(s, now).await;
        match progress {
            Progress::Done => return number,
            Progress::More => {}
            Progress::Taken | Progress::Left(_) | Progress::Stuck => panic!("{progress:?}"),
        }
    }
    unreachable!()
}

async fn many_followers_are_removed_in_slices_while_they_publish(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    crowd(&s, MANY).await;
    let follows = "follower_id, followee_id, created_at";
    insert(&s, MANY, "follows", follows, &format!("{}, '{ada}', n", sql_id("users"))).await;
    s.db.execute(&format!("UPDATE users SET follower_count = {MANY} WHERE id = '{ada}'")).await;
    s.db.execute("UPDATE users SET following_count = 1 WHERE username LIKE 'name%'").await;
    s.follow(ada, bob).await;
    let removal = hide(&s, ada).await;
    let mut number = 0;
    let taken = slices(&s, removal, "follows", async |s, left| {
        number += 1;
        // Followers that are being removed, and others.
        let follower = nth("users", number * 199 % MANY + 1);
        s.db.sign_in(follower).await;
        let post = a_post(&format!("p{number}"), follower).build();
        assert!(matches!(s.posts.publish(&post, None).await.unwrap(), Write::Stored(_)));
        let counted = "SELECT CAST(sum(following_count) AS BIGINT) FROM users WHERE username LIKE 'name%'";
        assert!((left - s.db.scalar_i64(counted).await).abs() <= 1, "a counter equals the rows that are there");
        let following =
            s.follows.list(&follower.into(), Relation::Following, first_page(), None).await.unwrap().unwrap();
        assert!(following.items.is_empty(), "a list leaves out what is to go");
    })
    .await;
    assert!(taken >= 100, "{taken}");
    assert_eq!(s.db.count("follows").await, 0);
    s.db.assert_counters_exact().await;
}

async fn a_post_with_many_comments_is_removed_in_slices(s: Scene) {
    let ada = s.user("ada").await;
    crowd(&s, MANY).await;
    let (post, kept) = (s.post("post", ada).await, s.post("kept", ada).await);
    let columns = "id, post_id, author_id, content, created_at, like_count";
    let values = format!("{}, '{post}', {}, 'words', n, 1", sql_id("comms"), sql_id("users"));
    insert(&s, MANY, "comments", columns, &values).await;
    let likes = format!("{}, {}, n", sql_id("comms"), sql_id("users"));
    insert(&s, MANY, "comment_likes", "comment_id, user_id, created_at", &likes).await;
    insert(&s, MANY, "post_likes", "post_id, user_id, created_at", &format!("'{post}', {}, n", sql_id("users"))).await;
    s.db.execute(&format!("UPDATE posts SET comment_count = {MANY}, like_count = {MANY} WHERE id = '{post}'")).await;
    let removal = hide_post(&s, post).await;
    let comment: CommentId = nth("comms", MANY / 2);
    let count = |counter: &str| format!("SELECT {counter} FROM posts WHERE id = '{post}'");
    let taken = slices(&s, removal, "comments", async |s, left| {
        assert!(s.find_post(post).await.is_none() && s.find_comment(comment).await.is_none());
        if s.db.count("posts").await == 2 {
            assert_eq!(s.db.scalar_i64(&count("comment_count")).await, left);
            assert_eq!(s.find_user(ada).await.unwrap().post_count, 2);
        }
    })
    .await;
    assert!(taken >= 100, "{taken}");
    assert!(s.find_post(kept).await.is_some());
    for table in ["comments", "comment_likes", "post_likes", "removals"] {
        assert_eq!(s.db.count(table).await, 0, "{table}");
    }
    s.db.assert_counters_exact().await;
}

async fn a_comment_with_many_likes_is_removed_in_slices(s: Scene) {
    let ada = s.user("ada").await;
    crowd(&s, 2_000).await;
    let post = s.post("post", ada).await;
    let (top, other) = (s.comment("top", post, ada).await, s.comment("other", post, ada).await);
    insert(&s, 2_000, "comment_likes", "comment_id, user_id, created_at", &format!("'{top}', {}, n", sql_id("users")))
        .await;
    s.db.execute(&format!("UPDATE comments SET like_count = 2000 WHERE id = '{top}'")).await;
    assert_eq!(s.comments.delete(top, acting(ada), None).await.unwrap(), Change::Changed(()));
    assert_eq!(s.db.count("comment_likes").await, 1_500, "some go at once");
    let list = || s.comments.list(Thread::Post(post), first_page(), None);
    assert_eq!(each(&list().await.unwrap().unwrap(), |comment| comment.subject.id), [other]);
    assert_eq!(s.find_comment(top).await, None);
    s.db.assert_counters_exact().await;
    let removal = Removal { kind: RemovalKind::Comment, id: top.cuid() };
    let taken = slices(&s, removal, "comment_likes", async |s, _| s.db.assert_counters_exact().await).await;
    assert!(taken >= 8, "{taken}");
    assert_eq!((s.db.count("comments").await, s.db.count("removals").await), (1, 0));
    s.db.assert_counters_exact().await;
}

async fn many_bookmarks_of_a_post_are_removed_in_slices(s: Scene) {
    let ada = s.user("ada").await;
    crowd(&s, 2_000).await;
    let (post, kept) = (s.post("post", ada).await, s.post("kept", ada).await);
    let columns = "user_id, post_id, bookmarked_at";
    insert(&s, 2_000, "bookmarks", columns, &format!("{}, '{post}', n", sql_id("users"))).await;
    s.bookmark(kept, ada).await;
    let removal = hide_post(&s, post).await;
    let taken = slices(&s, removal, "bookmarks", async |s, _| {
        let list = s.bookmarks.list(nth("users", 2_000), first_page()).await.unwrap();
        assert!(list.items.is_empty(), "a list leaves out what is to go");
    })
    .await;
    assert!(taken >= 10, "{taken}");
    assert_eq!((s.db.count("posts").await, s.db.count("bookmarks").await), (1, 1));
    s.db.assert_counters_exact().await;
}

async fn many_bookmarks_of_an_account_are_removed_in_slices(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let posts = format!("{}, '{ada}', 'words', n", sql_id("posts"));
    insert(&s, 2_000, "posts", "id, author_id, content, created_at", &posts).await;
    s.db.execute(&format!("UPDATE users SET post_count = 2000 WHERE id = '{ada}'")).await;
    let columns = "user_id, post_id, bookmarked_at";
    insert(&s, 2_000, "bookmarks", columns, &format!("'{bob}', {}, n", sql_id("posts"))).await;
    s.bookmark(nth("posts", 1), ada).await;
    let removal = hide(&s, bob).await;
    let taken = slices(&s, removal, "bookmarks", async |_, _| {}).await;
    assert!(taken >= 10, "{taken}");
    assert_eq!((s.db.count("users").await, s.db.count("bookmarks").await), (1, 1));
    s.db.assert_counters_exact().await;
}

/// As deep as threads were before their depth was limited.
async fn marks_above_a_deep_reply_are_removed_in_slices(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let post = s.post("post", ada).await;
    s.deep_thread(post, bob, 1_500).await;
    s.db.execute("UPDATE comments SET author_id = NULL, content = NULL WHERE reply_count > 0").await;
    s.db.execute(&format!("UPDATE posts SET comment_count = 1 WHERE id = '{post}'")).await;
    s.db.assert_counters_exact().await;
    let leaf = s.db.texts("SELECT id FROM comments WHERE reply_count = 0").await.remove(0);
    let before = s.db.count("comments").await;
    s.db.log().clear();
    assert_eq!(
        s.comments.delete(CommentId::parse(&leaf).unwrap(), acting(bob), None).await.unwrap(),
        Change::Changed(())
    );
    let statements = s.db.log().statements().len();
    assert!(statements < 20, "{statements} statements, whatever the depth");
    let gone = before - s.db.count("comments").await;
    assert!((100..=201).contains(&gone), "{gone} at once");
    s.db.assert_counters_exact().await;
    assert_eq!(s.find_post(post).await.unwrap().comment_count, 0);
    s.remove_hidden().await;
    s.db.assert_counters_exact().await;
    assert_eq!((s.db.count("comments").await, s.db.count("removals").await), (0, 0));
}

/// As many marks as one transaction removes.
async fn a_comment_above_200_marks_keeps_its_likes(s: Scene) {
    keeps_its_likes_above(&s, 200).await;
}

async fn a_comment_above_400_marks_keeps_its_likes(s: Scene) {
    keeps_its_likes_above(&s, 400).await;
}

async fn keeps_its_likes_above(s: &Scene, marks: usize) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let post = s.post("post", ada).await;
    s.deep_thread(post, bob, marks + 2).await;
    let are_marks = "reply_count > 0 AND parent_id IS NOT NULL";
    s.db.execute(&format!("UPDATE comments SET author_id = NULL, content = NULL WHERE {are_marks}")).await;
    s.db.execute(&format!("UPDATE posts SET comment_count = 2 WHERE id = '{post}'")).await;
    let [top, leaf] =
        ["parent_id IS NULL", "reply_count = 0"].map(|which| format!("SELECT id FROM comments WHERE {which}"));
    let top = CommentId::parse(&s.db.texts(&top).await.remove(0)).unwrap();
    let leaf = CommentId::parse(&s.db.texts(&leaf).await.remove(0)).unwrap();
    s.like_comment(top, ada).await;
    s.db.assert_counters_exact().await;

    assert_eq!(s.comments.delete(leaf, acting(bob), None).await.unwrap(), Change::Changed(()));
    s.remove_hidden().await;
    let kept = s.comments.find(top, None).await.unwrap().unwrap().subject;
    assert_eq!((kept.like_count, kept.reply_count), (1, 0));
    s.db.assert_counters_exact().await;
    assert_eq!((s.db.count("comments").await, s.db.count("removals").await), (1, 0));
}

/// Ada, who is hidden, and Bob, who is not. Each has a post with a comment of both, and every comment has a reply of
/// Bob.
struct Hidden {
    ada: UserId,
    bob: UserId,
    hers: PostId,
    his: PostId,
    her_comment: CommentId,
    under_hers: CommentId,
}

async fn hidden(s: &Scene) -> Hidden {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let (his, hers) = (s.post("his", bob).await, s.post("hers", ada).await);
    let her_comment = s.comment("hercomment", his, ada).await;
    s.reply("answered", her_comment, his, bob).await;
    let lonely = s.comment("lonely", his, ada).await;
    let under_hers = s.comment("underhers", hers, bob).await;
    for comment in [her_comment, lonely] {
        s.like_comment(comment, bob).await;
    }
    s.follow(ada, bob).await;
    s.follow(bob, ada).await;
    for user in [ada, bob] {
        s.like_post(his, user).await;
        s.like_post(hers, user).await;
        s.bookmark(his, user).await;
        s.bookmark(hers, user).await;
    }
    hide(s, ada).await;
    Hidden { ada, bob, hers, his, her_comment, under_hers }
}

async fn hidden_rows_are_invisible_to_all(s: Scene) {
    let Hidden { ada, bob, hers, his, her_comment, under_hers } = hidden(&s).await;
    s.db.assert_counters_exact().await;
    let ada_or_her_name = [ada.into(), domain::UserRef::Username(domain::Username::parse("ada").unwrap())];
    for viewer in [None, Some(bob)] {
        for user in &ada_or_her_name {
            assert_eq!(s.users.find(user, viewer).await.unwrap(), None);
            assert_eq!(s.users.find_credentials(user).await.unwrap(), None);
            assert_eq!(s.follows.resolve(user).await.unwrap(), None);
            assert_eq!(s.posts.list_by_user(user, first_page(), viewer).await.unwrap(), None);
            for relation in [Relation::Followers, Relation::Following] {
                assert_eq!(s.follows.list(user, relation, first_page(), viewer).await.unwrap(), None);
            }
        }
        for relation in [Relation::Followers, Relation::Following] {
            let list = s.follows.list(&bob.into(), relation, first_page(), viewer).await.unwrap().unwrap();
            assert!(list.items.is_empty());
        }
        assert_eq!(each(&s.users.list(first_page(), viewer).await.unwrap(), |user| user.subject.id), [bob]);
        assert_eq!(s.posts.find(hers, viewer).await.unwrap(), None);
        assert_eq!(s.posts.list_likes(hers, first_page(), viewer).await.unwrap(), None);
        let likes = s.posts.list_likes(his, first_page(), viewer).await.unwrap().unwrap();
        assert_eq!(each(&likes, |user| user.subject.id), [bob]);
        assert_eq!(s.comments.list(Thread::Post(hers), first_page(), viewer).await.unwrap(), None);
        assert_eq!(s.comments.find(under_hers, viewer).await.unwrap(), None);
        assert_eq!(s.comments.list(Thread::Replies(under_hers), first_page(), viewer).await.unwrap(), None);
        assert_eq!(
            each(&views(s.timelines.public(first_page(), viewer).await.unwrap()), |post| post.subject.id),
            [his]
        );
        // A comment with a reply looks deleted, as it will be. One without replies is invisible.
        let on_his = s.comments.list(Thread::Post(his), first_page(), viewer).await.unwrap().unwrap();
        assert_eq!(each(&on_his, |comment| comment.subject.id), [her_comment]);
        let mark = &on_his.items[0].subject;
        assert_eq!((&mark.body, mark.like_count, mark.reply_count), (&CommentBody::Deleted, 0, 1));
        assert_eq!(on_his.items[0].viewer.map(|viewer| viewer.liked), viewer.map(|_| false));
    }
    assert_eq!(each(&views(s.timelines.home(bob, first_page()).await.unwrap()), |post| post.subject.id), [his]);
    let bookmarks = s.bookmarks.list(bob, first_page()).await.unwrap();
    assert_eq!(each(&bookmarks, |bookmark| bookmark.post.subject.id), [his]);
    assert_eq!(s.comments.find_owners(her_comment).await.unwrap(), None);
    assert_eq!(s.comments.find_owners(under_hers).await.unwrap(), None);
    // Hidden rows are still counted.
    let bob_now = s.find_user(bob).await.unwrap();
    assert_eq!((bob_now.follower_count, bob_now.following_count), (1, 1));
    assert_eq!(s.find_post(his).await.unwrap().like_count, 2);
    // Her name is free.
    assert_eq!(s.db.count("users WHERE username = 'ada'").await, 0);
    s.remove_hidden().await;
    s.db.assert_counters_exact().await;
    let bob_now = s.find_user(bob).await.unwrap();
    assert_eq!((bob_now.follower_count, bob_now.following_count), (0, 0));
    assert_eq!((s.find_post(his).await.unwrap().like_count, s.db.count("users").await), (1, 1));
    assert_eq!(s.db.count("bookmarks").await, 1);
}

async fn hidden_rows_accept_no_writes(s: Scene) {
    let Hidden { ada, bob, hers, his, her_comment, under_hers } = hidden(&s).await;
    let before = s.db.count("comments").await;
    let edit = Edit { content: Content::parse("new").unwrap(), at: NOW, expected: None };
    assert_eq!(s.posts.publish(&a_post("more", ada).build(), None).await.unwrap(), Write::SessionEnded);
    let keyed = crate::scene::request("key", 1, NOW);
    assert_eq!(s.posts.publish(&a_post("more", ada).build(), Some(&keyed)).await.unwrap(), Write::SessionEnded);
    assert_eq!(s.posts.edit(hers, &edit, acting(ada)).await.unwrap(), Change::SessionEnded);
    assert_eq!(s.posts.delete(hers, acting(ada), None).await.unwrap(), Change::SessionEnded);
    assert_eq!(s.posts.edit(hers, &edit, acting(bob)).await.unwrap(), Change::NotFound);
    assert_eq!(s.posts.delete(hers, acting(bob), None).await.unwrap(), Change::NotFound);
    for by in [ada, bob] {
        let (gone, not_there) =
            if by == ada { (Like::SessionEnded, Unlike::SessionEnded) } else { (Like::NotFound, Unlike::NotFound) };
        assert_eq!(s.posts.like(hers, acting(by), NOW).await.unwrap(), gone);
        assert_eq!(s.posts.unlike(hers, acting(by)).await.unwrap(), not_there);
        let (not_added, not_removed) = if by == ada {
            (AddBookmark::SessionEnded, RemoveBookmark::SessionEnded)
        } else {
            (AddBookmark::NotFound, RemoveBookmark::NotFound)
        };
        assert_eq!(s.bookmarks.add(hers, acting(by), NOW).await.unwrap(), not_added);
        assert_eq!(s.bookmarks.remove(hers, acting(by)).await.unwrap(), not_removed);
        for comment in [her_comment, under_hers] {
            assert_eq!(s.comments.like(comment, acting(by), NOW).await.unwrap(), gone);
        }
    }
    let add = async |comment: testkit::CommentBuilder| s.comments.add(&comment.build(), None).await.unwrap();
    assert_eq!(add(a_comment("one", his, ada)).await, AddCommentOutcome::Write(Write::SessionEnded));
    assert_eq!(add(a_comment("two", hers, bob)).await, AddCommentOutcome::PostNotFound);
    assert_eq!(add(a_comment("three", hers, bob).reply_to(under_hers)).await, AddCommentOutcome::PostNotFound);
    assert_eq!(add(a_comment("four", his, bob).reply_to(her_comment)).await, AddCommentOutcome::ParentNotFound);
    for comment in [her_comment, under_hers] {
        assert_eq!(s.comments.edit(comment, &edit, acting(bob)).await.unwrap(), Change::NotFound);
        assert_eq!(s.comments.delete(comment, acting(bob), None).await.unwrap(), Change::NotFound);
    }
    assert_eq!(s.follows.follow(acting(ada), bob, NOW).await.unwrap(), Follow::SessionEnded);
    assert_eq!(s.follows.follow(acting(bob), ada, NOW).await.unwrap(), Follow::FolloweeGone);
    assert_eq!((s.db.count("comments").await, s.db.count("posts").await), (before, 2));
    s.db.assert_counters_exact().await;
}

async fn home_timelines_are_full_despite_hidden_posts(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    s.follow(bob, ada).await;
    let mut his = Vec::new();
    for number in 0..5 {
        his.push(s.post(&format!("his{number}"), bob).await);
        for more in 0..7 {
            s.post(&format!("hers{number}n{more}"), ada).await;
        }
    }
    hide(&s, ada).await;
    his.reverse();
    let page = crate::scene::page(3, None);
    let first = s.timelines.home(bob, page).await.unwrap();
    let second = s.timelines.home(bob, crate::scene::page(3, first.page.next)).await.unwrap();
    let ids: Vec<_> = first.page.items.iter().chain(&second.page.items).map(|post| post.id).collect();
    assert_eq!(ids, his);
    assert_eq!((first.page.items.len(), second.page.next), (3, None));
}

/// An account and some posts with lively threads are removed, three rows at a time.
async fn counters_equal_rows_at_every_moment_of_a_removal(s: Scene) {
    let seed = std::env::var("TEST_SEED").map_or(42, |seed| seed.parse().unwrap());
    let mut random = StdRng::seed_from_u64(seed);
    let mut users = Vec::new();
    for name in ["ada", "bob", "cyd", "dan"] {
        users.push(s.user(name).await);
    }
    let (mut posts, mut comments) = (Vec::new(), Vec::new());
    for number in 0..150 {
        let user = users[random.random_range(0..users.len())];
        let other = users[random.random_range(0..users.len())];
        let word = format!("w{number}");
        match random.random_range(0..9) {
            _ if posts.is_empty() => posts.push(s.post(&word, user).await),
            0 => posts.push(s.post(&word, user).await),
            1 => comments.push((posts[0], s.comment(&word, posts[0], user).await)),
            2 | 3 if !comments.is_empty() => {
                let (post, parent) = comments[random.random_range(0..comments.len())];
                comments.push((post, s.reply(&word, parent, post, user).await));
            }
            4 if user != other => s.follow(user, other).await,
            5 | 6 if !comments.is_empty() => {
                s.like_comment(comments[random.random_range(0..comments.len())].1, user).await;
            }
            7 => s.bookmark(posts[random.random_range(0..posts.len())], user).await,
            _ => s.like_post(posts[random.random_range(0..posts.len())], user).await,
        }
    }
    for _ in 0..comments.len() / 4 {
        let (_, comment) = comments[random.random_range(0..comments.len())];
        s.comments.delete(comment, acting(id("ada")), None).await.unwrap();
    }
    s.db.assert_counters_exact().await;
    let mut removals = vec![hide(&s, users[1]).await];
    for post in posts.iter().step_by(3) {
        if s.find_post(*post).await.is_some() {
            removals.push(hide_post(&s, *post).await);
        }
    }
    let hidden: Vec<_> = removals.iter().map(|removal| removal.id.to_string()).collect();
    let mut slices = 0;
    while !removals.is_empty() {
        let next = random.random_range(0..removals.len());
        // Each slice by a new repository, as if the process had restarted.
        let anew = SeaRemovalRepository::new(s.db.database());
        if anew.remove_some(removals[next], 3).await.unwrap() == Progress::Done {
            removals.swap_remove(next);
        }
        slices += 1;
        let found = s.db.contradictions().await;
        assert!(found.is_empty(), "seed {seed}, slice {slices}:\n{}", found.join("\n"));
        for post in views(s.timelines.public(first_page(), None).await.unwrap()).items {
            let (id, author) = (post.subject.id.to_string(), post.subject.author.id);
            assert!(author != users[1] && !hidden.contains(&id), "seed {seed}: {id} is hidden");
        }
        assert!(s.find_user(users[1]).await.is_none());
        assert!(slices < 1_000, "seed {seed}: it comes to no end");
    }
    s.remove_hidden().await;
    assert_eq!((s.db.count("removals").await, s.db.count("users").await), (0, 3), "seed {seed}");
    for (table, column) in [
        ("posts", "author_id"),
        ("comments", "author_id"),
        ("post_likes", "user_id"),
        ("bookmarks", "user_id"),
        ("follows", "followee_id"),
    ] {
        assert_eq!(s.db.count(&format!("{table} WHERE {column} = '{}'", users[1])).await, 0, "seed {seed}: {table}");
    }
}

async fn two_removers_share_the_work(s: Scene) {
    let ada = s.user("ada").await;
    crowd(&s, 1_000).await;
    let follows = "follower_id, followee_id, created_at";
    insert(&s, 1_000, "follows", follows, &format!("{}, '{ada}', n", sql_id("users"))).await;
    s.db.execute(&format!("UPDATE users SET follower_count = 1000 WHERE id = '{ada}'")).await;
    s.db.execute("UPDATE users SET following_count = 1 WHERE username LIKE 'name%'").await;
    let removal = hide(&s, ada).await;
    let removers = [0, 1].map(|_| {
        let carry_out = CarryOut::new(Arc::new(SeaRemovalRepository::new(s.db.database())));
        tokio::spawn(async move {
            // Each remover leaves it to the other while that one holds it, and tries again.
            while carry_out.pending(None, 1).await.unwrap().contains(&removal) {
                carry_out.execute(removal).await.unwrap();
            }
        })
    });
    for remover in removers {
        remover.await.unwrap();
    }
    assert_eq!((s.db.count("follows").await, s.db.count("users").await), (0, 1_000));
    s.db.assert_counters_exact().await;
}

async fn wrong_counters_block_no_removal(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    for (table, column) in [("posts", "like_count"), ("comments", "like_count"), ("comments", "reply_count")] {
        for wrong in [0, 1, 9] {
            let word = |what: &str| format!("{what}{}{}{wrong}", &table[..1], &column[..1]);
            let (hers, his) = (s.post(&word("hers"), ada).await, s.post(&word("his"), bob).await);
            s.like_post(hers, bob).await;
            for post in [hers, his] {
                let top = s.comment(&word(&format!("top{}", &post.as_str()[..3])), post, ada).await;
                for number in 0..3 {
                    let name = word(&format!("re{number}{}", &post.as_str()[..3]));
                    let reply = s.reply(&name, top, post, bob).await;
                    s.like_comment(reply, ada).await;
                }
            }
            let of = if table == "posts" { "id" } else { "post_id" };
            s.db.execute(&format!("UPDATE {table} SET {column} = {wrong} WHERE {of} = '{hers}'")).await;
            let removal = hide_post(&s, hers).await;
            let carry_out = CarryOut::new(Arc::clone(&s.removals) as _);
            let removed = tokio::time::timeout(std::time::Duration::from_secs(10), carry_out.execute(removal)).await;
            assert!(matches!(removed, Ok(Ok(()))), "{table}.{column} is {wrong}: {removed:?}");
            assert_eq!(s.find_post(his).await.unwrap().comment_count, 4);
        }
    }
    s.db.execute("UPDATE users SET post_count = 0, follower_count = 0, following_count = 0").await;
    s.follow(ada, bob).await;
    s.db.execute("UPDATE users SET following_count = 0, follower_count = 0").await;
    s.db.execute("UPDATE posts SET comment_count = 0, like_count = 0").await;
    hide(&s, ada).await;
    s.remove_hidden().await;
    assert_eq!((s.db.count("users").await, s.db.count("removals").await), (1, 0));
}

async fn visible_rows_are_not_removed(s: Scene) {
    let ada = s.user("ada").await;
    let post = s.post("post", ada).await;
    let comment = s.comment("comment", post, ada).await;
    s.like_comment(comment, ada).await;
    for (kind, id) in [("account", ada.cuid()), ("post", post.cuid()), ("comment", comment.cuid())] {
        s.db.execute(&format!("INSERT INTO removals (id, kind) VALUES ('{id}', '{kind}')")).await;
    }
    s.remove_hidden().await;
    assert!(s.find_user(ada).await.is_some() && s.find_post(post).await.is_some());
    assert_eq!(s.find_comment(comment).await.unwrap().like_count, 1);
    assert_eq!(s.db.count("removals").await, 0, "they are forgotten");
    s.db.assert_counters_exact().await;
}

async fn a_slice_of_an_account_with_many_posts_is_bounded(s: Scene) {
    let ada = s.user("ada").await;
    insert(
        &s,
        100,
        "posts",
        "id, author_id, content, created_at",
        &format!("{}, '{ada}', 'words', n", sql_id("posts")),
    )
    .await;
    s.db.execute(&format!("UPDATE users SET post_count = 100 WHERE id = '{ada}'")).await;
    let removal = hide(&s, ada).await;
    s.removals.remove_some(removal, 25).await.unwrap();
    assert_eq!(s.db.count("posts").await, 75);
    s.db.assert_counters_exact().await;
}

/// 100 comments of one author, each below three marks of its own.
async fn marks_above_many_comments_are_removed_in_bounded_slices(s: Scene) {
    const CHAINS: i64 = 100;
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let post = s.post("post", bob).await;
    let columns = "id, post_id, parent_id, author_id, content, created_at, reply_count";
    for (level, above) in [("lev1x", ""), ("lev2x", "lev1x"), ("lev3x", "lev2x"), ("lev4x", "lev3x")] {
        let parent = if above.is_empty() { "NULL".to_owned() } else { sql_id(above) };
        let rest = if level == "lev4x" { format!("'{ada}', 'words', n, 0") } else { "NULL, NULL, n, 1".to_owned() };
        insert(&s, CHAINS, "comments", columns, &format!("{}, '{post}', {parent}, {rest}", sql_id(level))).await;
    }
    s.db.execute(&format!("UPDATE posts SET comment_count = {CHAINS} WHERE id = '{post}'")).await;
    s.db.assert_counters_exact().await;
    let removal = hide(&s, ada).await;
    let before = s.db.count("comments").await;
    s.db.log().clear();
    s.removals.remove_some(removal, 100).await.unwrap();
    let statements = s.db.log().statements().len();
    assert!(statements < 60, "{statements} statements");
    let gone = before - s.db.count("comments").await;
    assert!((CHAINS..=2 * CHAINS).contains(&gone), "{gone} at once");
    s.db.assert_counters_exact().await;
    while s.db.count("removals").await > 0 {
        s.remove_hidden().await;
    }
    assert_eq!((s.db.count("comments").await, s.db.count("users").await), (0, 1));
    s.db.assert_counters_exact().await;
}

async fn pending_removals_can_be_paged_through(s: Scene) {
    insert(&s, 10, "removals", "id, kind", &format!("{}, 'comment'", sql_id("comnt"))).await;
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let some = s.removals.pending(after, 3).await.unwrap();
        let Some(last) = some.last() else { break };
        after = Some(last.id);
        found.extend(some.into_iter().map(|removal| removal.id));
    }
    let all: Vec<_> = (1..=10).map(|n| nth::<()>("comnt", n).cuid()).collect();
    assert_eq!(found, all);
}
