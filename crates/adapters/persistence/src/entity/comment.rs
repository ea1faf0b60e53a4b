use sea_orm::entity::prelude::*;

/// A comment; deleted but kept for its replies when it has no author.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub post_id: String,
    pub parent_id: Option<String>,
    pub author_id: Option<String>,
    pub content: Option<String>,
    pub created_at: i64,
    pub edited_at: Option<i64>,
    pub revision: i64,
    pub like_count: i64,
    pub reply_count: i64,
    /// How far below the top level; 0 in a reply when that is not known.
    pub depth: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
