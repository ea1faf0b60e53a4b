//! Gives and takes back likes of posts and comments, in batches.
//!
//! Invariants:
//! - A like and its count change in one statement.
//! - Users are locked before the liked things, each in the order of ids.
//! - Two writes for the same like never share a batch.
//!
//! Tested in `tests/repositories/batches.rs` and `locking_order.rs`.

use std::collections::HashSet;
use std::time::Duration;

use database::{BatchWrite, Fields, Transaction, set, told, with_new};
use domain::{Cuid, Principal, SessionId, Timestamp, UserId};
use events::{Effect, Fact};
use resilience::Coalesce;
use sea_orm::{DbErr, QueryResult, Statement};
use serde::Serialize;

use super::acting::acting;
use super::likes::{LikeOutcome, LikedComments, LikedPosts, LikedThings};
use crate::view::presence::post_is_there;

/// What the write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LikeAction {
    /// Gives a like, at this time.
    Give(Timestamp),
    /// Takes the like back.
    TakeBack,
}

/// A write that gives or takes back a like of a `T`.
pub(crate) struct LikeWrite<T> {
    pub(crate) item: Cuid,
    pub(crate) by: Principal,
    pub(crate) action: LikeAction,
    things: std::marker::PhantomData<fn() -> T>,
}

impl<T> LikeWrite<T> {
    pub(crate) fn new(item: Cuid, by: Principal, action: LikeAction) -> Self {
        Self { item, by, action, things: std::marker::PhantomData }
    }
}

/// Locks the users whose sessions exist against erasure, and then the things, both in the order of ids. Then adds and
/// removes likes, and changes the counts by the rows that really changed. Every other change to the likes of a thing
/// locks the thing first.
///
/// Returns rows of a kind and two ids: users (1), things (2), ended sessions (3), and changed likes with thing and
/// user (4).
///
/// Updating rows that were locked in the same statement is safe here. A transaction that holds `FOR KEY SHARE` on a
/// thing has locked it more strongly before. `post_publication.rs` describes the deadlock otherwise.
#[rustfmt::skip]
macro_rules! like {
    ($items:literal, $likes:literal, $item:literal, $liked:literal, $unliked:literal, $($is_there:expr),+) => {
        with_new!("item text, liker text, session_id text, at bigint",
            acting!(),
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
                ON CONFLICT DO NOTHING RETURNING ", $item, " AS item, user_id AS liker, created_at AS at \
            ), removed AS ( \
                DELETE FROM ", $likes, " USING granted WHERE at IS NULL AND ", $item, " = item AND user_id = liker \
                RETURNING item, liker \
            ), counts AS ( \
                SELECT item, sum(number) AS number FROM ( \
                    SELECT item, 1 AS number FROM added UNION ALL SELECT item, -1 FROM removed \
                ) AS changes GROUP BY item \
            ), counted AS ( \
                UPDATE ", $items, " SET like_count = like_count + counts.number FROM counts \
                WHERE ", $items, ".id = counts.item AND counts.number <> 0 \
                AND ", $items, ".id = ANY (ARRAY(SELECT id FROM items)) \
            )",
            told!(
                "SELECT '[\"", $liked, "\",\"' || item || '\",\"' || liker || '\",' || at || ']' AS fact FROM added \
                UNION ALL SELECT '[\"", $unliked, "\",\"' || item || '\",\"' || liker || '\"]' FROM removed"
            ),
            " SELECT 1, id, NULL FROM likers UNION ALL SELECT 2, id, NULL FROM items \
            UNION ALL SELECT 3, ended.id, NULL FROM ended \
            UNION ALL SELECT 4, item, liker FROM added UNION ALL SELECT 4, item, liker FROM removed"
        )
    };
}

/// Things with a table of likes, and the statement that writes a batch of them.
pub(crate) trait InBatches: LikedThings {
    const LIKE_SQL: &str;
}

