//! The routing of reads, which only PostgreSQL needs, as it alone has replicas.
//!
//! Nothing is replicated here. The "replica" is a second database on the same server with other posts, so each
//! response shows its origin. The cluster test covers real replication.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::posts::ports::{BookmarkRepository, PostRepository};
use accounts::ports::UserRepository;
use async_trait::async_trait;
use database::{Database, DatabaseOptions, Location, Noted, Positions, WalPosition};
use domain::UserId;
use feed::ports::TimelineRepository;
use persistence::{
    SeaBookmarkRepository, SeaFollowRepository, SeaPostRepository, SeaTimelineRepository, SeaUserRepository,
};
use social::ports::FollowRepository;
use testkit::{Proxy, TestDatabase, acting, id};

use crate::scene::{Scene, first_page};

/// Answers for every user what it was set to, and records the notes.
struct SetPositions {
    says: Mutex<Noted>,
    noted: Mutex<Vec<(UserId, WalPosition)>>,
}

#[async_trait]
impl Positions for SetPositions {
    async fn note(&self, user: UserId, position: WalPosition) -> bool {
        self.noted.lock().unwrap().push((user, position));
        true
    }

    async fn noted(&self, _: UserId) -> Noted {
        *self.says.lock().unwrap()
    }
}

/// A primary with the post "primary" and a "replica" with the post "replica", both of the user ada.
struct Pair {
    primary: Scene,
    _replica: Scene,
    ada: UserId,
    database: Database,
    set_positions: Arc<SetPositions>,
    to_primary: Proxy,
    to_replica: Proxy,
}

impl Pair {
    async fn new() -> Self {
        let (primary, replica): (Scene, Scene) =
            (TestDatabase::postgres().await.into(), TestDatabase::postgres().await.into());
        for (scene, content) in [(&primary, "primary"), (&replica, "replica")] {
            let ada = scene.user("ada").await;
            scene.post(content, ada).await;
        }
        let (to_primary, url) = Proxy::before(primary.db.url()).await;
        let (to_replica, replica_url) = Proxy::before(replica.db.url()).await;
        let set_positions = Arc::new(SetPositions { says: Mutex::new(Noted::Nothing), noted: Mutex::default() });
        let options = DatabaseOptions {
            replicas: vec![Location::parse(&replica_url).unwrap()],
            positions: Some(set_positions.clone()),
            acquire_timeout: Duration::from_secs(5),
            ..DatabaseOptions::new(Location::parse(&url).unwrap())
        };
        let database = Database::connect(&options).await.unwrap();
        Self { primary, _replica: replica, ada: id("ada"), database, set_positions, to_primary, to_replica }
    }

    fn say(&self, noted: Noted) {
        *self.set_positions.says.lock().unwrap() = noted;
    }

    /// The server whose posts `viewer` sees.
    async fn read_from(&self, viewer: Option<UserId>) -> String {
        read_from(&self.database, viewer).await
    }
}

async fn read_from(database: &Database, viewer: Option<UserId>) -> String {
    let timelines = SeaTimelineRepository::new(database.clone());
    let page = timelines.public(first_page(), viewer).await.unwrap();
    page.page.items[0].content.as_str().to_owned()
}

