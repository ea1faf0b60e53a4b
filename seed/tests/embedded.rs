//! Fills an SQLite file, and checks the rows with plain SQL.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be made is a failed test")]

use std::path::Path;

use database::{Database, DatabaseOptions, Location};
use domain::Timestamp;
use persistence::bulk::Loaded;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use security::HashingCost;
use seed::{Numbers, Order, Report, fill};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_123_456);

const ORDER: Order = Order {
    numbers: Numbers { users: 40, posts: 300, comments: 900, follows: 200, likes: 1_500 },
    random_seed: 42,
    reset: false,
    now: NOW,
    hashing: HashingCost::MINIMAL_FOR_TESTS,
    quiet: true,
};

/// Queries that count wrong counters; each must return zero.
const WRONG_COUNTERS: [&str; 7] = [
    "SELECT count(*) FROM users u WHERE post_count <> (SELECT count(*) FROM posts WHERE author_id = u.id)",
    "SELECT count(*) FROM users u WHERE follower_count <> (SELECT count(*) FROM follows WHERE followee_id = u.id)",
    "SELECT count(*) FROM users u WHERE following_count <> (SELECT count(*) FROM follows WHERE follower_id = u.id)",
    "SELECT count(*) FROM posts p WHERE like_count <> (SELECT count(*) FROM post_likes WHERE post_id = p.id)",
    "SELECT count(*) FROM posts p WHERE comment_count <>
        (SELECT count(*) FROM comments WHERE post_id = p.id AND author_id IS NOT NULL)",
    "SELECT count(*) FROM comments c WHERE like_count <> (SELECT count(*) FROM comment_likes WHERE comment_id = c.id)",
    "SELECT count(*) FROM comments c WHERE reply_count <> (SELECT count(*) FROM comments WHERE parent_id = c.id)",
];

struct Fixture {
    folder: TempDir,
    database: Database,
    sql: DatabaseConnection,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("thoughts.db");
        let database = open(&file).await;
        persistence::migrate(&database).await.unwrap();
        let sql = sea_orm::Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
        Self { folder, database, sql }
    }

    async fn fill(&self, order: Order) -> Report {
        fill(&self.database, &order).await.unwrap()
    }

    async fn number(&self, sql: &str) -> i64 {
        let row = self.sql.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    async fn execute(&self, sql: &str) -> u64 {
        self.sql.execute_unprepared(sql).await.unwrap().rows_affected()
    }

    /// The numbers of users, posts, comments, follows, likes of posts, likes of comments and bookmarks.
    async fn sizes(&self) -> [i64; 7] {
        let mut sizes = [0; 7];
        let tables = ["users", "posts", "comments", "follows", "post_likes", "comment_likes", "bookmarks"];
        for (size, table) in sizes.iter_mut().zip(tables) {
            *size = self.number(&format!("SELECT count(*) FROM {table}")).await;
        }
        sizes
    }

    async fn assert_counters_are_exact(&self) {
        for wrong in WRONG_COUNTERS {
            assert_eq!(self.number(wrong).await, 0, "{wrong}");
        }
        let threads_across_posts =
            "SELECT count(*) FROM comments c JOIN comments p ON p.id = c.parent_id WHERE p.post_id <> c.post_id";
        assert_eq!(self.number(threads_across_posts).await, 0);
    }
}

async fn open(file: &Path) -> Database {
    Database::connect(&DatabaseOptions::new(Location::SqliteFile(file.to_owned()))).await.unwrap()
}

fn total(report: &Report) -> Loaded {
    let mut total = Loaded::default();
    for (_, loaded) in &report.loaded {
        total += *loaded;
    }
    total
}

const ALL: [i64; 7] = [40, 300, 900, 200, 1_050, 450, 6];
const ROWS: u64 = 2_946;

