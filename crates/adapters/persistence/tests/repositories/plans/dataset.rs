//! 100,000 posts by 20,000 users, with followers, comments, likes, bookmarks and sessions. The database generates them
//! in a few seconds.

use domain::{CommentId, Id, PostId, UserId};
use testkit::{Engine, TestDatabase};

/// A user with thousands of posts, whom all others follow.
pub(super) const PROLIFIC: u32 = 1;
/// A user who follows 10.
pub(super) const FOLLOWS_FEW: u32 = 500;
/// A user who follows 200, and likes and bookmarked every post.
pub(super) const FOLLOWS_MANY: u32 = 600;
/// The number of a post with many comments and likes, and of a comment on it with many replies.
pub(super) const POPULAR: u32 = 1;
/// A time in the middle of all posts, and of the other rows.
pub(super) const MIDDLE: i64 = 500_000_000;

pub(super) fn user(number: u32) -> UserId {
    id("users", number)
}

pub(super) fn post(number: u32) -> PostId {
    id("posts", number)
}

pub(super) fn comment(number: u32) -> CommentId {
    id("comms", number)
}

pub(super) fn username(number: u32) -> String {
    format!("name_{number}")
}

fn id<T>(prefix: &str, number: u32) -> Id<T> {
    Id::parse(&format!("{prefix}1{number:018}")).unwrap()
}

/// The same in SQL: 24 characters in all.
fn sql_id(prefix: &str, number: &str) -> String {
    format!("'{prefix}' || CAST(1000000000000000000 + ({number}) AS TEXT)")
}

/// A time for row `n` of `rows`: spread over the same span in every table, with several rows at one time.
fn sql_time(rows: u32) -> String {
    format!("CAST(n * 3 / {rows}.0 * 1000 AS BIGINT) * 333333")
}

/// An `INSERT` of the rows `1..=rows` as `n`, in SQL that both databases understand.
fn insert(table: &str, columns: &str, rows: u32, select: &str) -> String {
    format!(
        "INSERT INTO {table} ({columns})
         WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {rows}) {select}"
    )
}

pub(super) async fn load(db: &TestDatabase) {
    let bytes = if db.engine() == Engine::Postgres { "BYTEA" } else { "BLOB" };
    for statement in statements().into_iter().chain(sessions(bytes)) {
        db.execute(&statement).await;
    }
}

/// A like or a bookmark of every post, by `user`.
fn of_every_post(table: &str, time: &str, user: &str) -> String {
    format!(
        "INSERT INTO {table} (user_id, post_id, {time})
         SELECT {user}, id, created_at + 2 FROM posts WHERE TRUE ON CONFLICT DO NOTHING"
    )
}

fn statements() -> Vec<String> {
    let (user, post, comment) = (|n: &str| sql_id("users", n), |n: &str| sql_id("posts", n), sql_id);
    // Half of the posts are by ten users. The order of ids is independent of the order in time.
    let author = user("CASE WHEN n % 2 = 0 THEN n / 2 % 10 + 1 ELSE n / 2 % 20000 + 1 END");
    let follow = |follower: &str, followee: &str, rows| {
        let select = format!(
            "SELECT {}, {}, {} FROM g WHERE ({follower}) <> ({followee})",
            user(follower),
            user(followee),
            sql_time(rows)
        );
        insert("follows", "follower_id, followee_id, created_at", rows, &format!("{select} ON CONFLICT DO NOTHING"))
    };
    vec![
        insert(
            "users",
            "id, username, display_name, bio, password_hash, created_at",
            20_000,
            &format!("SELECT {}, 'name_' || n, 'Name', 'Bio', 'hash', {} FROM g", user("n"), sql_time(20_000)),
        ),
        insert(
            "posts",
            "id, author_id, content, created_at",
            100_000,
            &format!(
                "SELECT {}, {author}, 'A thought of some length, number ' || n, {} FROM g",
                post("CASE WHEN n = 1 THEN 1 ELSE CAST(n AS BIGINT) * 7919 % 100003 + 1000000 END"),
                sql_time(100_000)
            ),
        ),
        // All follow user 1. User 600 follows two hundred, user 500 follows ten, and the others follow a few.
        follow("n", "1", 20_000),
        follow("600", "n", 200),
        follow("500", "n", 10),
        follow("n % 499 + 1", "n * 7 % 20000 + 1", 20_000),
        insert(
            "post_likes",
            "post_id, user_id, created_at",
            20_000,
            &format!("SELECT {}, {}, {} FROM g", post("1"), user("n"), sql_time(20_000)),
        ),
        format!(
            "INSERT INTO post_likes (post_id, user_id, created_at)
             SELECT id, {}, created_at + 1 FROM posts WHERE id <> {}",
            user("created_at % 1000 + 1"),
            post("1")
        ),
        of_every_post("post_likes", "created_at", &user("600")),
        // Most users have a few bookmarks, some posts have many.
        of_every_post("bookmarks", "bookmarked_at", &user("created_at % 19999 + 1")),
        of_every_post("bookmarks", "bookmarked_at", &user("600")),
        insert(
            "bookmarks",
            "post_id, user_id, bookmarked_at",
            10_000,
            &format!(
                "SELECT {}, {}, {} FROM g WHERE n <> 600 ON CONFLICT DO NOTHING",
                post("1"),
                user("n"),
                sql_time(10_000)
            ),
        ),
        // A comment with many replies, and many comments beside it; then some on every tenth post.
        insert(
            "comments",
            "id, post_id, author_id, content, created_at",
            20_000,
            &format!(
                "SELECT {}, {}, {}, 'A comment', {} FROM g",
                comment("comms", "CASE WHEN n = 1 THEN 1 ELSE CAST(n AS BIGINT) * 7919 % 100003 + 1000000 END"),
                post("1"),
                user("n % 1000 + 1"),
                sql_time(20_000)
            ),
        ),
        insert(
            "comments",
            "id, post_id, parent_id, author_id, content, created_at",
            10_000,
            &format!(
                "SELECT {}, {}, {}, {}, 'A reply', {} FROM g",
                comment("comms", "CAST(n AS BIGINT) * 7919 % 100003 + 2000000"),
                post("1"),
                comment("comms", "1"),
                user("n % 1000 + 1"),
                sql_time(10_000)
            ),
        ),
        format!(
            "INSERT INTO comments (id, post_id, author_id, content, created_at)
             SELECT 'other' || substr(id, 6), id, author_id, 'Another comment', created_at + 5 FROM posts
             WHERE created_at % 10 = 3"
        ),
        format!(
            "INSERT INTO comment_likes (comment_id, user_id, created_at)
             SELECT id, {}, created_at + 1 FROM comments",
            user("created_at % 1000 + 1")
        ),
    ]
}

/// Half of the sessions are of user 1. Each has a token. `bytes` is the database's type for them.
fn sessions(bytes: &str) -> [String; 2] {
    let user = sql_id("users", "CASE WHEN n % 2 = 0 THEN 1 ELSE n % 20000 + 1 END");
    let select = format!("SELECT {}, {user}, {} FROM g", sql_id("sessn", "n"), sql_time(20_000));
    [
        insert("sessions", "id, user_id, created_at", 20_000, &select),
        format!(
            "INSERT INTO refresh_tokens (token_hash, session_id, created_at, expires_at)
             SELECT CAST(id AS {bytes}), id, created_at, created_at + 1 FROM sessions"
        ),
    ]
}
