//! The file of an SQLite database, which may be moved away or replaced while it is open.
//!
//! SQLite goes on with what it has open, and what is written goes with that when the process ends. So a write is committed
//! only while the file is where it is looked for at the next start. Two looks at the file system cost some microseconds,
//! beside a commit that waits for the disc.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::pipeline::Refusal;

/// `SQLITE_READONLY_DBMOVED`, which SQLite says only where it keeps no log.
const MOVED: &str = "1032";

/// A database file, as it was when it was opened.
pub(super) struct DatabaseFile {
    path: PathBuf,
    log: PathBuf,
    identity: (u64, u64),
}

impl DatabaseFile {
    /// The file at `path`, which is open.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        // SQLite keeps the log beside the file itself, wherever a link to it is.
        let mut log = path.canonicalize()?.into_os_string();
        log.push("-wal");
        Ok(Self { path: path.to_owned(), log: log.into(), identity: identity(&std::fs::metadata(path)?) })
    }

    /// Whether what is written will be found: within a transaction, when there is a log.
    ///
    /// # Errors
    /// An error of the storage, when it will not.
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

/// Elsewhere an open file cannot be moved.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
