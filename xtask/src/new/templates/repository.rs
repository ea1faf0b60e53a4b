//! The port `<<Verb>>Repository`.
//!
//! Invariants:
//! - A <<verb>> is added or removed under the lock of the <<noun>>, after that of the account.
//! - The statement that stores or removes a <<verb>> checks the session, after the wait for the locks.
//!
//! Tested in `tests/repositories/<<verbs>>.rs`.

use async_trait::async_trait;
use database::{Database, retrying};
use domain::{<<Type>>, Principal, RepositoryError, Timestamp};
use sea_orm::DbErr;
use <<context>>::ports::{Add<<Verb>>, <<Verb>>Repository, Remove<<Verb>>};

/// The port `<<Verb>>Repository` over the database.
pub struct Sea<<Verb>>Repository {
    db: Database,
}

impl Sea<<Verb>>Repository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_add(&self, <<noun>>: <<Argument>>, by: Principal, at: Timestamp) -> Result<Add<<Verb>>, DbErr> {
        let tx = self.db.begin().await?;
        let _ = (tx, <<noun>>, by, at);
        todo!("lock, store and commit, as `bookmark.rs` does")
    }

    async fn try_remove(&self, <<noun>>: <<Argument>>, by: Principal) -> Result<Remove<<Verb>>, DbErr> {
        let tx = self.db.begin().await?;
        let _ = (tx, <<noun>>, by);
        todo!("lock, remove and commit, as `bookmark.rs` does")
    }
}

#[async_trait]
impl <<Verb>>Repository for Sea<<Verb>>Repository {
    async fn add(&self, <<noun>>: <<Argument>>, by: Principal, at: Timestamp) -> Result<Add<<Verb>>, RepositoryError> {
        retrying(&self.db, "<<verbs>>.add", || self.try_add(<<noun>>, by, at)).await
    }

    async fn remove(&self, <<noun>>: <<Argument>>, by: Principal) -> Result<Remove<<Verb>>, RepositoryError> {
        retrying(&self.db, "<<verbs>>.remove", || self.try_remove(<<noun>>, by)).await
    }
}
