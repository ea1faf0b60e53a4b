//! Cached reads of accounts.

use std::sync::Arc;

use accounts::ports::{
    Credentials, EraseUser, InsertUser, KeptName, NameHashes, PasswordHash, ProfileChanges, Proof, RenewHash,
    UpdateUser, UserRelations, UserRepository,
};
use async_trait::async_trait;
use domain::{Page, PageRequest, Principal, RepositoryError, Revision, Shared, User, UserId, UserRef, UserView};
use futures_util::FutureExt;

use super::load;
use crate::cache::Cache;
use crate::kept::entry::Value;
use crate::kept::key::Key;

/// Caches single accounts. Lists of accounts, and credentials, are not cached.
pub struct CachedUsers {
    inner: Arc<dyn UserRepository>,
    loader: Arc<dyn UserRepository>,
    relations: Arc<dyn UserRelations>,
    cache: Cache,
}

impl CachedUsers {
    /// Decorates `inner`. `loader` loads entries; `relations` reads the viewer flags.
    pub fn new(
        inner: Arc<dyn UserRepository>,
        loader: Arc<dyn UserRepository>,
        relations: Arc<dyn UserRelations>,
        cache: Cache,
    ) -> Self {
        Self { inner, loader, relations, cache }
    }

    async fn seen_by(&self, viewer: Option<UserId>, user: &Shared<User>) -> Result<UserView, RepositoryError> {
        let relation = match viewer {
            Some(viewer) => self.relations.relations(viewer, &[user.id]).await?.remove(&user.id),
            None => None,
        };
        Ok(UserView { subject: user.clone(), viewer: relation })
    }
}

async fn find(users: Arc<dyn UserRepository>, user: UserRef) -> Result<Value, RepositoryError> {
    Ok(users.find(&user, None).await?.map_or(Value::Nothing, |user| Value::User(user.subject)))
}

#[async_trait]
impl UserRepository for CachedUsers {
    async fn insert(
        &self,
        user: &User,
        password: &PasswordHash,
        kept: &NameHashes,
    ) -> Result<InsertUser, RepositoryError> {
        self.inner.insert(user, password, kept).await
    }

    async fn find(&self, user: &UserRef, viewer: Option<UserId>) -> Result<Option<UserView>, RepositoryError> {
        let begin = || load(find(self.loader.clone(), user.clone()), find(self.inner.clone(), user.clone())).boxed();
        let Some(entry) = self.cache.get(&Key::user(user), viewer, begin).await? else {
            return self.inner.find(user, viewer).await;
        };
        match &entry.value {
            Value::User(user) => Ok(Some(self.seen_by(viewer, user).await?)),
            _ => Ok(None),
        }
    }

    async fn list(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, RepositoryError> {
        self.inner.list(page, viewer).await
    }

    async fn find_credentials(&self, user: &UserRef) -> Result<Option<Credentials>, RepositoryError> {
        self.inner.find_credentials(user).await
    }

    async fn update(
        &self,
        by: Principal,
        changes: &ProfileChanges,
        expected: Option<Revision>,
    ) -> Result<UpdateUser, RepositoryError> {
        self.inner.update(by, changes, expected).await
    }

    async fn renew_hash(
        &self,
        id: UserId,
        verified: &PasswordHash,
        renewed: &PasswordHash,
    ) -> Result<RenewHash, RepositoryError> {
        self.inner.renew_hash(id, verified, renewed).await
    }

    async fn erase(&self, by: Principal, proof: &Proof, kept: &KeptName) -> Result<EraseUser, RepositoryError> {
        self.inner.erase(by, proof, kept).await
    }
}
