//! Likes of posts or of comments, given and taken back together.

use std::collections::HashSet;
use std::time::Duration;

use domain::{Cuid, Principal, SessionId, Timestamp, UserId};
use posts::ports::Like;
use resilience::Coalesce;
use sea_orm::{DbErr, QueryResult, Statement};
use serde::Serialize;

use super::{Together, set};
use crate::database::Transaction;
use crate::fields::Fields;
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
    pub(crate) by: Principal,
    pub(crate) wish: Wish,
    things: std::marker::PhantomData<fn() -> T>,
}

impl<T> Liking<T> {
    pub(crate) fn new(item: Cuid, by: Principal, wish: Wish) -> Self {
        Self { item, by, wish, things: std::marker::PhantomData }
    }
}

/// Locks in the order of ids those who like in sessions that are there, whose accounts are kept from being erased, and then
/// what they like. Then likes come and go, and each thing's count follows from what really did: whoever else changes the
/// likes of a thing has to lock it first. Answers who is there (`true`), what (`false`), and which sessions have ended
/// (`NULL`).
///
/// To update what was locked in the same statement is safe because nobody holds `FOR KEY SHARE` on a thing without having
/// locked it for its counts before (`posts.rs` says what would come of it).
#[rustfmt::skip]
macro_rules! like {
    ($items:literal, $likes:literal, $item:literal, $($is_there:expr),+) => {
        set::with_new!("item text, liker text, session_id text, at bigint",
            set::acting!(),
            ", likers AS MATERIALIZED ( \
                SELECT id FROM users WHERE id = ANY (ARRAY(SELECT liker FROM acting)) AND NOT removed \
                ORDER BY id FOR KEY SHARE \
            ), items AS MATERIALIZED ( \
                SELECT id FROM ", $items, " \
                WHERE id = ANY (ARRAY(SELECT item FROM acting JOIN likers ON likers.id = liker)) \
                AND ", $($is_there,)+ " ORDER BY id FOR NO KEY UPDATE \
            ), granted AS MATERIALIZED ( \
                SELECT item, liker, at FROM acting JOIN likers ON likers.id = liker JOIN items ON items.id = item \
            ), added AS ( \
                INSERT INTO ", $likes, " (", $item, ", user_id, created_at) \
                SELECT item, liker, at FROM granted WHERE at IS NOT NULL \
                ON CONFLICT DO NOTHING RETURNING ", $item, " AS item \
            ), removed AS ( \
                DELETE FROM ", $likes, " USING granted WHERE at IS NULL AND ", $item, " = item AND user_id = liker \
                RETURNING item \
            ), counts AS ( \
                SELECT item, sum(number) AS number FROM ( \
                    SELECT item, 1 AS number FROM added UNION ALL SELECT item, -1 FROM removed \
                ) AS changes GROUP BY item \
            ), counted AS ( \
                UPDATE ", $items, " SET like_count = like_count + counts.number FROM counts \
                WHERE ", $items, ".id = counts.item AND counts.number <> 0 \
                AND ", $items, ".id = ANY (ARRAY(SELECT id FROM items)) \
            ) \
            SELECT true, id FROM likers UNION ALL SELECT false, id FROM items \
            UNION ALL SELECT NULL, ended.id FROM ended"
        )
    };
}

/// Things whose likes are kept in a table of their own, and the statement for them.
pub(crate) trait InSets: LikedThings {
    const LIKE_SQL: &str;
}

impl InSets for LikedPosts {
    const LIKE_SQL: &str = like!("posts", "post_likes", "post_id", set::post_is_there!());
}

impl InSets for LikedComments {
    const LIKE_SQL: &str = like!(
        "comments",
        "comment_likes",
        "comment_id",
        "author_id IS NOT NULL \
        AND NOT EXISTS (SELECT FROM users WHERE users.id = comments.author_id AND users.removed) \
        AND EXISTS (SELECT FROM posts WHERE posts.id = comments.post_id AND ",
        set::post_is_there!(),
        ")"
    );
}

#[derive(Serialize)]
struct LikeRow<'l> {
    item: &'l str,
    liker: &'l str,
    session_id: &'l str,
    /// `None` to take the like back.
    at: Option<i64>,
}

impl<T: InSets> Coalesce for Liking<T> {
    type Key = (Cuid, UserId);

    fn key(&self) -> Option<Self::Key> {
        Some((self.item, self.by.user_id))
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
        self.by.user_id
    }

    async fn alone(&self, tx: &Transaction) -> Result<Like, DbErr> {
        match self.wish {
            Wish::Like(at) => T::like(tx, self.item, self.by, at).await,
            Wish::Unlike => T::unlike(tx, self.item, self.by).await,
        }
    }

    fn as_statement(likings: &[&Self], patience: Duration) -> Result<Statement, DbErr> {
        let rows = likings.iter().map(|liking| LikeRow {
            item: liking.item.as_str(),
            liker: liking.by.user_id.as_str(),
            session_id: liking.by.session_id.as_str(),
            at: match liking.wish {
                Wish::Like(at) => Some(at.as_micros()),
                Wish::Unlike => None,
            },
        });
        set::statement(T::LIKE_SQL, rows, patience)
    }

    fn outcomes(likings: &[&Self], rows: &[QueryResult]) -> Result<Vec<Like>, DbErr> {
        let (mut likers, mut items) = (HashSet::<UserId>::new(), HashSet::<Cuid>::new());
        let mut ended = HashSet::<SessionId>::new();
        for row in rows {
            let mut fields = Fields::of(row);
            match fields.next::<Option<bool>>()? {
                Some(true) => likers.insert(fields.id()?),
                Some(false) => items.insert(fields.id::<()>()?.cuid()),
                None => ended.insert(fields.id()?),
            };
        }
        let outcome = |liking: &&Self| {
            if ended.contains(&liking.by.session_id) || !likers.contains(&liking.by.user_id) {
                Like::SessionEnded
            } else if !items.contains(&liking.item) {
                Like::NotFound
            } else {
                Like::Done
            }
        };
        Ok(likings.iter().map(outcome).collect())
    }
}
