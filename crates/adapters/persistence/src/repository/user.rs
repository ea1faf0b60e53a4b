//! The port `UserRepository`: accounts, profiles, passwords and erasure.

use accounts::ports::{
    Credentials, EraseUser, InsertUser, KeptName, NameHashes, PasswordHash, ProfileChanges, Proof, RenewHash,
    UpdateUser, UserRepository,
};
use async_trait::async_trait;
use database::keyset::{self, Direction};
use database::{Database, Fields, Select, reading, retrying};
use domain::{Cursor, Page, PageRequest, Principal, RepositoryError, Revision, User, UserId, UserRef, UserView};
use events::Fact;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, SimpleExpr};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryTrait};

use super::acting::{has_session, in_session};
use super::erasure;
use super::kept_name;
use super::one_if;
use super::session::remove_sessions;
use crate::entity::{session, user};
use crate::view;

/// The port `UserRepository` over the database.
pub struct SeaUserRepository {
    pub(super) db: Database,
}

impl SeaUserRepository {
    /// A repository over `db`.
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_insert(&self, new: &User, password: &PasswordHash, kept: &NameHashes) -> Result<InsertUser, DbErr> {
        let tx = self.db.begin().await?;
        let row = user::ActiveModel {
            id: Set(new.id.to_string()),
            username: Set(new.username.to_string()),
            display_name: Set(new.display_name.as_str().to_owned()),
            bio: Set(new.bio.as_str().to_owned()),
            password_hash: Set(password.0.clone()),
            created_at: Set(new.created_at.as_micros()),
            revision: Set(0),
            post_count: Set(0),
            follower_count: Set(0),
            following_count: Set(0),
            removed: Set(false),
        };
        let mut insert = user::Entity::insert(row).into_query();
        insert.on_conflict(OnConflict::column(user::Column::Username).do_nothing().to_owned());
        if tx.execute(&insert).await?.rows_affected() == 0 {
            return Ok(InsertUser::UsernameTaken);
        }
        tx.tell([Fact::SignedUp { user: new.id, username: new.username.clone() }]);
        if kept_name::is_kept(&tx, kept, new.created_at).await? {
            return Ok(InsertUser::UsernameTaken);
        }
        tx.commit(new.id).await?;
        Ok(InsertUser::Created)
    }

    async fn try_find(&self, user: &UserRef, viewer: Option<UserId>) -> Result<Option<UserView>, DbErr> {
        let select = view::user::select(viewer).and_where(view::user::is(user)).take();
        self.db.read(viewer).await.select_one(&select).await?.map(|row| view::user::read(&row, viewer)).transpose()
    }

    async fn try_list(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, DbErr> {
        let mut select = view::user::select(viewer);
        select.and_where(view::presence::user());
        let position = ((user::Entity, user::Column::CreatedAt), (user::Entity, user::Column::Id));
        keyset::page(&mut select, position, Direction::NewestFirst, &page);
        let rows = self.db.read(viewer).await.select_all(&select).await?;
        let users = rows.iter().map(|row| view::user::read(row, viewer)).collect::<Result<_, _>>()?;
        Ok(Page::from_lookahead(users, page.size, |user: &UserView| Cursor {
            at: user.subject.created_at,
            id: user.subject.id.cuid(),
        }))
    }

    async fn try_update(
        &self,
        by: Principal,
        changes: &ProfileChanges,
        expected: Option<Revision>,
    ) -> Result<UpdateUser, DbErr> {
        let (tx, id) = (self.db.begin().await?, by.user_id);
        let Some(before) = find_credentials(&tx, view::user::is(&id.into()), Some(LockType::NoKeyUpdate)).await? else {
            return Ok(UpdateUser::SessionEnded);
        };
        let mut update = user::Entity::update_many()
            .col_expr(user::Column::Revision, Expr::col(user::Column::Revision).add(one_if(differs(changes))))
            .filter(view::user::is(&id.into()))
            .filter(in_session(by.session_id));
        if let Some(display_name) = &changes.display_name {
            update = update.col_expr(user::Column::DisplayName, Expr::val(display_name.as_str().to_owned()));
        }
        if let Some(bio) = &changes.bio {
            update = update.col_expr(user::Column::Bio, Expr::val(bio.as_str().to_owned()));
        }
        if let Some(change) = &changes.password {
            update = update
                .col_expr(user::Column::PasswordHash, Expr::val(change.new.0.clone()))
                .filter(user::Column::PasswordHash.eq(change.verified.0.as_str()));
        }
        if let Some(Revision(expected)) = expected {
            update = update.filter(user::Column::Revision.eq(i64::from(expected)));
        }
        let updated = update.exec(&tx).await?.rows_affected == 1;
        if !updated && !has_session(&tx, by.session_id).await? {
            return Ok(UpdateUser::SessionEnded);
        }
        let edited = |renamed| Fact::ProfileEdited { user: id, renamed };
        if updated {
            let mut facts =
                vec![edited(changes.display_name.as_ref().is_some_and(|name| *name != before.user.display_name))];
            if changes.password.is_some() {
                let others =
                    session::Column::UserId.eq(id.as_str()).and(session::Column::Id.ne(by.session_id.as_str()));
                facts.extend(remove_sessions(&tx, id, others).await?);
            }
            tx.tell(facts);
        }
        let Some(found) = find_credentials(&tx, view::user::is(&id.into()), None).await? else {
            return Ok(UpdateUser::SessionEnded);
        };
        if !updated {
            // A concurrent request may have changed any part of the profile.
            tx.abandon(id, [edited(true)]).await?;
            let moved = changes.password.as_ref().is_some_and(|change| change.verified != before.password);
            return Ok(if moved { UpdateUser::PasswordMoved } else { UpdateUser::Stale });
        }
        if before.user.revision == found.user.revision {
            tx.abandon(id, [edited(changes.display_name.is_some())]).await?;
            return Ok(UpdateUser::Updated(found.user));
        }
        tx.commit(id).await?;
        Ok(UpdateUser::Updated(found.user))
    }

    async fn try_renew_hash(
        &self,
        id: UserId,
        verified: &PasswordHash,
        renewed: &PasswordHash,
    ) -> Result<RenewHash, DbErr> {
        let tx = self.db.begin().await?;
        let renewed = user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::val(renewed.0.clone()))
            .filter(view::user::is(&id.into()))
            .filter(user::Column::PasswordHash.eq(verified.0.as_str()))
            .exec(&tx)
            .await?
            .rows_affected;
        // The password hash is only read from the primary.
        tx.commit(None).await?;
        Ok(if renewed == 1 { RenewHash::Renewed } else { RenewHash::HashMoved })
    }

