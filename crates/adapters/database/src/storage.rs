//! Whether the database stores writes: its disc may be full or fail.
//!
//! A write that fails for such a reason sets the status, and a committed write resets it. While the status is bad,
//! probes write as well: there may be no other write for a while.
//!
//! Tested in `storage/tests.rs`.

use std::sync::atomic::{AtomicU8, Ordering};

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::Database;
use crate::error::{StorageFailure, is_overload, out_of_reach, storage_failure};

/// Takes new pages, writes to the log and leaves only free pages behind. In SQLite, creating and dropping a table
/// makes every connection prepare its statements again. While nothing can be written, that cost does not matter.
const SQLITE_PROBE: &str = "CREATE TABLE storage_probe (bytes BLOB); \
                            INSERT INTO storage_probe VALUES (zeroblob(65536)); \
                            DROP TABLE storage_probe";
const POSTGRES_PROBE: &str = "CREATE TEMPORARY TABLE storage_probe ON COMMIT DROP AS \
                              SELECT repeat('x', 1000) AS bytes FROM generate_series(1, 64)";

/// Whether the database stores writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageStatus {
    /// Writes are stored, as far as is known.
    Sound,
    /// The disc is full.
    Full,
    /// The disc fails or is read-only.
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

/// The status that the last write found.
#[derive(Debug, Default)]
pub(super) struct Storage(AtomicU8);

impl Storage {
    /// Notes the result of a write that is stored if it succeeded.
    pub(super) fn observe<T>(&self, written: Result<T, DbErr>) -> Result<T, DbErr> {
        match &written {
            Ok(_) => self.sound(),
            Err(error) => self.failed(error),
        }
        written
    }

    /// Notes the error of a part of a write.
    pub(super) fn failed(&self, error: &DbErr) {
        let found = match storage_failure(error) {
            None => return,
            Some(StorageFailure::Full) => FULL,
            Some(StorageFailure::Failing) => FAILING,
        };
        if self.0.swap(found, Ordering::Relaxed) == SOUND {
            tracing::error!(status = ?StorageStatus::of(found), %error, "the database cannot store writes");
        }
    }

    fn sound(&self) {
        // Read first: every write passes here.
        if self.0.load(Ordering::Relaxed) != SOUND && self.0.swap(SOUND, Ordering::Relaxed) != SOUND {
            tracing::info!("the database stores writes again");
        }
    }

    fn status(&self) -> StorageStatus {
        StorageStatus::of(self.0.load(Ordering::Relaxed))
    }
}

impl Database {
    /// Whether writes are stored, according to the last write.
    pub fn storage(&self) -> StorageStatus {
        self.inner.storage.status()
    }

    /// Whether the database is a file or memory of this process alone.
    pub fn is_embedded(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// Probes with a write if the last one was not stored. To be called regularly.
    pub async fn probe_storage(&self) {
        if self.storage() == StorageStatus::Sound {
            return;
        }
        match self.try_probe_storage().await {
            Err(error) if storage_failure(&error).is_some() || out_of_reach(&error) || is_overload(&error) => {
                tracing::debug!(%error, "the database still cannot store writes");
            }
            // It failed for another reason, such as a missing right to create tables. The next real write sets the
            // status again.
            Ok(()) | Err(_) => self.inner.storage.sound(),
        }
    }

    async fn try_probe_storage(&self) -> Result<(), DbErr> {
        let probe = if self.is_embedded() { SQLITE_PROBE } else { POSTGRES_PROBE };
        let tx = self.begin().await?;
        tx.execute_unprepared(probe).await?;
        tx.commit(None).await
    }
}

#[cfg(test)]
mod tests;