mod a_reader_without_writes {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_the_replica() {
        let pair = Pair::new().await;
        assert_eq!(pair.read_from(None).await, "replica");
        assert_eq!(pair.read_from(Some(pair.ada)).await, "replica");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_the_primary_while_the_replica_is_out_of_reach() {
        let pair = Pair::new().await;
        pair.to_replica.cut();
        assert_eq!(pair.read_from(None).await, "primary");
        pair.to_replica.mend();
        assert_eq!(pair.read_from(None).await, "replica");
    }
}

mod a_writer {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_the_primary_until_the_replica_has_the_write() {
        let pair = Pair::new().await;
        pair.say(Noted::UpTo(WalPosition(u64::MAX - 1)));
        assert_eq!(pair.read_from(Some(pair.ada)).await, "primary");
        pair.say(Noted::UpTo(WalPosition(1)));
        // The replica's position is queried at intervals, and the query is not always awaited.
        let caught_up = async { while pair.read_from(Some(pair.ada)).await != "replica" {} };
        tokio::time::timeout(Duration::from_secs(30), caught_up).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_a_replica_that_connects_slowly() {
        let pair = Pair::new().await;
        pair.to_replica.delay(Duration::from_millis(60));
        pair.say(Noted::UpTo(WalPosition(1)));
        let asked = async { while pair.read_from(Some(pair.ada)).await != "replica" {} };
        tokio::time::timeout(Duration::from_secs(30), asked).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_the_primary_while_the_position_is_unknown() {
        let pair = Pair::new().await;
        pair.say(Noted::Unknown);
        assert_eq!(pair.read_from(Some(pair.ada)).await, "primary");
        assert_eq!(pair.read_from(None).await, "replica");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn has_the_position_of_every_write_noted() {
        let pair = Pair::new().await;
        let posts = SeaPostRepository::new(pair.database.clone());
        let before = pair.database.watermark().latest();
        posts.like(id("primary"), acting(pair.ada), pair.primary.now()).await.unwrap();
        let noted = pair.set_positions.noted.lock().unwrap().clone();
        let [(user, position)] = noted[..] else { panic!("{noted:?}") };
        assert_eq!(user, pair.ada);
        assert!(position > before && position != WalPosition::UNKNOWN);
        assert_eq!(pair.database.watermark().latest(), position);
    }

    /// A bookmark publishes no facts: its position alone makes it visible to its author on every instance. One that
    /// existed may be the retry of a bookmark with a lost response.
    #[tokio::test(flavor = "multi_thread")]
    async fn has_the_position_of_every_bookmark_noted() {
        let pair = Pair::new().await;
        let bookmarks = SeaBookmarkRepository::new(pair.database.clone());
        for _ in 0..2 {
            bookmarks.add(id("primary"), acting(pair.ada), pair.primary.now()).await.unwrap();
        }
        for _ in 0..2 {
            bookmarks.remove(id("primary"), acting(pair.ada)).await.unwrap();
        }
        let noted = pair.set_positions.noted.lock().unwrap().clone();
        assert_eq!(noted.len(), 4, "{noted:?}");
        assert!(noted.iter().all(|(user, position)| *user == pair.ada && *position != WalPosition::UNKNOWN));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_the_replica_while_the_primary_is_lost() {
        let pair = Pair::new().await;
        pair.say(Noted::Unknown);
        pair.to_primary.cut();
        assert_eq!(pair.read_from(Some(pair.ada)).await, "replica");
        let posts = SeaPostRepository::new(pair.database.clone());
        assert!(posts.like(id("primary"), acting(pair.ada), pair.primary.now()).await.unwrap_err().is_unavailable());
        pair.to_primary.mend();
        assert_eq!(pair.read_from(Some(pair.ada)).await, "primary");
        posts.like(id("primary"), acting(pair.ada), pair.primary.now()).await.unwrap();
    }
}

mod a_deciding_read {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn is_read_from_the_primary() {
        let pair = Pair::new().await;
        let newcomer = pair.primary.user("newcomer").await;
        let users = SeaUserRepository::new(pair.database.clone());
        let follows = SeaFollowRepository::new(pair.database.clone());
        assert!(users.find(&newcomer.into(), None).await.unwrap().is_none(), "the replica does not know her");
        assert!(users.find_credentials(&newcomer.into()).await.unwrap().is_some());
        assert_eq!(follows.resolve(&newcomer.into()).await.unwrap(), Some(newcomer));
    }
}

mod a_complete_handle {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_a_replica_that_has_all_known_writes() {
        let pair = Pair::new().await;
        assert_eq!(read_from(&pair.database.complete(), None).await, "replica", "no write is known");
        pair.database.watermark().raise(WalPosition(u64::MAX - 1));
        assert_eq!(read_from(&pair.database.complete(), None).await, "primary");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fails_rather_than_miss_a_write() {
        let pair = Pair::new().await;
        pair.database.watermark().raise(WalPosition(u64::MAX - 1));
        pair.to_primary.cut();
        let timelines = SeaTimelineRepository::new(pair.database.complete());
        assert!(timelines.public(first_page(), None).await.unwrap_err().is_unavailable());
        assert_eq!(pair.read_from(None).await, "replica", "others go on");
    }
}

mod a_probe {
    use super::*;

    /// A database that is probed, and the proxy to it.
    async fn probed() -> (TestDatabase, Database, Proxy) {
        let db = TestDatabase::postgres().await;
        let (proxy, url) = Proxy::before(db.url()).await;
        let options = DatabaseOptions {
            probe_every: Some(Duration::from_millis(10)),
            acquire_timeout: Duration::from_mins(1),
            ..DatabaseOptions::new(Location::parse(&url).unwrap())
        };
        let database = Database::connect(&options).await.unwrap();
        (db, database, proxy)
    }

    async fn becomes(database: &Database, up: bool) {
        let limit = Duration::from_secs(30);
        let changed = async {
            while database.servers()[0].up != up {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(limit, changed).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fails_reads_of_a_lost_server_at_once_and_finds_it_again() {
        let (_db, database, proxy) = probed().await;
        let timelines = SeaTimelineRepository::new(database.clone());
        proxy.cut();
        // Begun before the probe notices; the pool alone would retry for a minute.
        assert!(timelines.public(first_page(), None).await.unwrap_err().is_unavailable());
        becomes(&database, false).await;
        assert!(timelines.public(first_page(), None).await.unwrap_err().is_unavailable());
        proxy.mend();
        becomes(&database, true).await;
        assert!(timelines.public(first_page(), None).await.unwrap().page.items.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn finds_the_position_of_the_primary() {
        let (db, database, _proxy) = probed().await;
        db.execute("CREATE TABLE wal_filler AS SELECT 1; DROP TABLE wal_filler").await;
        let written = db.scalar_i64("SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint").await;
        let written = WalPosition(u64::try_from(written).unwrap());
        let probed_position = async {
            while database.watermark().latest() < written {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), probed_position).await.unwrap();
    }
}
