//! Users as readers see them.

use database::{Fields, Row};
use domain::{Author, Bio, Cursor, DisplayName, User, UserId, UserRef, UserView, UserViewer, Username};
use sea_orm::DbErr;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoColumnRef, Query, SelectStatement};

use super::{Kind, exists, presence, select_marked};
use crate::entity::{follow, user};

/// The columns of a [`User`], in the order in which [`read_user`] reads them.
const COLUMNS: [user::Column; 9] = [
    user::Column::Id,
    user::Column::Username,
    user::Column::DisplayName,
    user::Column::Bio,
    user::Column::CreatedAt,
    user::Column::Revision,
    user::Column::PostCount,
    user::Column::FollowerCount,
    user::Column::FollowingCount,
];

/// Users without the flags of a reader.
pub(crate) fn select_user() -> SelectStatement {
    Query::select().columns(COLUMNS.map(|column| (user::Entity, column))).from(user::Entity).take()
}

/// Users as `viewer` sees them.
pub(crate) fn select(viewer: Option<UserId>) -> SelectStatement {
    let mut select = select_user();
    if let Some(viewer) = viewer {
        let user_id = || Expr::col((user::Entity, user::Column::Id));
        let reader = || Expr::val(viewer.as_str().to_owned());
        select
            .expr_as(exists(follows(reader(), user_id())), Alias::new("following"))
            .expr_as(exists(follows(user_id(), reader())), Alias::new("followed_by"));
    }
    select
}

/// The relations of `viewer` to those of `users` that have one. There must be a user.
pub(crate) fn select_viewers(viewer: UserId, users: &[UserId]) -> SelectStatement {
    let following = Kind::new(follow::Entity, follow::Column::FolloweeId, follow::Column::FollowerId);
    let followed_by = Kind::new(follow::Entity, follow::Column::FollowerId, follow::Column::FolloweeId);
    select_marked(viewer, users, [following, followed_by])
}

/// Reads a row of [`select_viewers`].
pub(crate) fn read_viewer(row: &Row) -> Result<(UserId, UserViewer), DbErr> {
    let mut fields = Fields::of(row);
    Ok((fields.id()?, read_relations(&mut fields)?))
}

fn read_relations(fields: &mut Fields<'_>) -> Result<UserViewer, DbErr> {
    Ok(UserViewer { following: fields.value()?, followed_by: fields.value()? })
}

fn follows(follower: Expr, followee: Expr) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(follow::Entity)
        .and_where(Expr::col((follow::Entity, follow::Column::FollowerId)).eq(follower))
        .and_where(Expr::col((follow::Entity, follow::Column::FolloweeId)).eq(followee))
        .take()
}

/// Reads the columns of [`select_user`].
pub(crate) fn read_user(fields: &mut Fields<'_>) -> Result<User, DbErr> {
    Ok(User {
        id: fields.id()?,
        username: Username::from_stored(fields.value()?),
        display_name: DisplayName::from_stored(fields.value()?),
        bio: Bio::from_stored(fields.value()?),
        created_at: fields.time()?,
        revision: fields.revision()?,
        post_count: fields.count()?,
        follower_count: fields.count()?,
        following_count: fields.count()?,
    })
}

/// Reads a row of [`select`].
pub(crate) fn read(row: &Row, viewer: Option<UserId>) -> Result<UserView, DbErr> {
    read_from(&mut Fields::of(row), viewer)
}

fn read_from(fields: &mut Fields<'_>, viewer: Option<UserId>) -> Result<UserView, DbErr> {
    let user = read_user(fields)?;
    Ok(UserView::new(user, viewer.map(|_| read_relations(fields)).transpose()?))
}

/// Reads a row of [`select`] with one more column: the time of a like or a follow, which is the position in that
/// list.
pub(crate) fn read_with_time(row: &Row, viewer: Option<UserId>) -> Result<(UserView, Cursor), DbErr> {
    let mut fields = Fields::of(row);
    let user = read_from(&mut fields, viewer)?;
    let position = Cursor { at: fields.time()?, id: user.subject.id.cuid() };
    Ok((user, position))
}

/// The columns of an [`Author`], in the order in which [`read_author`] reads them.
pub(crate) const AUTHOR_COLUMNS: [user::Column; 3] =
    [user::Column::Id, user::Column::Username, user::Column::DisplayName];

/// Reads [`AUTHOR_COLUMNS`].
pub(crate) fn read_author(fields: &mut Fields<'_>) -> Result<Author, DbErr> {
    Ok(Author {
        id: fields.id()?,
        username: Username::from_stored(fields.value()?),
        display_name: DisplayName::from_stored(fields.value()?),
    })
}

/// The condition for the user whom a request names, if visible.
pub(crate) fn is(user: &UserRef) -> Expr {
    let named = match user {
        UserRef::Id(id) => Expr::col((user::Entity, user::Column::Id)).eq(id.as_str()),
        UserRef::Username(name) => Expr::col((user::Entity, user::Column::Username)).eq(name.as_str()),
    };
    named.and(presence::user())
}

/// The condition that `column` refers to the user whom a request names, if visible. An id is a literal value, from
/// which the database can estimate the number of rows.
pub(crate) fn refers<C: IntoColumnRef>(column: C, user: &UserRef) -> Expr {
    let mut named = Query::select();
    named.from(user::Entity).and_where(is(user));
    match user {
        UserRef::Id(id) => Expr::col(column).eq(id.as_str()).and(Expr::exists(named.expr(Expr::val(1)).take())),
        UserRef::Username(_) => Expr::col(column).eq(Expr::from(named.column((user::Entity, user::Column::Id)).take())),
    }
}
