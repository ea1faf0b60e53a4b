//! Appending to the journal and following it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use redis_adapters::{EntryId, Journal, JournalListener};

use crate::scene::{Scene, eventually, user};

/// Records the sessions that it receives.
#[derive(Default)]
struct Listener(Mutex<Vec<Session>>);

/// The calls of one session.
#[derive(Debug, Default, Clone)]
struct Session {
    run_id: String,
    complete_since: EntryId,
    entries: Vec<(EntryId, Vec<u8>)>,
    caught_up: Option<(EntryId, Instant)>,
    /// The intervals between successive confirmations.
    silences: Vec<Duration>,
    lost: bool,
}

impl JournalListener for Listener {
    fn connected(&self, run_id: &str, complete_since: EntryId) {
        let mut sessions = self.0.lock().unwrap();
        assert!(sessions.last().is_none_or(|session| session.lost), "connected twice");
        sessions.push(Session { run_id: run_id.to_owned(), complete_since, ..Session::default() });
    }

    fn entry(&self, id: EntryId, payload: &[u8]) {
        self.session(|session| session.entries.push((id, payload.to_vec())));
    }

    fn caught_up(&self, id: EntryId, as_of: Instant) {
        self.session(|session| {
            assert!(session.caught_up.is_none_or(|(last, before)| last <= id && before <= as_of));
            session.silences.extend(session.caught_up.map(|(_, before)| as_of - before));
            session.caught_up = Some((id, as_of));
        });
    }

    fn lost(&self) {
        self.session(|session| session.lost = true);
    }
}

impl Listener {
    fn session(&self, update: impl FnOnce(&mut Session)) {
        let mut sessions = self.0.lock().unwrap();
        let session = sessions.last_mut().filter(|session| !session.lost);
        update(session.expect("a call without a connection"));
    }

    /// The sessions so far.
    fn sessions(&self) -> Vec<Session> {
        self.0.lock().unwrap().clone()
    }

    /// Whether there were this many sessions, and the last one is alive and has caught up with `id`.
    fn has_caught_up(&self, sessions: usize, id: EntryId) -> bool {
        let seen = self.sessions();
        seen.len() == sessions
            && seen.last().is_some_and(|last| !last.lost && last.caught_up.is_some_and(|(up_to, _)| up_to >= id))
    }
}

