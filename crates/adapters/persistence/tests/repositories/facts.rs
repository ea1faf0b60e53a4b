//! The facts of each write: `committed` once, `seen` if the change was already there, none if the write was rejected.
//! The log of events has the committed ones, and no others.

use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::posts::ports::{BookmarkRepository, Change, CommentRepository, Edit, PostRepository, Write};
use accounts::ports::{CloseSession, PasswordChange, ProfileChanges, RotateSession, SessionRepository, UserRepository};
use async_trait::async_trait;
use database::{Database, DatabaseOptions, Location, WalPosition, Watermark};
use domain::{Bio, Content, DisplayName, Principal, Revision, Session, SessionId, Timestamp, UserId, Username};
use events::{Fact, FactListener, Liked, encode};
use futures_util::future::join_all;
use persistence::{
    SeaBookmarkRepository, SeaCommentRepository, SeaFollowRepository, SeaPostRepository, SeaRemovalRepository,
    SeaSessionRepository, SeaUserRepository,
};
use removals::ports::{Progress, RemovalRepository};
use removals::{Removal, RemovalKind};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;
use social::ports::FollowRepository;
use testkit::{NOW, Proxy, TestDatabase, a_comment, a_post, a_user, acting, id, on_both_databases};

use crate::log::LogReader;
use crate::scene::{Scene, any_names, hash_of, not_kept, request};
use crate::sessions::{rotation, token};

on_both_databases![
    posts_publish_their_changes,
    comments_publish_their_changes,
    likes_and_follows_publish_whether_they_are_new,
    bookmarks_publish_nothing,
    accounts_and_sessions_publish_their_changes,
    a_new_password_ends_the_other_sessions_in_one_entry,
    a_replayed_token_ends_its_session,
    removals_publish_changed_counters,
    a_batch_publishes_each_fact_once,
];

/// One call of the listener, with the user who wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    Committed(Option<UserId>, Vec<Fact>),
    Seen(Option<UserId>, Vec<Fact>),
    Unconfirmed(Option<UserId>, Vec<Fact>),
}

impl Call {
    fn committed(&self) -> Option<&Vec<Fact>> {
        match self {
            Self::Committed(_, facts) => Some(facts),
            Self::Seen(..) | Self::Unconfirmed(..) => None,
        }
    }
}

fn sorted(facts: &[Value]) -> Vec<String> {
    let mut facts: Vec<_> = facts.iter().map(Value::to_string).collect();
    facts.sort();
    facts
}

#[derive(Default)]
struct Notes(Mutex<Vec<Call>>);

#[async_trait]
impl FactListener for Notes {
    async fn committed(&self, by: Option<UserId>, facts: &[Fact]) {
        self.0.lock().unwrap().push(Call::Committed(by, facts.to_vec()));
    }

    async fn seen(&self, by: Option<UserId>, facts: &[Fact]) {
        self.0.lock().unwrap().push(Call::Seen(by, facts.to_vec()));
    }

    fn unconfirmed(&self, by: Option<UserId>, facts: &[Fact]) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.lock().unwrap().push(Call::Unconfirmed(by, facts.to_vec()));
        Box::pin(ready(()))
    }
}

/// The repositories with a listener.
struct Observed {
    notes: Arc<Notes>,
    users: SeaUserRepository,
    sessions: SeaSessionRepository,
    posts: Arc<SeaPostRepository>,
    comments: SeaCommentRepository,
    bookmarks: SeaBookmarkRepository,
    follows: SeaFollowRepository,
    removals: SeaRemovalRepository,
    log: tokio::sync::Mutex<LogReader>,
}

impl Observed {
    /// Begins after everything that `s` has stored.
    async fn of(s: &Scene) -> Self {
        let notes = Arc::new(Notes::default());
        let mut log = LogReader::new(s);
        log.next().await;
        let db = s.db.database().with_listener(notes.clone());
        Self {
            notes,
            users: SeaUserRepository::new(db.clone()),
            sessions: SeaSessionRepository::new(db.clone()),
            posts: Arc::new(SeaPostRepository::new(db.clone())),
            comments: SeaCommentRepository::new(db.clone()),
            bookmarks: SeaBookmarkRepository::new(db.clone()),
            follows: SeaFollowRepository::new(db.clone()),
            removals: SeaRemovalRepository::new(db),
            log: log.into(),
        }
    }

