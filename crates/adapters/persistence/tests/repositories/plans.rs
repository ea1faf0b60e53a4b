//! The plans for every page of the OpenAPI document at 100,000 posts. Each list is read from an index in its order,
//! with few more rows than the page.
//!
//! The statements are those of the repositories, taken from the log with their values.

mod dataset;
mod postgres;
mod sqlite;

use std::collections::BTreeSet;

use ::posts::ports::{BookmarkRepository, CommentRepository, PostRepository, PostViewers, Thread};
use accounts::ports::{SessionRepository, UserRelations, UserRepository};
use database::PLANNER_SETTINGS;
use domain::{Cuid, Cursor, PageRequest, PageSize, Timestamp, UserId, UserRef, Username};
use feed::ports::TimelineRepository;
use sea_orm::{ConnectionTrait, Statement, Value};
use social::ports::{FollowRepository, Relation};
use testkit::operations::{Operation, assert_complete, committed_operations};
use testkit::{Engine, LoggedStatement, TestDatabase};

use crate::scene::Scene;

/// A kind of list, by what its plan may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Read from an index in the list's order.
    Ordered,
    /// Merges a page from each of at most a page of authors, and sorts the result.
    Merged,
}

/// A statement that a repository issued for a list.
struct Issued {
    /// The operation that returns the list.
    operation: &'static str,
    list: String,
    kind: Kind,
    /// Rows of a page, with the one that shows whether another page follows.
    rows: u8,
    statement: Statement,
}

#[test]
fn sqlite_reads_every_list_from_an_index() {
    testkit::run(Engine::Sqlite, |_: TestDatabase| every_list(Engine::Sqlite));
}

#[test]
fn postgres_reads_every_list_from_an_index() {
    testkit::run(Engine::Postgres, |_: TestDatabase| every_list(Engine::Postgres));
}

async fn every_list(engine: Engine) {
    // A database of its own: emptying it for the next test would be slow.
    let db = TestDatabase::without_tables(engine).await;
    persistence::migrate(&db.database()).await.unwrap();
    dataset::load(&db).await;
    let s = Scene::from(db);
    if engine == Engine::Postgres {
        // Plans depend on the settings of the repositories' connections.
        for (name, value) in PLANNER_SETTINGS {
            s.db.execute(&format!("SET {name} = {value}")).await;
        }
    }
    let mut issued = issue_all(&s).await;
    issued.extend(issue_flags(&s).await);
    assert!(issued.len() > 40, "{} statements", issued.len());
    let explained: BTreeSet<_> = issued.iter().map(|issued| issued.operation).collect();
    let pages = committed_operations().into_iter().filter(Operation::is_page);
    assert_complete(pages, explained, "its list to `issue_all`");

    let mut objections = Vec::new();
    // SQLite has no statistics until `ANALYZE`, so its plans must be good with and without them.
    for statistics in [false, true] {
        if statistics {
            s.db.execute("ANALYZE").await;
        } else if engine == Engine::Postgres {
            continue;
        }
        for Issued { list, kind, rows, statement, .. } in &issued {
            let found = match engine {
                Engine::Sqlite => sqlite::objections(&s.db, statement, *kind).await,
                Engine::Postgres => postgres::objections(&s.db, statement, *kind, *rows).await,
            };
            if !found.is_empty() {
                objections.push(format!("{list} (statistics: {statistics}): {}\n{statement}", found.join("; ")));
            }
        }
    }
    assert!(objections.is_empty(), "{}", objections.join("\n\n"));
    if engine == Engine::Postgres {
        timelines_are_planned_once(&s, &issued).await;
    }
}

async fn timelines_are_planned_once(s: &Scene, issued: &[Issued]) {
    let usual = ["public feed, first page of 20", &format!("home of {}, first page of 20", dataset::FOLLOWS_MANY)];
    let is_usual = |issued: &&Issued| usual.iter().any(|usual| issued.list.starts_with(usual));
    let timelines: Vec<_> = issued.iter().filter(is_usual).collect();
    assert_eq!(timelines.len(), 4, "both, for both kinds of readers");
    for Issued { list, statement, .. } in timelines {
        assert!(postgres::is_planned_once(&s.db, statement).await, "{list} is planned again and again");
    }
}

