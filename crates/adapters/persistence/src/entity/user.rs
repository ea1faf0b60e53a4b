use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub username: String,
    pub display_name: String,
    pub bio: String,
    pub password_hash: String,
    pub created_at: i64,
    pub revision: i64,
    pub post_count: i64,
    pub follower_count: i64,
    pub following_count: i64,
    /// Hidden from all readers until its rows are removed.
    pub removed: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