    /// The calls since the last time. The log must have the committed facts, and no others.
    async fn calls(&self) -> Vec<Call> {
        let calls = std::mem::take(&mut *self.notes.0.lock().unwrap());
        let committed: Vec<Fact> = calls.iter().filter_map(Call::committed).flatten().cloned().collect();
        let entries = self.log.lock().await.next().await;
        // A batch has one entry for several calls.
        assert!(entries.len() <= calls.iter().filter_map(Call::committed).count());
        let told: Vec<Value> = serde_json::from_str(&encode(&committed)).unwrap();
        assert_eq!(sorted(&entries.concat()), sorted(&told));
        calls
    }

    async fn committed(&self, by: UserId, fact: Fact) {
        assert_eq!(self.calls().await, [Call::Committed(Some(by), vec![fact])]);
    }

    async fn seen(&self, by: UserId, fact: Fact) {
        assert_eq!(self.calls().await, [Call::Seen(Some(by), vec![fact])]);
    }

    async fn nothing(&self) {
        assert_eq!(self.calls().await, []);
    }
}

fn edit(content: &str, expected: Option<u32>) -> Edit {
    Edit { content: Content::parse(content).unwrap(), at: NOW, expected: expected.map(Revision) }
}

/// The same edit at a later time.
fn later(edit: Edit) -> Edit {
    Edit { at: edit.at.after(Duration::from_secs(1)), ..edit }
}

async fn posts_publish_their_changes(s: Scene) {
    let (ada, h) = (s.user("ada").await, Observed::of(&s).await);
    let new = a_post("hello", ada).build();
    let (post, at) = (new.id, new.created_at);
    let published = Fact::PostPublished { post, author: ada, at };
    let key = request("key", 1, NOW);
    h.posts.publish(&new, Some(&key)).await.unwrap();
    h.committed(ada, published.clone()).await;
    let again = a_post("again", ada).build();
    assert!(matches!(h.posts.publish(&again, Some(&key)).await.unwrap(), Write::Replayed(_)));
    h.seen(ada, published).await;
    assert_eq!(h.posts.publish(&again, Some(&request("key", 2, NOW))).await.unwrap(), Write::KeyReused);
    h.nothing().await;
    h.posts.publish(&again, None).await.unwrap();
    h.committed(ada, Fact::PostPublished { post: again.id, author: ada, at: again.created_at }).await;

    let edited = Fact::PostEdited { post, author: ada };
    h.posts.edit(post, &edit("bye", None), acting(ada)).await.unwrap();
    h.committed(ada, edited.clone()).await;
    // The same content, and an outdated revision.
    assert!(matches!(h.posts.edit(post, &later(edit("bye", None)), acting(ada)).await.unwrap(), Change::Changed(_)));
    h.seen(ada, edited.clone()).await;
    assert_eq!(h.posts.edit(post, &edit("more", Some(0)), acting(ada)).await.unwrap(), Change::Stale);
    h.seen(ada, edited.clone()).await;
    assert_eq!(h.posts.delete(post, acting(ada), Some(Revision(0))).await.unwrap(), Change::Stale);
    h.seen(ada, edited).await;

    let deleted = Fact::PostDeleted { post, author: ada };
    h.posts.delete(post, acting(ada), None).await.unwrap();
    h.committed(ada, deleted.clone()).await;
    assert_eq!(h.posts.delete(post, acting(ada), None).await.unwrap(), Change::NotFound);
    h.seen(ada, deleted.clone()).await;
    assert_eq!(h.posts.edit(post, &edit("more", None), acting(ada)).await.unwrap(), Change::NotFound);
    h.seen(ada, deleted).await;

    let ended = Principal { user_id: ada, session_id: id("ended") };
    assert_eq!(h.posts.edit(again.id, &edit("more", None), ended).await.unwrap(), Change::SessionEnded);
    assert_eq!(h.posts.delete(again.id, ended, None).await.unwrap(), Change::SessionEnded);
    h.nothing().await;
}

