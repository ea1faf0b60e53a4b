//! Detects that the file of an SQLite database was moved or replaced while it is open.
//!
//! SQLite keeps using the open file, and the writes are lost with it when the process ends. So a write is committed
//! only while its path still leads to the open file. The two checks take some microseconds; a commit waits for the
//! disc.
//!
//! Tested in `storage/tests.rs`.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::refusal::Refusal;

/// `SQLITE_READONLY_DBMOVED`, which SQLite itself reports only without a write-ahead log.
const MOVED: &str = "1032";

/// A database file, as it was when it was opened.
pub(super) struct DatabaseFile {
    path: PathBuf,
    log: PathBuf,
    identity: (u64, u64),
}

impl DatabaseFile {
    /// The open file at `path`.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        // The log is beside the file itself, wherever a link to it is.
        let mut log = path.canonicalize()?.into_os_string();
        log.push("-wal");
        Ok(Self { path: path.to_owned(), log: log.into(), identity: identity(&std::fs::metadata(path)?) })
    }

    /// Checks that the next process would find the writes. Called within a transaction, when the log exists.
    ///
    /// # Errors
    /// A storage error, when the file or its log was moved or replaced.
    pub(super) fn is_in_place(&self) -> Result<(), DbErr> {
        let moved = |what: &Path, why: &dyn std::fmt::Display| {
            let said = format!("{} is not what was opened: {why}", what.display());
            let refusal = Refusal { code: MOVED.to_owned(), said, routine: None };
            DbErr::Query(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Database(Box::new(refusal)))))
        };
        let metadata = std::fs::metadata(&self.path).map_err(|error| moved(&self.path, &error))?;
        if identity(&metadata) != self.identity {
            return Err(moved(&self.path, &"another file"));
        }
        std::fs::metadata(&self.log).map_err(|error| moved(&self.log, &error))?;
        Ok(())
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// On other systems an open file cannot be moved.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
