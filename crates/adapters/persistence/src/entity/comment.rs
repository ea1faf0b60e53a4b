use sea_orm::entity::prelude::*;

/// A comment. Without an author it is deleted, and kept as a mark for its replies.
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
    /// Its depth below the top level; 0 in a reply whose depth is unknown.
    pub depth: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