async fn comments_publish_their_changes(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let (post, h) = (s.post("hello", ada).await, Observed::of(&s).await);
    let top = a_comment("top", post, bob).build();
    let added = |comment, parent, at| Fact::CommentAdded { comment, post, parent, author: bob, at };
    h.comments.add(&top, None).await.unwrap();
    h.committed(bob, added(top.id, None, top.created_at)).await;
    let (reply, key) = (a_comment("reply", post, bob).reply_to(top.id).build(), request("key", 1, NOW));
    h.comments.add(&reply, Some(&key)).await.unwrap();
    h.committed(bob, added(reply.id, Some(top.id), reply.created_at)).await;
    h.comments.add(&a_comment("again", post, bob).reply_to(top.id).build(), Some(&key)).await.unwrap();
    h.seen(bob, added(reply.id, Some(top.id), reply.created_at)).await;
    h.comments.add(&a_comment("lost", id("nothing"), bob).build(), None).await.unwrap();
    h.nothing().await;

    let edited = Fact::CommentEdited { comment: reply.id, post };
    h.comments.edit(reply.id, &edit("better", None), acting(bob)).await.unwrap();
    h.committed(bob, edited.clone()).await;
    h.comments.edit(reply.id, &later(edit("better", None)), acting(bob)).await.unwrap();
    h.seen(bob, edited).await;

    // By the author of the post. The comment stays as a mark, and is then deleted again.
    let deleted = Fact::CommentDeleted { comment: top.id, post };
    h.comments.delete(top.id, acting(ada), None).await.unwrap();
    h.committed(ada, deleted.clone()).await;
    assert_eq!(h.comments.delete(top.id, acting(ada), None).await.unwrap(), Change::NotFound);
    h.seen(ada, deleted).await;
    assert_eq!(h.comments.edit(top.id, &edit("more", None), acting(bob)).await.unwrap(), Change::NotFound);
    h.nothing().await;
    h.comments.delete(reply.id, acting(bob), None).await.unwrap();
    h.committed(bob, Fact::CommentDeleted { comment: reply.id, post }).await;
    // Its row was removed, and with it the post that it was on.
    assert_eq!(h.comments.delete(reply.id, acting(bob), None).await.unwrap(), Change::NotFound);
    h.nothing().await;
}

async fn likes_and_follows_publish_whether_they_are_new(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let post = s.post("hello", ada).await;
    let (comment, h) = (s.comment("top", post, ada).await, Observed::of(&s).await);
    let (by, at) = (bob, NOW);
    for what in [Liked::Post(post), Liked::Comment(comment)] {
        let like = async || match what {
            Liked::Post(id) => drop(h.posts.like(id, acting(by), at).await.unwrap()),
            Liked::Comment(id) => drop(h.comments.like(id, acting(by), at).await.unwrap()),
        };
        let unlike = async || match what {
            Liked::Post(id) => drop(h.posts.unlike(id, acting(by)).await.unwrap()),
            Liked::Comment(id) => drop(h.comments.unlike(id, acting(by)).await.unwrap()),
        };
        unlike().await;
        h.seen(by, Fact::Unliked { what, by }).await;
        like().await;
        h.committed(by, Fact::Liked { what, by, at }).await;
        like().await;
        h.seen(by, Fact::Liked { what, by, at }).await;
        unlike().await;
        h.committed(by, Fact::Unliked { what, by }).await;
    }
    h.posts.like(id("nothing"), acting(by), at).await.unwrap();
    h.posts.like(post, Principal { user_id: by, session_id: id("ended") }, at).await.unwrap();
    h.nothing().await;

    let (follower, followee) = (bob, ada);
    let followed = Fact::Followed { follower, followee, at };
    h.follows.follow(acting(bob), ada, at).await.unwrap();
    h.committed(bob, followed.clone()).await;
    h.follows.follow(acting(bob), ada, at).await.unwrap();
    h.seen(bob, followed).await;
    h.follows.follow(acting(bob), id("nothing"), at).await.unwrap();
    h.nothing().await;
    h.follows.unfollow(acting(bob), ada).await.unwrap();
    h.committed(bob, Fact::Unfollowed { follower, followee }).await;
    h.follows.unfollow(acting(bob), ada).await.unwrap();
    h.seen(bob, Fact::Unfollowed { follower, followee }).await;
}

/// Only their owner may learn of bookmarks, and no cache entry contains them.
async fn bookmarks_publish_nothing(s: Scene) {
    let ada = s.user("ada").await;
    let (post, h) = (s.post("hello", ada).await, Observed::of(&s).await);
    for _ in 0..2 {
        h.bookmarks.add(post, acting(ada), NOW).await.unwrap();
    }
    for _ in 0..2 {
        h.bookmarks.remove(post, acting(ada)).await.unwrap();
    }
    h.nothing().await;
}

