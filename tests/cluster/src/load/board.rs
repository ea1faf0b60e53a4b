//! What the virtual users know of each other.

use std::sync::{Mutex, PoisonError};

use rand::RngExt as _;
use rand::rngs::Xoshiro256PlusPlus;

/// So many of the latest posts are talked about.
const KEPT: usize = 100;

/// Posts that stay, for others to read, like and comment.
#[derive(Default)]
pub(super) struct Board {
    posts: Mutex<Vec<String>>,
}

impl Board {
    /// Puts a post up.
    pub(super) fn add(&self, id: String) {
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        if posts.len() == KEPT {
            posts.remove(0);
        }
        posts.push(id);
    }

    /// Any of them; `None` before the first.
    pub(super) fn any(&self, chance: &mut Xoshiro256PlusPlus) -> Option<String> {
        let posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        if posts.is_empty() { None } else { posts.get(chance.random_range(0..posts.len())).cloned() }
    }
}
