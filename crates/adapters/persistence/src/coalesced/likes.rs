//! Likes of posts or of comments, given and taken back together.

use domain::{Cuid, Timestamp, UserId};
use posts::ports::Like;
use resilience::Coalesce;
use sea_orm::{ConnectionTrait, DbErr};
use serde::Serialize;

use super::{Together, set};
use crate::database::Transaction;
use crate::repository::{LikedComments, LikedPosts, LikedThings};

/// A wish about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To like it, from this time on.
    Like(Timestamp),
    /// To take that back.
    Unlike,
}

/// What somebody wishes about one of `T`.
pub(crate) struct Liking<T> {
    pub(crate) item: Cuid,
    pub(crate) user: UserId,
    pub(crate) wish: Wish,
    things: std::marker::PhantomData<fn() -> T>,
}

impl<T> Liking<T> {
    pub(crate) fn new(item: Cuid, user: UserId, wish: Wish) -> Self {
        Self { item, user, wish, things: std::marker::PhantomData }
    }
}

/// The statements of a set, for one pair of tables.
pub(crate) struct Statements {
    lock_items: &'static str,
    change: &'static str,
}

/// Keeps the accounts of those who like from being erased.
const LOCK_USERS: &str =
    "SELECT id FROM users WHERE id IN (SELECT json_array_elements_text($1::json)) ORDER BY id FOR KEY SHARE";

/// What is liked is locked in the order of ids. Then likes come and go, and each thing's count follows from what really
/// did: whoever else changes the likes of a thing has to lock it first.
macro_rules! statements {
    ($items:literal, $likes:literal, $item:literal) => {
        Statements {
            lock_items: concat!(
                "SELECT id FROM ", $items, " WHERE id IN (SELECT json_array_elements_text($1::json)) \
                AND author_id IS NOT NULL ORDER BY id FOR NO KEY UPDATE"
            ),
            change: concat!(
                "WITH added AS ( \
                    INSERT INTO ", $likes, " (", $item, ", user_id, created_at) \
                    SELECT item, liker, at FROM json_to_recordset($1::json) AS new(item text, liker text, at bigint) \
                    ON CONFLICT DO NOTHING RETURNING ", $item, " AS item \
                ), removed AS ( \
                    DELETE FROM ", $likes, " USING json_to_recordset($2::json) AS gone(item text, liker text) \
                    WHERE ", $item, " = gone.item AND user_id = gone.liker RETURNING ", $item, " AS item \
                ), counts AS ( \
                    SELECT item, sum(number) AS number FROM ( \
                        SELECT item, 1 AS number FROM added UNION ALL SELECT item, -1 FROM removed \
                    ) AS changes GROUP BY item \
                ) \
                UPDATE ", $items, " SET like_count = like_count + counts.number \
                FROM counts WHERE ", $items, ".id = counts.item AND counts.number <> 0"
            ),
        }
    };
}

/// Things whose likes are kept in a table of their own.
pub(crate) trait InSets: LikedThings {
    const STATEMENTS: Statements;
}

impl InSets for LikedPosts {
    const STATEMENTS: Statements = statements!("posts", "post_likes", "post_id");
}

impl InSets for LikedComments {
    const STATEMENTS: Statements = statements!("comments", "comment_likes", "comment_id");
}

#[derive(Serialize)]
struct LikeRow<'l> {
    item: &'l str,
    liker: &'l str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
}

impl<T: InSets> Coalesce for Liking<T> {
    type Key = (Cuid, UserId);

    fn key(&self) -> Option<Self::Key> {
        Some((self.item, self.user))
    }
}

impl<T: InSets> Together for Liking<T> {
    type Outcome = Like;

    fn operation(&self) -> &'static str {
        match self.wish {
            Wish::Like(_) => T::LIKE,
            Wish::Unlike => T::UNLIKE,
        }
    }

    fn by(&self) -> UserId {
        self.user
    }

    async fn alone(&self, tx: &Transaction) -> Result<Like, DbErr> {
        match self.wish {
            Wish::Like(at) => T::like(tx, self.item, self.user, at).await,
            Wish::Unlike => T::unlike(tx, self.item, self.user).await,
        }
    }

    async fn as_set(likings: &[Self], tx: &Transaction) -> Result<Vec<Like>, DbErr> {
        let wanted = set::ids(likings.iter().map(|liking| liking.user.as_str()))?;
        let users = set::locked::<domain::User>(tx, LOCK_USERS, wanted).await?;
        let wanted = set::ids(likings.iter().map(|liking| liking.item.as_str()))?;
        let items = set::locked::<()>(tx, T::STATEMENTS.lock_items, wanted).await?;
        let outcome = |liking: &Self| {
            if !users.contains(&liking.user.cuid()) {
                Like::UserGone
            } else if !items.contains(&liking.item) {
                Like::NotFound
            } else {
                Like::Done
            }
        };
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for liking in likings.iter().filter(|liking| outcome(liking) == Like::Done) {
            let (item, liker) = (liking.item.as_str(), liking.user.as_str());
            match liking.wish {
                Wish::Like(at) => added.push(LikeRow { item, liker, at: Some(at.as_micros()) }),
                Wish::Unlike => removed.push(LikeRow { item, liker, at: None }),
            }
        }
        let sets = [set::rows(&added)?, set::rows(&removed)?];
        tx.execute_raw(set::statement(T::STATEMENTS.change, sets)).await?;
        Ok(likings.iter().map(outcome).collect())
    }
}