#[tokio::test]
async fn adds_everything_once() {
    let fixture = Fixture::new().await;
    let first = fixture.fill(ORDER).await;
    assert_eq!(total(&first), Loaded { added: ROWS, already_there: 0, skipped: 0 });
    assert_eq!(first.recounted, 0, "the counters that came along were right");
    assert_eq!(first.test_users, ["ada", "grace", "linus"]);
    assert_eq!(fixture.sizes().await, ALL);
    fixture.assert_counters_are_exact().await;
    assert!(fixture.number("SELECT max(created_at) FROM comments").await <= NOW.as_micros() + 1_000);

    // A later run creates the same world.
    let second = fixture.fill(Order { now: NOW.after(std::time::Duration::from_hours(48)), ..ORDER }).await;
    assert_eq!(total(&second), Loaded { added: 0, already_there: ROWS, skipped: 0 });
    assert_eq!(second.recounted, 0);
    assert_eq!(fixture.sizes().await, ALL);
    fixture.assert_counters_are_exact().await;
}

#[tokio::test]
async fn completes_an_interrupted_run() {
    let (fixture, whole) = (Fixture::new().await, Fixture::new().await);
    fixture.fill(ORDER).await;
    whole.fill(ORDER).await;
    // As after an interruption, with changes by a server in between.
    let answered = "SELECT parent_id FROM comments WHERE parent_id IS NOT NULL";
    let gone = fixture.execute(&format!("DELETE FROM comments WHERE id > 'm' AND id NOT IN ({answered})")).await
        + fixture.execute("DELETE FROM post_likes WHERE user_id > 'm'").await
        + fixture.execute("DELETE FROM follows WHERE follower_id > 'm'").await;
    fixture.execute("UPDATE posts SET like_count = 7, comment_count = 0").await;
    fixture.execute("UPDATE users SET post_count = post_count + 1").await;
    assert!(gone > 500);
    let again = fixture.fill(ORDER).await;
    assert!(total(&again).added >= gone, "likes that went along with comments come back, too");
    assert_eq!(total(&again).skipped, 0);
    assert!(again.recounted >= 40);
    assert_eq!(fixture.sizes().await, ALL);
    fixture.assert_counters_are_exact().await;
    // A fingerprint of the rows, including times and counters.
    for sql in [
        "SELECT sum(created_at % 1000003 + post_count * 7 + follower_count * 11 + following_count) FROM users",
        "SELECT sum(created_at % 1000003 + length(content) * 13 + like_count * 7 + comment_count) FROM posts",
        "SELECT sum(created_at % 1000003 + length(content) * 13 + like_count * 7 + reply_count) FROM comments",
        "SELECT sum(created_at % 1000003) FROM comment_likes",
    ] {
        assert_eq!(fixture.number(sql).await, whole.number(sql).await, "{sql}");
    }
}

/// A user with a test user's name, and earlier data of this and other users.
const STRANGERS: &str = "
    INSERT INTO users (id, username, display_name, bio, password_hash, created_at, post_count, follower_count)
    VALUES ('realada00000000000000000', 'ada', 'Real Ada', '', 'x', 1, 5, 0),
        ('stranger0000000000000000', 'stranger', 'Stranger', '', 'x', 2, 0, 9);
    INSERT INTO posts (id, author_id, content, created_at, like_count)
    VALUES ('realpost0000000000000000', 'realada00000000000000000', 'Mine', 3, 0);
    INSERT INTO comments (id, post_id, parent_id, author_id, content, created_at, reply_count)
    VALUES ('deleted00000000000000000', 'realpost0000000000000000', NULL, NULL, NULL, 4, 0),
        ('reply0000000000000000000', 'realpost0000000000000000', 'deleted00000000000000000',
            'stranger0000000000000000', 'Yours', 5, 0);
    INSERT INTO post_likes (post_id, user_id, created_at)
    VALUES ('realpost0000000000000000', 'stranger0000000000000000', 6);
    INSERT INTO follows (follower_id, followee_id, created_at)
    VALUES ('stranger0000000000000000', 'realada00000000000000000', 7);
    INSERT INTO bookmarks (user_id, post_id, bookmarked_at)
    VALUES ('stranger0000000000000000', 'realpost0000000000000000', 8);
