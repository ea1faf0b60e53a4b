//! Serving a read: from a valid cache entry, or by a load that stores one.
//!
//! Called by the decorators.
//!
//! Invariants:
//! - A served entry includes every change learned of before the read began.
//! - A signed-in reader is served only after their own last write was received.
//! - Only a load from a current server is stored, with the stamp taken before the load began.
//!
//! On failure:
//! - The error of a load goes to every reader that shares it, and is not stored.
//! - Without a current server, anonymous readers get a stale value; signed-in readers read from the database
//!   themselves.
//! - While the cache is bypassed, the same holds, and anonymous readers still share loads.
//!
//! Tested in `read/tests.rs`.

use std::sync::Arc;
use std::time::Duration;

use domain::{RepositoryError, UserId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::cache::{Cache, Fetched, Outcome as LoadOutcome};
use crate::kept::codec;
use crate::kept::entry::{Entry, Value};
use crate::kept::key::Key;
use crate::kept::single_flight::Flight;
use crate::known::session::Session;
use crate::known::stamp::{Moment, Stamp};
use crate::metrics::{self, Layer, Outcome};

/// How often a reader joins a load before it loads alone. A joined load may prove to have begun too early.
const JOINS: usize = 3;

/// The result of a load from the database.
pub(crate) struct Loaded {
    pub(crate) value: Value,
    /// Whether its server had every change received so far.
    pub(crate) is_current: bool,
}

/// A load that has not started.
pub(crate) type Load = BoxFuture<'static, Result<Loaded, RepositoryError>>;

/// A read that the cache may serve.
struct Reading {
    session: Arc<Session>,
    /// The moment at which the read began. The served entry includes every change up to it.
    since: Moment,
    /// Whether all of these changes were marked by then.
    settled: bool,
}

impl Reading {
    fn accepts(&self, entry: &Entry) -> bool {
        entry.stamp.is_some_and(|stamp| {
            stamp.session == self.session.id
                && (stamp.moment >= self.since || entry.was_valid_as_of(self.since) || self.validates(&stamp, entry))
        })
    }

    /// Looks up all tags of the entry, in time proportional to the length of the page. The result is noted, and reused
    /// until the next change is learned of.
    fn validates(&self, stamp: &Stamp, entry: &Entry) -> bool {
        let is_valid = self.session.tags.is_valid(stamp, &entry.prints);
        if is_valid && self.settled {
            entry.note_valid(self.since);
        }
        is_valid
    }
}

impl Cache {
    /// The value of `key`, from an entry or by `load`. `None` sends the caller to the database: the cache is off, or
    /// entries may lack the last writes of the signed-in `reader`.
    ///
    /// A failed load is not stored. Its error goes to every waiter: retrying separately would send them all at once
    /// to a database that has just failed.
    pub(crate) async fn get(
        &self,
        key: &Key,
        reader: Option<UserId>,
        load: impl Fn() -> Load + Send + Sync,
    ) -> Result<Option<Arc<Entry>>, RepositoryError> {
        if self.options().ttl.is_zero() {
            return Ok(None);
        }
        let Some(reading) = self.begin_reading(reader).await else {
            self.reads().count(Layer::Local, Outcome::Bypass);
            if reader.is_some() {
                return Ok(None);
            }
            return Ok(Some(self.join(key, &load).load.await.map_err(shared_failure)?.entry));
        };
        if let Some(entry) = self.local().get(key).await
            && reading.accepts(&entry)
        {
            self.reads().count(Layer::Local, Outcome::Hit);
            return Ok(Some(entry));
        }
        self.reads().count(Layer::Local, Outcome::Miss);
        for _ in 0..JOINS {
            let flight = self.join(key, &load);
            let fetched = flight.load.await.map_err(shared_failure)?;
            if !fetched.is_current {
                // Stale, but acceptable for an anonymous reader, who has written nothing.
                return Ok(reader.is_none().then_some(fetched.entry));
            }
            if flight.begun >= reading.since || reading.accepts(&fetched.entry) {
                return Ok(Some(fetched.entry));
            }
        }
        metrics::load(key);
        let loaded = load().await?;
        let serves = loaded.is_current || reader.is_none();
        Ok(serves.then(|| Arc::new(Entry::new(key, loaded.value, None))))
    }

    /// Begins a read. `None` if the cache must be bypassed.
    async fn begin_reading(&self, reader: Option<UserId>) -> Option<Reading> {
        let session = self.current_session()?;
        if let Some(user) = reader {
            match self.log().last_by(user).await {
                Ok(None) => {}
                Ok(Some(version)) if session.receives(version, self.options().patience).await => {}
                _ => return None,
            }
            // The session may have been lost while the reader waited.
            if self.current_session()?.id != session.id {
                return None;
            }
        }
        // Take the moment last: the reader's own writes were received while they waited.
        let settled = self.settled();
        Some(Reading { session, since: settled.unwrap_or_else(|| self.now()), settled: settled.is_some() })
    }

    /// Joins the load of `key` in flight, or starts one.
    fn join(&self, key: &Key, load: &(impl Fn() -> Load + Sync)) -> Flight<LoadOutcome> {
        self.single_flight().join(key, || (self.now(), self.clone().fetch(key.clone(), load()).boxed()))
    }

    /// Gets the shared entry, or loads the value from the database. Stores the result.
    async fn fetch(self, key: Key, load: Load) -> LoadOutcome {
        let session = self.current_session();
        if let Some(session) = &session
            && let Some(entry) = self.fetch_shared(&key, session).await
        {
            return Ok(Fetched { entry, is_current: true });
        }
        metrics::load(&key);
        let stamp = session.as_ref().map(|session| session.stamp(self.now()));
        let Loaded { value, is_current } = load.await.map_err(Arc::new)?;
        let entry = Arc::new(Entry::new(&key, value, stamp.filter(|_| is_current)));
        if let Some(session) = &session {
            self.keep(&key, &entry).await;
            self.share(&key, &entry, session);
        }
        Ok(Fetched { entry, is_current })
    }

    async fn fetch_shared(&self, key: &Key, session: &Session) -> Option<Arc<Entry>> {
        let bytes = self.shared()?.get(&shared_key(session, key)).await;
        let entry =
            bytes.and_then(|bytes| codec::decode(&bytes)).filter(|shared| shared.value.fits(key)).map(|shared| {
                // Moments of another instance mean nothing here. The version is valid on every instance.
                let stamp = Stamp { session: session.id, version: shared.version, moment: Moment::NONE };
                Entry::new(key, shared.value, Some(stamp))
            });
        let is_valid = |entry: &Entry| entry.stamp.is_some_and(|stamp| session.tags.is_valid(&stamp, &entry.prints));
        let Some(entry) = entry.filter(is_valid) else {
            self.reads().count(Layer::Shared, Outcome::Miss);
            return None;
        };
        self.reads().count(Layer::Shared, Outcome::Hit);
        let entry = Arc::new(entry);
        self.keep(key, &entry).await;
        Some(entry)
    }

    async fn keep(&self, key: &Key, entry: &Arc<Entry>) {
        if entry.stamp.is_some() {
            self.local().keep(key.clone(), entry.clone(), self.ttl(key, entry)).await;
        }
    }

    /// Stores the entry for the other instances, in the background.
    fn share(&self, key: &Key, entry: &Entry, session: &Session) {
        let (Some(shared), Some(stamp)) = (self.shared(), entry.stamp) else {
            return;
        };
        let Some(bytes) = codec::encode(&entry.value, stamp.version, self.options().compress_past) else {
            return;
        };
        let (shared, key, ttl) = (shared.clone(), shared_key(session, key), self.ttl(key, entry));
        tokio::spawn(async move { shared.set(&key, &bytes, ttl).await });
    }

    /// The TTL of an entry, with jitter of a tenth: entries loaded together expire apart.
    fn ttl(&self, key: &Key, entry: &Entry) -> Duration {
        let ttl = if entry.value == Value::Nothing { self.options().negative_ttl } else { self.options().ttl };
        let learned = entry.stamp.map_or(0, |stamp| stamp.version.milliseconds ^ stamp.moment.0);
        jittered(ttl, xxh3_64_with_seed(key.to_string().as_bytes(), learned))
    }
}

/// `ttl` times a factor from 0.9 to 1.1, chosen by `chance`.
fn jittered(ttl: Duration, chance: u64) -> Duration {
    let thousandths = u32::try_from(chance % 201).unwrap_or_default();
    ttl * (900 + thousandths) / 1000
}

/// The key of a shared entry. It has the run of the log's server, because another run may have lost changes.
fn shared_key(session: &Session, key: &Key) -> String {
    format!("{}:{}:{key}", codec::FORMAT, session.run_id)
}

fn shared_failure(error: Arc<RepositoryError>) -> RepositoryError {
    RepositoryError::shared(error.operation, error)
}

#[cfg(test)]
mod tests;