/// Reads the first page and a deep page of every list, anonymously and signed in.
async fn issue_all(s: &Scene) -> Vec<Issued> {
    use Kind::{Merged, Ordered};
    let mut issued = Vec::new();
    let reader = dataset::user(dataset::FOLLOWS_MANY);
    for (depth, after) in [("first", None), ("deep", Some(dataset::MIDDLE))] {
        for size in [20, 50, 100] {
            let page = PageRequest { size: PageSize::new(size).unwrap(), after: after.map(cursor) };
            for (who, viewer) in [("anonymous", None), ("signed in", Some(reader))] {
                let mut note = |operation, list: &str, kind| {
                    let list = format!("{list}, {depth} page of {size}, {who}");
                    issued.extend(taken_from_log(s, operation, &list, kind, size + 1));
                };
                s.db.log().clear();
                s.timelines.public(page, viewer).await.unwrap();
                note("publicFeed", "public feed", Ordered);
                s.users.list(page, viewer).await.unwrap();
                note("listUsers", "users", Ordered);
                for (who, user) in users() {
                    s.posts.list_by_user(&user, page, viewer).await.unwrap().unwrap();
                    note("listUserPosts", &format!("posts of {who}"), Ordered);
                    for (operation, relation) in
                        [("listFollowers", Relation::Followers), ("listFollowing", Relation::Following)]
                    {
                        s.follows.list(&user, relation, page, viewer).await.unwrap().unwrap();
                        note(operation, &format!("{relation:?} of {who}"), Ordered);
                    }
                }
                s.posts.list_likes(dataset::post(dataset::POPULAR), page, viewer).await.unwrap().unwrap();
                note("listPostLikes", "likes", Ordered);
                let (post, comment) = (dataset::post(dataset::POPULAR), dataset::comment(dataset::POPULAR));
                for (operation, thread) in
                    [("listComments", Thread::Post(post)), ("listReplies", Thread::Replies(comment))]
                {
                    s.comments.list(thread, page, viewer).await.unwrap().unwrap();
                    note(operation, &format!("{thread:?}"), Ordered);
                }
                for owner in [dataset::FOLLOWS_FEW, dataset::FOLLOWS_MANY] {
                    s.bookmarks.list(dataset::user(owner), page).await.unwrap();
                    note("listBookmarks", &format!("bookmarks of {owner}"), Ordered);
                }
                for follower in [dataset::FOLLOWS_FEW, dataset::FOLLOWS_MANY] {
                    s.timelines.home(dataset::user(follower), page).await.unwrap();
                    note("homeTimeline", &format!("home of {follower}"), Merged);
                }
                for user in [dataset::PROLIFIC, dataset::FOLLOWS_MANY] {
                    s.sessions.list(dataset::user(user), page).await.unwrap();
                    note("listSessions", &format!("sessions of {user}"), Ordered);
                }
            }
        }
    }
    issued
}

/// Reads what a page from the cache lacks: the reader's own flags.
async fn issue_flags(s: &Scene) -> Vec<Issued> {
    let mut issued = Vec::new();
    for size in [20, 50, 100] {
        // From the popular ones on every 19th, so none is next to another in an index.
        let numbers = || (0..u32::from(size)).map(|number| number * 19 + 1);
        let (posts, users): (Vec<_>, Vec<_>) =
            (numbers().map(dataset::post).collect(), numbers().map(dataset::user).collect());
        for reader in [dataset::PROLIFIC, dataset::FOLLOWS_FEW, dataset::FOLLOWS_MANY] {
            s.db.log().clear();
            s.posts.viewers(dataset::user(reader), &posts).await.unwrap();
            let list = format!("flags of {reader}, page of {size}");
            issued.extend(taken_from_log(s, "publicFeed", &list, Kind::Ordered, size));
            s.users.relations(dataset::user(reader), &users).await.unwrap();
            let list = format!("relations of {reader}, page of {size}");
            issued.extend(taken_from_log(s, "listUsers", &list, Kind::Ordered, size));
        }
    }
    issued
}

/// The logged statements, which are removed from the log.
fn taken_from_log(s: &Scene, operation: &'static str, list: &str, kind: Kind, rows: u8) -> Vec<Issued> {
    let statements = s.db.log().statements();
    s.db.log().clear();
    let issued = statements.into_iter().map(|LoggedStatement { sql, values, .. }| {
        let statement = Statement { sql, values, db_backend: s.db.sql().get_database_backend() };
        Issued { operation, list: list.to_owned(), kind, rows, statement }
    });
    issued.collect()
}

/// A user with many posts and one with few, by id and by name.
fn users() -> Vec<(String, UserRef)> {
    let named = |number| UserRef::Username(Username::parse(&dataset::username(number)).unwrap());
    [dataset::PROLIFIC, dataset::FOLLOWS_MANY]
        .into_iter()
        .flat_map(|number| {
            let id: UserId = dataset::user(number);
            [(format!("{number} by id"), UserRef::Id(id)), (format!("{number} by name"), named(number))]
        })
        .collect()
}

fn cursor(at: i64) -> Cursor {
    Cursor { at: Timestamp::from_micros(at), id: Cuid::parse("mmmmmmmmmmmmmmmmmmmmmmmm").unwrap() }
}

/// The rows of a statement with the given `prefix`, such as `EXPLAIN`.
async fn explain(db: &TestDatabase, prefix: &str, statement: &Statement) -> Vec<sea_orm::QueryResult> {
    let statement = Statement { sql: format!("{prefix} {}", statement.sql), ..statement.clone() };
    db.sql().query_all_raw(statement).await.unwrap()
}

/// A statement that no index supports, to show that the checks would notice.
fn unordered(db: &TestDatabase) -> Statement {
    let backend = db.sql().get_database_backend();
    let limit = if db.engine() == Engine::Postgres { "$1" } else { "?" };
    let sql = format!("SELECT id FROM posts ORDER BY content LIMIT {limit}");
    Statement::from_sql_and_values(backend, sql, [Value::from(20_i64)])
}