async fn accounts_and_sessions_publish_their_changes(s: Scene) {
    let h = Observed::of(&s).await;
    let new = a_user("ada").build();
    let (ada, username) = (new.id, Username::parse("ada").unwrap());
    h.users.insert(&new, &hash_of("ada"), &any_names()).await.unwrap();
    h.committed(ada, Fact::SignedUp { user: ada, username }).await;
    h.users.insert(&domain::User { id: id("other"), ..new }, &hash_of("ada"), &any_names()).await.unwrap();
    h.nothing().await;

    s.db.sign_in(ada).await;
    let bio = ProfileChanges { bio: Some(Bio::parse("writes").unwrap()), ..ProfileChanges::default() };
    let name = ProfileChanges { display_name: Some(DisplayName::parse("A").unwrap()), ..ProfileChanges::default() };
    for (changes, renamed) in [(&bio, false), (&name, true)] {
        let edited = Fact::ProfileEdited { user: ada, renamed };
        h.users.update(acting(ada), changes, None).await.unwrap();
        h.committed(ada, edited.clone()).await;
        h.users.update(acting(ada), changes, None).await.unwrap();
        h.seen(ada, edited).await;
    }

    // The same name beside a new bio is no new name.
    let both = ProfileChanges { bio: Some(Bio::parse("reads").unwrap()), ..name.clone() };
    h.users.update(acting(ada), &both, None).await.unwrap();
    h.committed(ada, Fact::ProfileEdited { user: ada, renamed: false }).await;
    h.users.update(acting(ada), &both, Some(Revision(0))).await.unwrap();
    h.seen(ada, Fact::ProfileEdited { user: ada, renamed: true }).await;

    let session = async |name: &str| {
        let session: SessionId = id(name);
        let row = format!("INSERT INTO sessions (id, user_id, created_at) VALUES ('{session}', '{ada}', 0)");
        s.db.execute(&row).await;
        session
    };
    let ended = |session| Fact::SessionEnded { user: ada, session };
    let phone = session("phone").await;
    assert_eq!(h.sessions.close(acting(ada), phone).await.unwrap(), CloseSession::Closed);
    assert_eq!(h.calls().await, [Call::Committed(None, vec![ended(phone)])]);
    assert_eq!(h.sessions.close(acting(ada), phone).await.unwrap(), CloseSession::NotFound);
    h.nothing().await;
    let tablet = session("tablet").await;
    assert_eq!(h.sessions.close_others(acting(ada)).await.unwrap(), CloseSession::Closed);
    assert_eq!(h.calls().await, [Call::Committed(None, vec![ended(tablet)])]);

    h.users.erase(acting(ada), &hash_of("wrong").into(), &not_kept()).await.unwrap();
    h.nothing().await;
    h.users.erase(acting(ada), &hash_of("ada").into(), &not_kept()).await.unwrap();
    h.committed(ada, Fact::UserErased { user: ada }).await;
}

async fn a_new_password_ends_the_other_sessions_in_one_entry(s: Scene) {
    let ada = s.user("ada").await;
    let others: [SessionId; 2] = [id("phone"), id("tablet")];
    for other in others {
        let row = format!("INSERT INTO sessions (id, user_id, created_at) VALUES ('{other}', '{ada}', 0)");
        s.db.execute(&row).await;
    }
    let h = Observed::of(&s).await;
    let password = PasswordChange { verified: hash_of("ada"), new: hash_of("new") };
    let changes = ProfileChanges { password: Some(password), ..ProfileChanges::default() };
    h.users.update(acting(ada), &changes, None).await.unwrap();
    let calls = h.calls().await;
    let [Call::Committed(Some(by), facts)] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!((*by, facts.len()), (ada, 3));
    assert_eq!(facts[0], Fact::ProfileEdited { user: ada, renamed: false });
    for session in others {
        assert!(facts.contains(&Fact::SessionEnded { user: ada, session }));
    }
    // The hash is no longer the verified one.
    h.users.update(acting(ada), &changes, None).await.unwrap();
    h.seen(ada, Fact::ProfileEdited { user: ada, renamed: true }).await;
}

async fn a_replayed_token_ends_its_session(s: Scene) {
    let ada = s.account("ada").await;
    let session = Session { id: id("session"), user_id: ada, created_at: NOW, user_agent: None };
    s.sessions.open(&session, &token(1, NOW), &hash_of("ada").into()).await.unwrap();
    let h = Observed::of(&s).await;
    for (presented, next) in [(1, 2), (2, 3)] {
        h.sessions.rotate(&rotation(presented, next, NOW)).await.unwrap();
        h.nothing().await;
    }
    let replayed = h.sessions.rotate(&rotation(1, 4, NOW)).await.unwrap();
    assert_eq!(replayed, RotateSession::Replayed { user: ada });
    let ended = Fact::SessionEnded { user: ada, session: session.id };
    assert_eq!(h.calls().await, [Call::Committed(None, vec![ended])]);
}