fn payloads(session: &Session) -> Vec<&str> {
    session.entries.iter().map(|(_, payload)| std::str::from_utf8(payload).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn is_delivered_in_order() {
    let scene = Scene::new();
    let journal = Journal::new(scene.redis());
    let listener = Arc::new(Listener::default());
    let _following = journal.follow(listener.clone());
    eventually("a connection", || !listener.sessions().is_empty()).await;
    let mut appended = Vec::new();
    for number in 0..100_u8 {
        let payload = vec![number, 0, 255];
        appended.push((journal.append(None, &payload).await.unwrap(), payload));
    }
    eventually("all received", || listener.has_caught_up(1, appended[99].0)).await;
    let session = &listener.sessions()[0];
    assert_eq!(session.entries, appended);
    assert_eq!(session.run_id, scene.run_id().await);
    assert!(session.complete_since < appended[0].0);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_confirmed_when_there_is_nothing_new() {
    let scene = Scene::new();
    let listener = Arc::new(Listener::default());
    let _following = Journal::new(scene.redis()).follow(listener.clone());
    let confirmation = || listener.sessions().first().and_then(|session| session.caught_up);
    eventually("a confirmation", || confirmation().is_some()).await;
    let (id, first) = confirmation().unwrap();
    eventually("another one", || confirmation().is_some_and(|(same, later)| same == id && later > first)).await;
    let session = &listener.sessions()[0];
    // No entry was appended, and the session is complete from before the confirmed id.
    assert!(session.entries.is_empty() && session.complete_since < id);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_replayed_to_a_late_follower() {
    let scene = Scene::new();
    let journal = Journal::new(scene.redis());
    // More entries than one read returns.
    let mut last = EntryId::default();
    for number in 0..2_500 {
        last = journal.append(None, number.to_string().as_bytes()).await.unwrap();
    }
    let listener = Arc::new(Listener::default());
    let _following = journal.follow(listener.clone());
    eventually("all received", || listener.has_caught_up(1, last)).await;
    let session = &listener.sessions()[0];
    assert_eq!(payloads(session), (0..2_500).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(session.complete_since < session.entries[0].0);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_complete_since_the_oldest_retained_entry() {
    let scene = Scene::new();
    let journal = Journal::new(scene.redis());
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(journal.append(None, b"entry").await.unwrap());
    }
    let () = scene.raw("XTRIM", "journal", &["MAXLEN", "=", "2"]).await;
    let listener = Arc::new(Listener::default());
    let _following = journal.follow(listener.clone());
    eventually("all received", || listener.has_caught_up(1, ids[4])).await;
    let session = &listener.sessions()[0];
    assert_eq!(session.entries.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids[3..]);
    assert!(ids[2] <= session.complete_since && session.complete_since < ids[3], "{:?}", session.complete_since);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_complete_since_its_last_gap() {
    let scene = Scene::new();
    let journal = Journal::new(scene.redis());
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(journal.append(None, b"entry").await.unwrap());
    }
    let () = scene.raw("XDEL", "journal", &[&ids[1].to_string()]).await;
    let listener = Arc::new(Listener::default());
    let _following = journal.follow(listener.clone());
    eventually("all received", || listener.has_caught_up(1, ids[3])).await;
    let session = &listener.sessions()[0];
    assert!(ids[1] <= session.complete_since && session.complete_since < ids[2], "{:?}", session.complete_since);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_bounded() {
    let scene = Scene::new();
    let journal = Journal::new(scene.redis());
    let mut appends = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let journal = journal.clone();
        appends.spawn(async move {
            for _ in 0..1_500 {
                journal.append(None, b"entry").await.unwrap();
            }
        });
    }
    appends.join_all().await;
    let length: u64 = scene.raw("XLEN", "journal", &[]).await;
    assert!((10_000..11_000).contains(&length), "{length}");
}

#[tokio::test(flavor = "multi_thread")]
async fn is_caught_up_with_after_an_interruption() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let journal = Journal::new(scene.redis());
    let listener = Arc::new(Listener::default());
    let _following = Journal::new(scene.redis_behind(&proxy)).follow(listener.clone());
    let id = journal.append(None, b"before").await.unwrap();
    eventually("the first received", || listener.has_caught_up(1, id)).await;

    proxy.cut();
    eventually("lost", || listener.sessions()[0].lost).await;
    journal.append(None, b"meanwhile").await.unwrap();
    proxy.mend();
    eventually("a connection", || listener.sessions().len() == 2).await;
    let id = journal.append(None, b"after").await.unwrap();
    eventually("all received", || listener.has_caught_up(2, id)).await;

    let sessions = listener.sessions();
    assert_eq!(payloads(&sessions[0]), ["before"]);
    assert_eq!(payloads(&sessions[1]), ["before", "meanwhile", "after"]);
    assert_eq!(sessions[0].run_id, sessions[1].run_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_lost_when_redis_does_not_answer() {
    let scene = Scene::new();
    let proxy = scene.proxy().await;
    let listener = Arc::new(Listener::default());
    let _following = Journal::new(scene.redis_behind(&proxy)).follow(listener.clone());
    eventually("a confirmation", || listener.has_caught_up(1, EntryId::default())).await;
    proxy.freeze();
    eventually("lost", || listener.sessions()[0].lost).await;
    proxy.mend();
    eventually("a connection", || listener.sessions().len() > 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn is_lost_when_entries_are_missing() {
    let scene = Scene::new();
    let journal = Journal::new(scene.redis());
    let listener = Arc::new(Listener::default());
    let _following = journal.follow(listener.clone());
    let id = journal.append(None, b"received").await.unwrap();
    eventually("the first received", || listener.has_caught_up(1, id)).await;

    // As if an entry had been appended and trimmed unread.
    let _: u64 = scene.raw("INCR", "journal:count", &[]).await;
    let id = journal.append(None, b"after the gap").await.unwrap();
    eventually("received again", || listener.has_caught_up(2, id)).await;
    let session = &listener.sessions()[1];
    assert!(session.complete_since < id);
    assert_eq!(payloads(session), ["received", "after the gap"]);
    assert!(session.complete_since >= session.entries[0].0);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_lost_when_it_is_deleted() {
    let scene = Scene::new();
    let journal = Journal::new(scene.redis());
    let listener = Arc::new(Listener::default());
    let _following = journal.follow(listener.clone());
    let id = journal.append(None, b"old").await.unwrap();
    eventually("the first received", || listener.has_caught_up(1, id)).await;
    for key in ["journal", "journal:count"] {
        let () = scene.raw("DEL", key, &[]).await;
    }
    for _ in 0..3 {
        journal.append(None, b"new").await.unwrap();
    }
    let id = journal.append(None, b"new").await.unwrap();
    eventually("received again", || listener.has_caught_up(2, id)).await;
    assert_eq!(payloads(&listener.sessions()[1]), ["new"; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_followed_until_the_handle_is_dropped() {
    let scene = Scene::new();
    let listener = Arc::new(Listener::default());
    let following = Journal::new(scene.redis()).follow(listener.clone());
    eventually("a connection", || !listener.sessions().is_empty()).await;
    drop(following);
    eventually("the listener dropped", || Arc::strong_count(&listener) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn knows_the_last_entry_of_a_user() {
    let scene = Scene::new();
    let (here, there) = (Journal::new(scene.redis()), Journal::new(scene.redis()));
    assert_eq!(there.last_by(user(1)).await.unwrap(), None);
    here.append(Some(user(1)), b"first").await.unwrap();
    let id = here.append(Some(user(1)), b"second").await.unwrap();
    here.append(Some(user(2)), b"another's").await.unwrap();
    here.append(None, b"of no user").await.unwrap();
    assert_eq!(there.last_by(user(1)).await.unwrap(), Some(id));
    let milliseconds: u64 = scene.raw("PTTL", &format!("seen:{}", user(1)), &[]).await;
    assert!((1..=60_000).contains(&milliseconds), "{milliseconds}");
}

/// An idle Redis checks the timeouts of blocked reads only ten times a second.
#[tokio::test]
async fn an_idle_redis_confirms_often() {
    let scene = Scene::new();
    let listener = Arc::new(Listener::default());
    let _following = Journal::new(scene.redis()).follow(listener.clone());
    eventually("many confirmations", || listener.sessions().last().is_some_and(|it| it.silences.len() >= 25)).await;
    let mut silences = listener.sessions().pop().unwrap().silences;
    silences.sort_unstable();
    assert!(silences[silences.len() / 2] < Duration::from_millis(70), "{silences:?}");
}
