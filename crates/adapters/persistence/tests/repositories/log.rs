//! The log of events: every committed transaction once, without gaps, and each aggregate in the order of its changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::posts::ports::{Like, PostRepository};
use database::{Database, Entry, EventLog, Sequencer, Sequencing};
use domain::{Timestamp, UserId};
use events::Fact;
use futures_util::future::join_all;
use persistence::SeaPostRepository;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use serde_json::Value;
use testkit::{Engine, NOW, acting, id, on_both_databases};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::scene::Scene;

on_both_databases![
    has_every_transaction_once_and_each_aggregate_in_order,
    has_the_facts_of_one_transaction_in_one_entry,
    has_nothing_of_a_transaction_that_was_rolled_back,
    is_trimmed_up_to_its_last_entry,
    is_renewed_with_another_epoch,
];

/// Reads the log from where it read last.
pub(crate) struct LogReader {
    log: EventLog,
    sequencer: Sequencer,
    position: u64,
}

impl LogReader {
    /// Begins before the first entry.
    pub(crate) fn new(s: &Scene) -> Self {
        let log = EventLog::new(s.db.database());
        Self { sequencer: Sequencer::new(log.clone()), log, position: 0 }
    }

    /// The facts of the entries since the last time, which must follow one another without gaps.
    pub(crate) async fn next(&mut self) -> Vec<Vec<Value>> {
        sequence(&self.log, &mut self.sequencer).await;
        let mut found = Vec::new();
        for entry in all_after(&self.log, self.position).await {
            self.position += 1;
            assert_eq!(entry.position, self.position);
            found.push(serde_json::from_str(&entry.payload).unwrap());
        }
        found
    }
}

/// Moves everything that is committed to the log.
async fn sequence(log: &EventLog, sequencer: &mut Sequencer) {
    while !log.is_embedded() && sequencer.pass(7, false).await.unwrap().again {}
}

async fn all_after(log: &EventLog, mut position: u64) -> Vec<Entry> {
    let mut found = Vec::new();
    loop {
        let some = log.after(position, 100).await.unwrap().entries;
        let Some(last) = some.last() else {
            return found;
        };
        position = last.position;
        found.extend(some);
    }
}

const AGGREGATES: usize = 5;
const WRITERS: u64 = 16;
const WRITES: usize = 120;

/// Writers change a few counters in transactions of random length, a tenth of which is rolled back. Meanwhile several
/// sequencers with small batches compete, look for the floor, and are killed at any moment.
///
/// The oracle is in the database: a counter says how many transactions changed it. The log must have its values, from 1
/// on, in order.
async fn has_every_transaction_once_and_each_aggregate_in_order(s: Scene) {
    s.db.execute("CREATE TABLE counters (id INTEGER PRIMARY KEY, n BIGINT NOT NULL)").await;
    for number in 0..AGGREGATES {
        s.db.execute(&format!("INSERT INTO counters VALUES ({number}, 0)")).await;
    }
    let (database, done) = (s.db.database(), Arc::new(AtomicBool::new(false)));
    let log = EventLog::new(database.clone());
    let sequencers: Vec<_> = (0..3).map(|seed| tokio::spawn(rival(log.clone(), seed, Arc::clone(&done)))).collect();
    let writers = (0..WRITERS).map(|seed| tokio::spawn(write(database.clone(), seed)));
    for written in join_all(writers).await {
        written.unwrap();
    }
    done.store(true, Ordering::Release);
    for sequencer in sequencers {
        sequencer.await.unwrap();
    }

    let mut reader = LogReader::new(&s);
    let mut logged = vec![Vec::new(); AGGREGATES];
    for facts in reader.next().await {
        let [fact] = facts.as_slice() else {
            panic!("{} facts of one transaction", facts.len());
        };
        let aggregate = (0..AGGREGATES).find(|number| aggregate(*number).as_str() == fact[1]).unwrap();
        logged[aggregate].push(fact[3].as_i64().unwrap());
    }
    for (number, logged) in logged.into_iter().enumerate() {
        let written = s.db.scalar_i64(&format!("SELECT n FROM counters WHERE id = {number}")).await;
        assert!(written > 0);
        assert_eq!(logged, (1..=written).collect::<Vec<_>>(), "aggregate {number}");
    }
    s.db.execute("DROP TABLE counters").await;
}

fn aggregate(number: usize) -> UserId {
    id(&format!("aggregate_{number}"))
}

async fn write(database: Database, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..WRITES {
        write_once(&database, &mut random).await.unwrap();
    }
}