async fn removals_publish_changed_counters(s: Scene) {
    let (ada, bob) = (s.user("ada").await, s.user("bob").await);
    let (hers, his) = (s.post("hers", ada).await, s.post("his", bob).await);
    s.comment("nice", his, ada).await;
    s.like_post(his, ada).await;
    s.follow(bob, ada).await;
    let h = Observed::of(&s).await;
    h.posts.delete(hers, acting(ada), None).await.unwrap();
    h.calls().await;
    let remove_all = async |removal| while h.removals.remove_some(removal, 100).await.unwrap() != Progress::Done {};
    remove_all(Removal { kind: RemovalKind::Post, id: hers.cuid() }).await;
    h.committed(ada, Fact::UserRecounted { user: ada }).await;
    h.users.erase(acting(ada), &s.verified(ada).await.into(), &not_kept()).await.unwrap();
    h.calls().await;
    remove_all(Removal { kind: RemovalKind::Account, id: ada.cuid() }).await;
    let recounted = |fact| Call::Committed(Some(ada), vec![fact]);
    // His post lost a comment, then a like.
    let post = recounted(Fact::PostRecounted { post: his });
    assert_eq!(h.calls().await, [post.clone(), post, recounted(Fact::UserRecounted { user: bob })]);
}

async fn a_batch_publishes_each_fact_once(s: Scene) {
    let ada = s.user("ada").await;
    let post = s.post("hello", ada).await;
    let mut likers = Vec::new();
    for number in 0..100 {
        likers.push(s.user(&format!("user_{number}")).await);
    }
    let h = Observed::of(&s).await;
    join_all(likers.iter().map(|liker| {
        let (posts, liker) = (h.posts.clone(), *liker);
        tokio::spawn(async move {
            posts.like(post, acting(liker), Timestamp::from_micros(7)).await.unwrap();
            posts.like(post, acting(liker), Timestamp::from_micros(7)).await.unwrap();
        })
    }))
    .await;
    let told = h.calls().await;
    for by in likers {
        let liked = vec![Fact::Liked { what: Liked::Post(post), by, at: Timestamp::from_micros(7) }];
        for expected in [Call::Committed(Some(by), liked.clone()), Call::Seen(Some(by), liked)] {
            assert_eq!(told.iter().filter(|told| **told == expected).count(), 1);
        }
    }
    assert_eq!(told.len(), 200);
}

/// Records the position of this process whenever an outcome is unknown.
struct Unconfirmed {
    watermark: Arc<Watermark>,
    positions: Mutex<Vec<WalPosition>>,
}

#[async_trait]
impl FactListener for Unconfirmed {
    async fn committed(&self, _: Option<UserId>, _: &[Fact]) {
        panic!("nothing is known to be committed");
    }

    async fn seen(&self, _: Option<UserId>, _: &[Fact]) {
        panic!("nothing was seen");
    }

    fn unconfirmed(&self, _: Option<UserId>, _: &[Fact]) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.positions.lock().unwrap().push(self.watermark.to_tell());
        Box::pin(ready(()))
    }
}

/// Otherwise other readers could load the changed rows from a stale replica, and keep them.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_published_after_the_position_is_in_doubt() {
    let s = Scene::from(TestDatabase::postgres().await);
    let ada = s.user("ada").await;
    let (proxy, url) = Proxy::before(s.db.url()).await;
    let database = Database::connect(&DatabaseOptions::new(Location::parse(&url).unwrap())).await.unwrap();
    let watermark = database.watermark();
    assert_ne!(watermark.to_tell(), WalPosition::UNKNOWN);
    let listener = Arc::new(Unconfirmed { watermark, positions: Mutex::default() });
    let database = database.with_listener(listener.clone());
    let tx = database.begin().await.unwrap();
    tx.execute_unprepared("UPDATE users SET bio = 'new'").await.unwrap();
    tx.tell([Fact::ProfileEdited { user: ada, renamed: false }]);
    tx.query_one_raw(Statement::from_string(DbBackend::Postgres, "SELECT 1")).await.unwrap();
    proxy.cut();
    tx.commit(ada).await.unwrap_err();
    assert_eq!(*listener.positions.lock().unwrap(), [WalPosition::UNKNOWN]);
}
