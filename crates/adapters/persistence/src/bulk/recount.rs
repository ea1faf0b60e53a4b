//! Corrects counters.

use database::Database;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::work::{Work, begin};

/// Blocks writers, including those that only hold row locks so far. Readers continue.
const LOCK: &str = "LOCK TABLE users, posts, comments, post_likes, comment_likes, follows IN EXCLUSIVE MODE";

/// Counts everything once, and corrects rows with wrong counters: usually few or none.
const CORRECTIONS: [&str; 3] = [
    "UPDATE users
     SET post_count = exact.posts, follower_count = exact.followers, following_count = exact.following
     FROM (
         SELECT users.id,
             COALESCE(written.n, 0) AS posts, COALESCE(fans.n, 0) AS followers, COALESCE(idols.n, 0) AS following
         FROM users
         LEFT JOIN (SELECT author_id AS id, count(*) AS n FROM posts GROUP BY author_id) AS written
             ON written.id = users.id
         LEFT JOIN (SELECT followee_id AS id, count(*) AS n FROM follows GROUP BY followee_id) AS fans
             ON fans.id = users.id
         LEFT JOIN (SELECT follower_id AS id, count(*) AS n FROM follows GROUP BY follower_id) AS idols
             ON idols.id = users.id
     ) AS exact
     WHERE users.id = exact.id
     AND (users.post_count <> exact.posts
         OR users.follower_count <> exact.followers OR users.following_count <> exact.following)",
    "UPDATE posts
     SET like_count = exact.likes, comment_count = exact.comments
     FROM (
         SELECT posts.id, COALESCE(liked.n, 0) AS likes, COALESCE(commented.n, 0) AS comments
         FROM posts
         LEFT JOIN (SELECT post_id AS id, count(*) AS n FROM post_likes GROUP BY post_id) AS liked
             ON liked.id = posts.id
         LEFT JOIN (SELECT post_id AS id, count(author_id) AS n FROM comments GROUP BY post_id) AS commented
             ON commented.id = posts.id
     ) AS exact
     WHERE posts.id = exact.id AND (posts.like_count <> exact.likes OR posts.comment_count <> exact.comments)",
    "UPDATE comments
     SET like_count = exact.likes, reply_count = exact.replies
     FROM (
         SELECT comments.id, COALESCE(liked.n, 0) AS likes, COALESCE(answered.n, 0) AS replies
         FROM comments
         LEFT JOIN (SELECT comment_id AS id, count(*) AS n FROM comment_likes GROUP BY comment_id) AS liked
             ON liked.id = comments.id
         LEFT JOIN (
             SELECT parent_id AS id, count(*) AS n FROM comments WHERE parent_id IS NOT NULL GROUP BY parent_id
         ) AS answered ON answered.id = comments.id
     ) AS exact
     WHERE comments.id = exact.id AND (comments.like_count <> exact.likes OR comments.reply_count <> exact.replies)",
];

/// Corrects every counter. Returns how many rows had a wrong one.
pub(super) async fn recount(db: &Database) -> Result<u64, DbErr> {
    let tx = begin(db, Work::Whole).await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(LOCK).await?;
    }
    let mut corrected = 0;
    for correction in CORRECTIONS {
        corrected += tx.execute_unprepared(correction).await?.rows_affected();
    }
    tx.commit(None).await?;
    Ok(corrected)
}
