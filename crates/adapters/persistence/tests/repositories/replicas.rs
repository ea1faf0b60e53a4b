//! Which server is read from. PostgreSQL alone has replicas.
//!
//! What replicates here is nobody: the "replica" is a second database of the same server with posts of its own, so that
//! an answer tells where it comes from. Real replication is part of the cluster test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::posts::ports::PostRepository;
use accounts::ports::UserRepository;
use async_trait::async_trait;
use database::{Database, DatabaseOptions, Location, Noted, Positions, WalPosition};
use domain::UserId;
use feed::ports::TimelineRepository;
use persistence::{SeaFollowRepository, SeaPostRepository, SeaTimelineRepository, SeaUserRepository};
use social::ports::FollowRepository;
use testkit::{Proxy, TestDatabase, acting, id};

use crate::scene::{Scene, first_page};

/// Says of every user what it is told to, and remembers what is noted.
struct Told {
    says: Mutex<Noted>,
    noted: Mutex<Vec<(UserId, WalPosition)>>,
}

#[async_trait]
impl Positions for Told {
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
    told: Arc<Told>,
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
        let told = Arc::new(Told { says: Mutex::new(Noted::Nothing), noted: Mutex::default() });
        let options = DatabaseOptions {
            replicas: vec![Location::parse(&replica_url).unwrap()],
            positions: Some(told.clone()),
            acquire_timeout: Duration::from_secs(5),
            ..DatabaseOptions::new(Location::parse(&url).unwrap())
        };
        let database = Database::connect(&options).await.unwrap();
        Self { primary, _replica: replica, ada: id("ada"), database, told, to_primary, to_replica }
    }

    fn say(&self, noted: Noted) {
        *self.told.says.lock().unwrap() = noted;
    }

    /// Whose posts `viewer` sees.
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
    async fn reads_from_the_primary_until_the_replica_has_what_was_written() {
        let pair = Pair::new().await;
        pair.say(Noted::UpTo(WalPosition(u64::MAX - 1)));
        assert_eq!(pair.read_from(Some(pair.ada)).await, "primary");
        pair.say(Noted::UpTo(WalPosition(1)));
        // It is asked how far it is only now and then, and not waited for.
        let caught_up = async { while pair.read_from(Some(pair.ada)).await != "replica" {} };
        tokio::time::timeout(Duration::from_secs(30), caught_up).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_a_replica_that_takes_longer_to_connect_than_readers_wait() {
        let pair = Pair::new().await;
        pair.to_replica.delay(Duration::from_millis(60));
        pair.say(Noted::UpTo(WalPosition(1)));
        let asked = async { while pair.read_from(Some(pair.ada)).await != "replica" {} };
        tokio::time::timeout(Duration::from_secs(30), asked).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn reads_from_the_primary_while_nobody_can_tell_what_was_written() {
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
        let noted = pair.told.noted.lock().unwrap().clone();
        let [(user, position)] = noted[..] else { panic!("{noted:?}") };
        assert_eq!(user, pair.ada);
        assert!(position > before && position != WalPosition::UNKNOWN);
        assert_eq!(pair.database.watermark().latest(), position);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn goes_on_reading_when_the_primary_is_lost() {
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

mod what_is_decided_upon {
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
    async fn reads_from_a_replica_that_has_all_that_was_heard_of() {
        let pair = Pair::new().await;
        assert_eq!(read_from(&pair.database.complete(), None).await, "replica", "nothing was heard of");
        pair.database.watermark().raise(WalPosition(u64::MAX - 1));
        assert_eq!(read_from(&pair.database.complete(), None).await, "primary");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fails_rather_than_to_miss_something() {
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

    /// A database that is probed, and the way to it.
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
    async fn lets_nobody_wait_for_a_server_that_is_lost_and_finds_it_again() {
        let (_db, database, proxy) = probed().await;
        let timelines = SeaTimelineRepository::new(database.clone());
        proxy.cut();
        // Begun before it is known; the pool would try for a minute.
        assert!(timelines.public(first_page(), None).await.unwrap_err().is_unavailable());
        becomes(&database, false).await;
        assert!(timelines.public(first_page(), None).await.unwrap_err().is_unavailable());
        proxy.mend();
        becomes(&database, true).await;
        assert!(timelines.public(first_page(), None).await.unwrap().page.items.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn learns_how_far_the_primary_is() {
        let (db, database, _proxy) = probed().await;
        db.execute("CREATE TABLE wal_filler AS SELECT 1; DROP TABLE wal_filler").await;
        let written = db.scalar_i64("SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint").await;
        let written = WalPosition(u64::try_from(written).unwrap());
        let heard = async {
            while database.watermark().latest() < written {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), heard).await.unwrap();
    }
}