/// Draws a number under the lock of its aggregate, pausing at every step.
async fn write_once(database: &Database, random: &mut StdRng) -> Result<(), DbErr> {
    let number = random.random_range(0..AGGREGATES);
    let tx = database.begin().await?;
    pause(random).await;
    let raise = format!("UPDATE counters SET n = n + 1 WHERE id = {number} RETURNING n");
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), raise)).await?.unwrap();
    pause(random).await;
    let at = Timestamp::from_micros(row.try_get_by_index(0)?);
    tx.tell([Fact::Followed { follower: aggregate(number), followee: id("followee"), at }]);
    tx.query_one_raw(Statement::from_string(tx.get_database_backend(), "SELECT 1")).await?;
    pause(random).await;
    if random.random_ratio(1, 10) { tx.roll_back().await } else { tx.commit(None).await }
}

/// Often none, seldom a few milliseconds.
async fn pause(random: &mut StdRng) {
    match random.random_range(0..10) {
        0 => sleep(Duration::from_millis(random.random_range(1..6))).await,
        1..4 => yield_now().await,
        _ => {}
    }
}

/// Sequences in small batches, until it is done. Each sequencer lives for a moment only, and may be killed in the
/// middle of a pass.
async fn rival(log: EventLog, seed: u64, done: Arc<AtomicBool>) {
    let mut random = StdRng::seed_from_u64(1_000 + seed);
    while !log.is_embedded() && !done.load(Ordering::Acquire) {
        let mut sequencer = Sequencer::new(log.clone());
        let (most, life) = (random.random_range(1..8), Duration::from_millis(random.random_range(1..300)));
        let _ = timeout(life, async {
            loop {
                sequencer.look().await.unwrap();
                for _ in 0..20 {
                    sequencer.pass(most, false).await.unwrap();
                }
            }
        })
        .await;
    }
}

async fn has_the_facts_of_one_transaction_in_one_entry(s: Scene) {
    let mut reader = LogReader::new(&s);
    let [one, other]: [UserId; 2] = [id("one"), id("other")];
    let tx = s.db.database().begin().await.unwrap();
    tx.tell([Fact::UserErased { user: one }, Fact::UserRecounted { user: other }]);
    tx.commit(None).await.unwrap();
    let expected = serde_json::json!([["user_erased", one.as_str()], ["user_recounted", other.as_str()]]);
    assert_eq!(serde_json::json!(reader.next().await), serde_json::json!([expected]));
    assert_eq!(s.db.count("events").await, 1);
}

async fn has_nothing_of_a_transaction_that_was_rolled_back(s: Scene) {
    let mut reader = LogReader::new(&s);
    let told = async || {
        let tx = s.db.database().begin().await.unwrap();
        tx.tell([Fact::UserErased { user: id("one") }]);
        tx.query_one_raw(Statement::from_string(tx.get_database_backend(), "SELECT 1")).await.unwrap();
        tx
    };
    told().await.roll_back().await.unwrap();
    told().await.abandon(id("one"), []).await.unwrap();
    drop(told().await);
    assert!(reader.next().await.is_empty());
    told().await.commit(None).await.unwrap();
    assert_eq!(reader.next().await.len(), 1);
}