    async fn try_erase(&self, by: Principal, proof: &Proof, kept: &KeptName) -> Result<EraseUser, DbErr> {
        let tx = self.db.begin().await?;
        let outcome = erasure::hide(&tx, by, proof, kept).await?;
        if outcome == EraseUser::Erased {
            tx.commit(by.user_id).await?;
        }
        Ok(outcome)
    }
}

/// Whether the profile changes: an empty edit, or one that repeats the current values, does not. A new password
/// always does.
fn differs(changes: &ProfileChanges) -> SimpleExpr {
    let display_name = changes.display_name.as_ref().map(|name| user::Column::DisplayName.ne(name.as_str()));
    let bio = changes.bio.as_ref().map(|bio| user::Column::Bio.ne(bio.as_str()));
    let password = changes.password.as_ref().map(|_| Expr::val(true));
    let any = [display_name, bio, password].into_iter().flatten().reduce(ExprTrait::or);
    any.unwrap_or_else(|| Expr::val(false))
}

async fn find_credentials(
    connection: &impl Select,
    condition: SimpleExpr,
    lock: Option<LockType>,
) -> Result<Option<Credentials>, DbErr> {
    let mut select = view::user::select_user();
    select.column((user::Entity, user::Column::PasswordHash)).and_where(condition);
    if let Some(lock) = lock {
        select.lock(lock);
    }
    let Some(row) = connection.select_one(&select).await? else {
        return Ok(None);
    };
    let mut fields = Fields::of(&row);
    Ok(Some(Credentials { user: view::user::read_user(&mut fields)?, password: PasswordHash(fields.value()?) }))
}

#[async_trait]
impl UserRepository for SeaUserRepository {
    async fn insert(
        &self,
        user: &User,
        password: &PasswordHash,
        kept: &NameHashes,
    ) -> Result<InsertUser, RepositoryError> {
        retrying(&self.db, "users.insert", || self.try_insert(user, password, kept)).await
    }

    async fn find(&self, user: &UserRef, viewer: Option<UserId>) -> Result<Option<UserView>, RepositoryError> {
        reading("users.find", self.try_find(user, viewer)).await
    }

    async fn list(&self, page: PageRequest, viewer: Option<UserId>) -> Result<Page<UserView>, RepositoryError> {
        reading("users.list", self.try_list(page, viewer)).await
    }

    async fn find_credentials(&self, user: &UserRef) -> Result<Option<Credentials>, RepositoryError> {
        let found = async { find_credentials(&self.db.read_primary(), view::user::is(user), None).await };
        reading("users.find_credentials", found).await
    }

    async fn update(
        &self,
        by: Principal,
        changes: &ProfileChanges,
        expected: Option<Revision>,
    ) -> Result<UpdateUser, RepositoryError> {
        retrying(&self.db, "users.update", || self.try_update(by, changes, expected)).await
    }

    async fn renew_hash(
        &self,
        id: UserId,
        verified: &PasswordHash,
        renewed: &PasswordHash,
    ) -> Result<RenewHash, RepositoryError> {
        retrying(&self.db, "users.renew_hash", || self.try_renew_hash(id, verified, renewed)).await
    }

    async fn erase(&self, by: Principal, proof: &Proof, kept: &KeptName) -> Result<EraseUser, RepositoryError> {
        retrying(&self.db, "users.erase", || self.try_erase(by, proof, kept)).await
    }
}
