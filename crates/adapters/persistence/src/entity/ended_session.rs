use sea_orm::entity::prelude::*;

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_sessions")]
pub struct Model {
    /// Set by the database when the row is stored.
    pub position: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: String,
    /// Set by the database when the row is stored.
    pub ended_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
