//! Two instances write about the same few users, posts and comments without deadlocks, whatever the plans of the
//! statements.
//!
//! One instance plans as usual. The other uses hash joins and sequential scans, where only an explicit order is kept.
//! PostgreSQL looks for deadlocks after 10 ms, before any write times out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::posts::ports::{BookmarkRepository, CommentRepository, PostRepository};
use accounts::ports::{EraseUser, NewRefreshToken, RefreshTokenHash, SessionRepository, UserRepository};
use database::{Database, DatabaseOptions, Location};
use domain::{CommentId, Cuid, PostId, RepositoryError, Session, UserId};
use futures_util::future::join_all;
use persistence::{
    SeaBookmarkRepository, SeaCommentRepository, SeaFollowRepository, SeaPostRepository, SeaRemovalRepository,
    SeaSessionRepository, SeaUserRepository,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use removals::{CarryOut, Removal, RemovalKind};
use social::ports::FollowRepository;
use testkit::{Engine, NOW, StatementLog, a_comment, a_post, a_user, acting};

use crate::scene::{Scene, any_names, hash_of, not_kept};

/// Settings of an instance's sessions on PostgreSQL.
const USUAL: &[(&str, &str)] = &[("deadlock_timeout", "10ms")];
const BY_HASHES: &[(&str, &str)] = &[
    ("deadlock_timeout", "10ms"),
    ("enable_nestloop", "off"),
    ("enable_mergejoin", "off"),
    ("enable_indexscan", "off"),
    ("enable_indexonlyscan", "off"),
    ("jit", "off"),
];

const WRITERS: u64 = 12;

/// One of several servers on the same database.
struct Instance {
    database: Database,
    users: SeaUserRepository,
    sessions: SeaSessionRepository,
    posts: SeaPostRepository,
    comments: SeaCommentRepository,
    bookmarks: SeaBookmarkRepository,
    follows: SeaFollowRepository,
    removals: Arc<SeaRemovalRepository>,
    log: Arc<StatementLog>,
}

impl Instance {
    async fn new(s: &Scene, settings: &[(&str, &str)]) -> Arc<Self> {
        let settings: Vec<_> = settings.iter().map(|(name, value)| format!("options%5B{name}%5D={value}")).collect();
        let location = Location::parse(&format!("{}?{}", s.db.url(), settings.join("&"))).unwrap();
        let log = Arc::new(StatementLog::default());
        let options = DatabaseOptions {
            acquire_timeout: Duration::from_mins(1),
            observer: Some(Arc::clone(&log) as _),
            ..DatabaseOptions::new(location)
        };
        let database = Database::connect(&options).await.unwrap();
        Arc::new(Self {
            users: SeaUserRepository::new(database.clone()),
            sessions: SeaSessionRepository::new(database.clone()),
            posts: SeaPostRepository::new(database.clone()),
            comments: SeaCommentRepository::new(database.clone()),
            bookmarks: SeaBookmarkRepository::new(database.clone()),
            follows: SeaFollowRepository::new(database.clone()),
            removals: Arc::new(SeaRemovalRepository::new(database.clone())),
            database,
            log,
        })
    }

    /// Opens the session that a new account is [`acting`] in.
    async fn sign_in(&self, user: UserId) -> Result<(), RepositoryError> {
        let session = Session { id: acting(user).session_id, user_id: user, created_at: NOW, user_agent: None };
        let mut hash = [0; 32];
        hash[..Cuid::LENGTH].copy_from_slice(user.as_str().as_bytes());
        let token = NewRefreshToken { hash: RefreshTokenHash(hash), created_at: NOW, expires_at: NOW };
        self.sessions.open(&session, &token, &hash_of("new").into()).await.map(drop)
    }

    async fn remove(&self, kind: RemovalKind, id: Cuid) {
        CarryOut::new(Arc::clone(&self.removals) as _).execute(Removal { kind, id }).await.unwrap();
    }
}

/// What the writers can write about.
#[derive(Clone, Default)]
struct Known {
    users: Vec<UserId>,
    posts: Vec<PostId>,
    comments: Vec<(PostId, CommentId)>,
}

/// What a writer does next.
#[derive(Debug, Clone, Copy)]
enum Act {
    Publish,
    Comment,
    Reply,
    LikePost,
    LikeComment,
    Bookmark,
    Follow,
    DeleteComment,
    DeletePost,
    Erase,
}

struct Writer {
    at: Arc<Instance>,
    known: Arc<Mutex<Known>>,
    random: StdRng,
    name: String,
    written: usize,
}

impl Writer {
    /// A word that no other writer uses, at a random position in the order of ids.
    fn word(&mut self) -> String {
        self.written += 1;
        let letter = char::from(self.random.random_range(b'a'..=b'z'));
        format!("{letter}{}n{}", self.name, self.written)
    }

    fn note(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn choose<T: Copy>(&mut self, all: impl FnOnce(&Known) -> &[T]) -> T {
        let known = Arc::clone(&self.known);
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        *all(&known).choose(&mut self.random).unwrap()
    }

    async fn act(&mut self, act: Act) -> Result<(), RepositoryError> {
        let at = Arc::clone(&self.at);
        let (user, post) = (self.choose(|known| &known.users), self.choose(|known| &known.posts));
        let (of, comment) = self.choose(|known| &known.comments);
        let yes = self.random.random_bool(0.5);
        match act {
            Act::Publish => {
                at.posts.publish(&a_post(&self.word(), user).build(), None).await?;
            }
            Act::Comment => {
                at.comments.add(&a_comment(&self.word(), post, user).build(), None).await?;
            }
            Act::Reply => {
                let reply = a_comment(&self.word(), of, user).reply_to(comment).build();
                at.comments.add(&reply, None).await?;
                self.note(|known| {
                    let place = usize::from(self.name.as_bytes()[0]) % known.comments.len();
                    known.comments[place] = (of, reply.id);
                });
            }
            Act::LikePost if yes => drop(at.posts.like(post, acting(user), NOW).await?),
            Act::LikePost => drop(at.posts.unlike(post, acting(user)).await?),
            Act::LikeComment if yes => drop(at.comments.like(comment, acting(user), NOW).await?),
            Act::LikeComment => drop(at.comments.unlike(comment, acting(user)).await?),
            Act::Bookmark if yes => drop(at.bookmarks.add(post, acting(user), NOW).await?),
            Act::Bookmark => drop(at.bookmarks.remove(post, acting(user)).await?),
            Act::Follow => {
                let other = self.choose(|known| &known.users);
                if other != user && yes {
                    at.follows.follow(acting(user), other, NOW).await?;
                } else {
                    at.follows.unfollow(acting(user), other).await?;
                }
            }
            Act::DeleteComment => {
                at.comments.delete(comment, acting(user), None).await?;
            }
            Act::DeletePost => {
                // Another post replaces it first: there is always something to write about.
                let new = a_post(&self.word(), user).build();
                at.posts.publish(&new, None).await?;
                let first = a_comment(&self.word(), new.id, user).build();
                at.comments.add(&first, None).await?;
                self.note(|known| {
                    known.posts.iter_mut().filter(|known| **known == post).for_each(|known| *known = new.id);
                    let gone = known.comments.iter_mut().filter(|(on, _)| *on == post);
                    gone.for_each(|known| *known = (new.id, first.id));
                });
                at.posts.delete(post, acting(user), None).await?;
                at.remove(RemovalKind::Post, post.cuid()).await;
            }
            Act::Erase => {
                let new = a_user(&self.word()).build();
                at.users.insert(&new, &hash_of("new"), &any_names()).await?;
                at.sign_in(new.id).await?;
                self.note(|known| {
                    known.users.iter_mut().filter(|known| **known == user).for_each(|known| *known = new.id);
                });
                let Some(its) = at.users.find_credentials(&user.into()).await? else { return Ok(()) };
                let erased = at.users.erase(acting(user), &its.password.clone().into(), &not_kept()).await?;
                assert_ne!(erased, EraseUser::ProofMoved);
                at.remove(RemovalKind::Account, user.cuid()).await;
            }
        }
        Ok(())
    }
}

/// How many deadlocks PostgreSQL has found in the database. A session reports its count when it ends, at the latest.
async fn deadlocks(s: &Scene) -> i64 {
    s.db.scalar_i64("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await
}

/// Runs the writers of two instances, each with `each` of `acts`. Returns the number of deadlocks, and the retries by
/// operation and reason.
async fn deadlocks_and_retries(
    s: &Scene,
    acts: &'static [Act],
    each: usize,
) -> (i64, BTreeMap<(&'static str, &'static str), usize>) {
    let mut known = Known::default();
    // Inserted in another order than that of their ids.
    for name in ["hal", "cyd", "fay", "ada", "gus", "bob", "eve", "dan"] {
        let user = s.user(name).await;
        let post = s.post(&format!("of{name}"), user).await;
        known.users.push(user);
        known.posts.push(post);
    }
    for name in ["yes", "ok"] {
        let (user, post) = (known.users[known.comments.len()], known.posts[known.comments.len()]);
        let comment = s.comment(name, post, user).await;
        known.comments.push((post, comment));
        known.comments.push((post, s.reply(&format!("but{name}"), comment, post, user).await));
    }
    let before = deadlocks(s).await;
    let known = Arc::new(Mutex::new(known));
    let instances = [Instance::new(s, USUAL).await, Instance::new(s, BY_HASHES).await];
    let seed = std::env::var("TEST_SEED").map_or(42, |seed| seed.parse().unwrap());
    let writers = (0..2 * WRITERS).map(|number| {
        let mut writer = Writer {
            at: Arc::clone(&instances[usize::from(number % 2 == 1)]),
            known: Arc::clone(&known),
            random: StdRng::seed_from_u64(seed + number),
            name: format!("{number}"),
            written: 0,
        };
        tokio::spawn(async move {
            for _ in 0..each {
                let act = *acts.choose(&mut writer.random).unwrap();
                writer.act(act).await.unwrap_or_else(|error| {
                    panic!("seed {seed}, writer {number}, {act:?}: {error}: {:?}", error.source);
                });
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    for instance in &instances {
        instance.database.clone().close().await.unwrap();
    }
    s.db.assert_counters_exact().await;
    let own = i64::from(s.db.database().servers()[0].connections + s.db.database().servers()[0].pipelined) + 1;
    let sessions = "SELECT count(*) FROM pg_stat_activity \
                    WHERE datname = current_database() AND backend_type = 'client backend'";
    let begun = Instant::now();
    while s.db.scalar_i64(sessions).await > own {
        assert!(begun.elapsed() < Duration::from_secs(30), "sessions are left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut retries = BTreeMap::new();
    for retry in instances.iter().flat_map(|instance| instance.log.retries()) {
        *retries.entry(retry).or_default() += 1;
    }
    (deadlocks(s).await - before, retries)
}

fn assert_no_deadlocks(acts: &'static [Act], each: usize) {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let (deadlocks, retries) = deadlocks_and_retries(&s, acts, each).await;
        assert_eq!(deadlocks, 0, "{retries:#?}");
    });
}

/// Publishing changes the counts of many authors, whose rows are locked for other reasons all the while.
#[test]
fn posts_meet_follows_likes_and_comments() {
    assert_no_deadlocks(&[Act::Publish, Act::Publish, Act::Publish, Act::Follow, Act::LikePost, Act::Comment], 150);
}

#[test]
fn comments_meet_likes_of_posts() {
    assert_no_deadlocks(&[Act::Comment, Act::LikePost], 150);
}

/// Each bookmark has a transaction of its own, and locks the post that batches of likes and comments lock.
#[test]
fn bookmarks_meet_likes_and_comments() {
    assert_no_deadlocks(&[Act::Bookmark, Act::Bookmark, Act::LikePost, Act::LikePost, Act::Comment], 150);
}

#[test]
fn deleted_comments_meet_likes_of_comments() {
    assert_no_deadlocks(&[Act::DeleteComment, Act::Reply, Act::LikeComment, Act::LikeComment, Act::LikeComment], 200);
}

#[test]
fn deleted_posts_meet_likes_of_comments() {
    assert_no_deadlocks(&[Act::DeletePost, Act::Reply, Act::LikeComment, Act::LikeComment, Act::LikePost], 60);
}

/// The removal of a post and that of an account meet in the same bookmarks.
#[test]
fn removals_meet_bookmarks() {
    assert_no_deadlocks(&[Act::DeletePost, Act::Erase, Act::Bookmark, Act::Bookmark, Act::Bookmark, Act::LikePost], 60);
}

#[test]
fn erased_accounts_meet_everything() {
    assert_no_deadlocks(
        &[
            Act::Erase,
            Act::Publish,
            Act::Comment,
            Act::Reply,
            Act::LikePost,
            Act::LikeComment,
            Act::LikeComment,
            Act::Bookmark,
            Act::Follow,
            Act::DeleteComment,
            Act::DeletePost,
        ],
        60,
    );
}
