//! Reads that are independent of the user's writes.

use rand::RngExt as _;

use super::Actor;
use crate::http::{Call, Reply};
use crate::load::sample::Outcome;

impl Actor {
    /// Reads a feed, a profile, a post or a thread.
    pub(super) async fn look_around(&mut self) {
        let somebody = self.anybody();
        let call = match (self.chance.random_range(0..6), self.board.any(&mut self.chance)) {
            (0, _) => Call::get("/v1/posts?limit=20"),
            (1, _) => Call::get("/v1/feed?limit=20").by(&self.user),
            (2, _) => Call::get(format!("/v1/users/{somebody}/posts?limit=10")),
            (3, Some(post)) => Call::get(format!("/v1/posts/{post}/comments")),
            (4, Some(post)) => Call::get(format!("/v1/posts/{post}")),
            _ => Call::get(format!("/v1/users/{somebody}")),
        };
        // Every other reader is signed in.
        let call = if self.chance.random() { call.by(&self.user) } else { call };
        self.read(call, is_there).await;
    }

    /// Any user of the period, possibly this one.
    pub(super) fn anybody(&mut self) -> String {
        self.everybody[self.chance.random_range(0..self.everybody.len())].clone()
    }
}

/// No post read here is ever deleted: users delete only posts that they never shared.
pub(super) fn is_there(reply: &Reply) -> Outcome {
    if reply.status == 404 { Outcome::Missing } else { Outcome::Good }
}
