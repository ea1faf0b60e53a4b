//! Whether the database stores what is written: its disc may be full, or fail.
//!
//! A write that fails for that says so here, and a write that is committed says that all is well again. As there may be no
//! write for a while, one is made for the purpose, now and then and as long as it is needed.

use std::sync::atomic::{AtomicU8, Ordering};

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::Database;
use crate::error::{StorageFailure, is_overload, out_of_reach, storage_failure};

/// Takes new pages, writes to the log and leaves nothing behind but free pages. In SQLite a table that comes and goes
/// makes every connection prepare its statements anew, which matters to nobody while nothing can be written.
const SQLITE_PROBE: &str = "CREATE TABLE storage_probe (bytes BLOB); \
                            INSERT INTO storage_probe VALUES (zeroblob(65536)); \
                            DROP TABLE storage_probe";
const POSTGRES_PROBE: &str = "CREATE TEMPORARY TABLE storage_probe ON COMMIT DROP AS \
                              SELECT repeat('x', 1000) AS bytes FROM generate_series(1, 64)";

/// Whether the database stores what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageStatus {
    /// It does, as far as is known.
    Sound,
    /// It has no room left.
    Full,
    /// Its disc fails, or may not be written.
    Failing,
}

impl StorageStatus {
    fn of(number: u8) -> Self {
        match number {
            FULL => Self::Full,
            FAILING => Self::Failing,
            _ => Self::Sound,
        }
    }
}

const SOUND: u8 = 0;
const FULL: u8 = 1;
const FAILING: u8 = 2;

/// What the last write found.
#[derive(Debug, Default)]
pub(super) struct Storage(AtomicU8);

impl Storage {
    /// What a write came to that is stored if it succeeded.
    pub(super) fn observe<T>(&self, written: Result<T, DbErr>) -> Result<T, DbErr> {
        match &written {
            Ok(_) => self.sound(),
            Err(error) => self.failed(error),
        }
        written
    }

    /// What a part of a write failed with.
    pub(super) fn failed(&self, error: &DbErr) {
        let found = match storage_failure(error) {
            None => return,
            Some(StorageFailure::Full) => FULL,
            Some(StorageFailure::Failing) => FAILING,
        };
        if self.0.swap(found, Ordering::Relaxed) == SOUND {
            tracing::error!(status = ?StorageStatus::of(found), %error, "the database cannot store what is written");
        }
    }

    fn sound(&self) {
        // Read first: every write comes by here.
        if self.0.load(Ordering::Relaxed) != SOUND && self.0.swap(SOUND, Ordering::Relaxed) != SOUND {
            tracing::info!("the database stores again what is written");
        }
    }

    fn status(&self) -> StorageStatus {
        StorageStatus::of(self.0.load(Ordering::Relaxed))
    }
}

impl Database {
    /// Whether it stores what is written, by the last write.
    pub fn storage(&self) -> StorageStatus {
        self.inner.storage.status()
    }

    /// Whether the database is a file of this server's own, which serves nobody else.
    pub fn is_embedded(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// Finds out whether writes are stored again, by one, if the last was not. To be called now and then.
    pub async fn probe_storage(&self) {
        if self.storage() == StorageStatus::Sound {
            return;
        }
        match self.try_probe_storage().await {
            Err(error) if storage_failure(&error).is_some() || out_of_reach(&error) || is_overload(&error) => {
                tracing::debug!(%error, "the database still does not store what is written");
            }
            // It failed for something else, such as the right to make tables: the next write will tell.
            Ok(()) | Err(_) => self.inner.storage.sound(),
        }
    }

    async fn try_probe_storage(&self) -> Result<(), DbErr> {
        let probe = if self.is_embedded() { SQLITE_PROBE } else { POSTGRES_PROBE };
        let tx = self.begin().await?;
        tx.execute_unprepared(probe).await?;
        tx.commit(None, []).await
    }
}

#[cfg(test)]
mod tests;