/// Adds entries that got their position a number of minutes ago.
async fn recorded_before(s: &Scene, minutes: &[i64]) {
    let now = match s.db.engine() {
        Engine::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
        Engine::Postgres => "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    };
    for (position, minutes) in (1..).zip(minutes) {
        let values = format!("({position}, '[]', {now} - {})", minutes * 60_000_000);
        s.db.execute(&format!("INSERT INTO events (position, payload, recorded_at) VALUES {values}")).await;
    }
}

async fn is_trimmed_up_to_its_last_entry(s: Scene) {
    let (log, hour) = (EventLog::new(s.db.database()), Duration::from_hours(1));
    assert_eq!(log.trim(hour).await.unwrap(), 0);
    // A clock was set back: what follows a young entry stays.
    let mut minutes = vec![90; 2_500];
    minutes.extend([30, 90, 90]);
    recorded_before(&s, &minutes).await;
    assert_eq!(log.trim(hour).await.unwrap(), 2_500);
    let state = log.state().await.unwrap();
    assert_eq!((state.oldest, state.head, state.waiting), (2_501, 2_503, 0));
    assert_eq!(log.trim(hour).await.unwrap(), 0);
    assert_eq!(log.trim(hour / 4).await.unwrap(), 2);
    assert_eq!(log.state().await.unwrap().oldest, 2_503);
    assert_eq!(log.trim(hour).await.unwrap(), 0, "the next position follows from the last");
    let tx = s.db.database().begin().await.unwrap();
    tx.tell([Fact::UserErased { user: id("one") }]);
    tx.commit(None).await.unwrap();
    sequence(&log, &mut Sequencer::new(log.clone())).await;
    assert_eq!(log.state().await.unwrap().head, 2_504);
}

async fn is_renewed_with_another_epoch(s: Scene) {
    let log = EventLog::new(s.db.database());
    let before = log.state().await.unwrap().epoch;
    let renewed = log.renew().await.unwrap();
    assert_ne!(renewed, before);
    assert_eq!(log.state().await.unwrap().epoch, renewed);
    assert_eq!(renewed.len(), 32);
}

/// A batch that waits for a lock draws its id after the holder of the lock, though it began before the holder told its
/// facts.
#[test]
fn a_batch_comes_after_the_transaction_that_it_waited_for() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let (ada, bob) = (s.user("ada").await, s.user("bob").await);
        let post = s.post("hello", ada).await;
        let mut reader = LogReader::new(&s);
        reader.next().await;
        let holder = s.db.database().begin().await.unwrap();
        holder.execute_unprepared("UPDATE posts SET content = 'held'").await.unwrap();
        let posts = SeaPostRepository::new(s.db.database());
        let waits = tokio::spawn(async move { posts.like(post, acting(bob), NOW).await.unwrap() });
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while s.db.scalar_i64(waiting).await == 0 {
            assert!(!waits.is_finished());
        }
        holder.tell([Fact::PostEdited { post, author: ada }]);
        holder.commit(None).await.unwrap();
        assert_eq!(waits.await.unwrap(), Like::Given);
        let logged = reader.next().await.concat();
        let names: Vec<_> = logged.iter().map(|fact| fact[0].as_str().unwrap()).collect();
        assert_eq!(names, ["post_edited", "post_liked"]);
    });
}

/// A transaction that stays open holds up neither the entries of others nor its own, once it is committed.
#[test]
fn an_open_transaction_delays_only_itself() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let ada = s.user("ada").await;
        let mut reader = LogReader::new(&s);
        reader.next().await;
        let slow = s.db.database().begin().await.unwrap();
        slow.execute_unprepared("UPDATE users SET bio = 'slow'").await.unwrap();
        slow.tell([Fact::ProfileEdited { user: ada, renamed: false }]);
        slow.query_one_raw(Statement::from_string(slow.get_database_backend(), "SELECT 1")).await.unwrap();
        for _ in 0..3 {
            let tx = s.db.database().begin().await.unwrap();
            tx.execute_unprepared("SELECT pg_current_xact_id()").await.unwrap();
            tx.tell([Fact::UserRecounted { user: ada }]);
            tx.commit(None).await.unwrap();
            assert_eq!(reader.next().await.len(), 1);
            // The floor must not pass the slow one.
            reader.sequencer.look().await.unwrap();
        }
        slow.commit(None).await.unwrap();
        assert_eq!(reader.next().await.len(), 1);
    });
}

/// Below the floor a pass sees nothing, unless it is to look at all rows. No real transaction leaves a row there.
#[test]
fn the_floor_rises_once_earlier_transactions_have_ended() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let mut reader = LogReader::new(&s);
        for name in ["ada", "bob"] {
            s.user(name).await;
        }
        let sequencer = &mut reader.sequencer;
        sequencer.look().await.unwrap();
        assert_eq!(sequencer.pass(10, false).await.unwrap().moved, 2);
        s.db.execute("INSERT INTO outbox (id, payload) OVERRIDING SYSTEM VALUE VALUES (-7, '[]'), (1, '[]')").await;
        assert_eq!(sequencer.pass(10, false).await.unwrap().moved, 0);
        assert_eq!(sequencer.pass(10, true).await.unwrap().moved, 1);
    });
}

/// The task of an instance sequences its own transactions, and those of an instance that died.
#[test]
fn is_sequenced_by_the_task_of_any_instance() {
    testkit::run(Engine::Postgres, async |s: Scene| {
        let log = EventLog::new(s.db.database());
        let _sequencing = Sequencing::begin(log.clone());
        s.user("ada").await;
        s.db.execute("INSERT INTO outbox (payload) VALUES ('[]')").await;
        timeout(Duration::from_secs(30), async {
            while log.state().await.unwrap().head < 2 {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        assert_eq!(log.state().await.unwrap().waiting, 0);
    });
}