";

#[tokio::test]
async fn keeps_other_users_data_and_skips_conflicting_rows() {
    let fixture = Fixture::new().await;
    fixture.execute(STRANGERS).await;
    let report = fixture.fill(ORDER).await;
    let users = report.loaded[0].1;
    assert_eq!(users, Loaded { added: 39, already_there: 0, skipped: 1 });
    assert_eq!(report.test_users, ["grace", "linus"]);
    let skipped = total(&report).skipped;
    assert!(skipped > 20, "posts of ada, what was said about them, her follows and likes: {skipped}");
    assert_eq!(total(&report).added + skipped, ROWS);
    fixture.assert_counters_are_exact().await;
    for (sql, expected) in [
        ("SELECT count(*) FROM users WHERE id = 'realada00000000000000000' AND display_name = 'Real Ada'", 1),
        ("SELECT post_count FROM users WHERE username = 'ada'", 1),
        ("SELECT follower_count FROM users WHERE username = 'ada'", 1),
        ("SELECT comment_count FROM posts WHERE id = 'realpost0000000000000000'", 1),
        ("SELECT reply_count FROM comments WHERE id = 'deleted00000000000000000'", 1),
    ] {
        assert_eq!(fixture.number(sql).await, expected, "{sql}");
    }
    let again = fixture.fill(ORDER).await;
    assert_eq!(total(&again), Loaded { added: 0, already_there: ROWS - skipped, skipped });
}

#[tokio::test]
async fn extends_an_existing_world() {
    let fixture = Fixture::new().await;
    fixture.fill(ORDER).await;
    let more = Numbers { users: 60, posts: 400, ..ORDER.numbers };
    let report = fixture.fill(Order { numbers: more, ..ORDER }).await;
    assert_eq!(report.loaded[0].1, Loaded { added: 20, already_there: 40, skipped: 0 });
    // With more users, other users write the posts. Only the test users' posts stay.
    assert_eq!(report.loaded[1].1, Loaded { added: 388, already_there: 12, skipped: 0 });
    assert!(report.recounted > 0);
    fixture.assert_counters_are_exact().await;
}

#[tokio::test]
async fn removes_everything_on_reset() {
    let fixture = Fixture::new().await;
    fixture.execute(STRANGERS).await;
    let account = fixture.execute("INSERT INTO removals (id, kind) SELECT id, 'account' FROM users LIMIT 1").await;
    assert_eq!(account, 1);
    fixture.fill(Order { reset: true, ..ORDER }).await;
    // Otherwise the removal would delete a new account with the same id.
    assert_eq!(fixture.number("SELECT COUNT(*) FROM removals").await, 0);
    assert_eq!(fixture.sizes().await, ALL);
    assert_eq!(fixture.number("SELECT count(*) FROM users WHERE username = 'stranger'").await, 0);
    fixture.assert_counters_are_exact().await;
    let nothing = Numbers { users: 3, posts: 0, comments: 0, follows: 0, likes: 0 };
    fixture.fill(Order { reset: true, numbers: nothing, ..ORDER }).await;
    assert_eq!(fixture.sizes().await, [3, 0, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn fills_a_file_that_is_being_written_to() {
    let fixture = Fixture::new().await;
    fixture.fill(Order { numbers: Numbers { users: 3, posts: 0, comments: 0, follows: 0, likes: 0 }, ..ORDER }).await;
    let server = open(&fixture.folder.path().join("thoughts.db")).await;
    server.ping().await.unwrap();
    let writing = async {
        for _ in 0..50 {
            fixture.execute("UPDATE users SET revision = revision + 1 WHERE username = 'ada'").await;
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    let (report, ()) = tokio::join!(fixture.fill(ORDER), writing);
    assert_eq!(total(&report).added, ROWS - 3);
    assert_eq!(fixture.number("SELECT revision FROM users WHERE username = 'ada'").await, 50);
    fixture.assert_counters_are_exact().await;
}