impl InBatches for LikedPosts {
    const LIKE_SQL: &str = like!("posts", "post_likes", "post_id", "post_liked", "post_unliked", post_is_there!());
}

impl InBatches for LikedComments {
    const LIKE_SQL: &str = like!(
        "comments",
        "comment_likes",
        "comment_id",
        "comment_liked",
        "comment_unliked",
        "author_id IS NOT NULL \
        AND NOT EXISTS (SELECT FROM users WHERE users.id = comments.author_id AND users.removed) \
        AND EXISTS (SELECT FROM posts WHERE posts.id = comments.post_id AND ",
        post_is_there!(),
        ")"
    );
}

#[derive(Serialize)]
struct LikeRow<'l> {
    item: &'l str,
    liker: &'l str,
    session_id: &'l str,
    /// `None` takes the like back.
    at: Option<i64>,
}

impl<T: InBatches> Coalesce for LikeWrite<T> {
    type Key = (Cuid, UserId);

    fn key(&self) -> Option<Self::Key> {
        Some((self.item, self.by.user_id))
    }
}

impl<T: InBatches> BatchWrite for LikeWrite<T> {
    type Outcome = LikeOutcome;

    fn operation(&self) -> &'static str {
        match self.action {
            LikeAction::Give(_) => T::LIKE,
            LikeAction::TakeBack => T::UNLIKE,
        }
    }

    fn by(&self) -> UserId {
        self.by.user_id
    }

    fn fact(&self) -> Fact {
        let (what, by) = (T::of(self.item), self.by.user_id);
        match self.action {
            LikeAction::Give(at) => Fact::Liked { what, by, at },
            LikeAction::TakeBack => Fact::Unliked { what, by },
        }
    }

    fn effect(outcome: &LikeOutcome) -> Effect {
        match outcome {
            LikeOutcome::Changed => Effect::Committed,
            LikeOutcome::Unchanged => Effect::Seen,
            LikeOutcome::NotFound | LikeOutcome::SessionEnded => Effect::Nothing,
        }
    }

    async fn alone(&self, tx: &Transaction) -> Result<LikeOutcome, DbErr> {
        match self.action {
            LikeAction::Give(at) => T::like(tx, self.item, self.by, at).await,
            LikeAction::TakeBack => T::unlike(tx, self.item, self.by).await,
        }
    }

    fn as_statement(writes: &[&Self], patience: Duration) -> Result<Statement, DbErr> {
        let rows = writes.iter().map(|write| LikeRow {
            item: write.item.as_str(),
            liker: write.by.user_id.as_str(),
            session_id: write.by.session_id.as_str(),
            at: match write.action {
                LikeAction::Give(at) => Some(at.as_micros()),
                LikeAction::TakeBack => None,
            },
        });
        set::statement(T::LIKE_SQL, rows, patience)
    }

    fn outcomes(writes: &[&Self], rows: &[QueryResult]) -> Result<Vec<LikeOutcome>, DbErr> {
        let (mut likers, mut items) = (HashSet::<UserId>::new(), HashSet::<Cuid>::new());
        let (mut ended, mut changed) = (HashSet::<SessionId>::new(), HashSet::<(Cuid, UserId)>::new());
        for row in rows {
            let mut fields = Fields::of(row);
            match fields.value::<i32>()? {
                1 => likers.insert(fields.id()?),
                2 => items.insert(fields.id::<()>()?.cuid()),
                3 => ended.insert(fields.id()?),
                _ => changed.insert((fields.id::<()>()?.cuid(), fields.id()?)),
            };
        }
        let outcome = |write: &&Self| {
            if ended.contains(&write.by.session_id) || !likers.contains(&write.by.user_id) {
                LikeOutcome::SessionEnded
            } else if !items.contains(&write.item) {
                LikeOutcome::NotFound
            } else if changed.contains(&(write.item, write.by.user_id)) {
                LikeOutcome::Changed
            } else {
                LikeOutcome::Unchanged
            }
        };
        Ok(writes.iter().map(outcome).collect())
    }
}
