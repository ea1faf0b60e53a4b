//! The metrics of the cache:
//!
//! - `cache_requests_total{layer, outcome}`: reads by layer, `local` or `shared`, and outcome: `hit`, `miss` or
//!   `bypass`. `bypass` means that entries could not be trusted, or that the reader's own last write had not been
//!   received;
//! - `cache_loads_total{kind}`: loads from the database, by kind: `post`, `user`, `public_feed`, `user_posts`;
//! - `cache_entries`, `cache_bytes`: the number and size of the entries in the process;
//! - `cache_following`: 1 while this instance trusts its entries, else 0.

use metrics::{Counter, counter};

use crate::kept::key::Key;

#[derive(Clone, Copy)]
pub(crate) enum Layer {
    Local,
    Shared,
}

#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Hit,
    Miss,
    Bypass,
}

/// Counts reads. The counters are looked up once, because every read increments one.
pub(crate) struct Reads([[Counter; 3]; 2]);

impl Reads {
    /// The counters of the recorder installed now.
    pub(crate) fn new() -> Self {
        Self([Layer::Local, Layer::Shared].map(|layer| {
            [Outcome::Hit, Outcome::Miss, Outcome::Bypass]
                .map(|outcome| counter!("cache_requests_total", "layer" => layer.name(), "outcome" => outcome.name()))
        }))
    }

    pub(crate) fn count(&self, layer: Layer, outcome: Outcome) {
        self.0[layer as usize][outcome as usize].increment(1);
    }
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Shared => "shared",
        }
    }
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
        }
    }
}

pub(crate) fn load(key: &Key) {
    counter!("cache_loads_total", "kind" => key.kind()).increment(1);
}

pub(crate) fn following(following: bool) {
    metrics::gauge!("cache_following").set(if following { 1.0 } else { 0.0 });
}

#[expect(clippy::cast_precision_loss, reason = "a gauge needs no more than 53 bits")]
pub(crate) fn kept(entries: u64, bytes: u64) {
    metrics::gauge!("cache_entries").set(entries as f64);
    metrics::gauge!("cache_bytes").set(bytes as f64);
}
