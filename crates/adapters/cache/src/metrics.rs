//! What the cache tells of itself:
//!
//! - `cache_requests_total{layer, outcome}`: reads by how each layer, `local` or `shared`, served them: `hit`, `miss`, or
//!   `bypass` when copies could not be trusted or the reader's own last write had not been heard of;
//! - `cache_loads_total{kind}`: loads from the database, by what was loaded: `post`, `user`, `public_feed`, `user_posts`;
//! - `cache_entries`, `cache_bytes`: what is kept in the process;
//! - `cache_following`: 1 while copies can be trusted as far as this instance knows, else 0.

use crate::key::Key;

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

pub(crate) fn request(layer: Layer, outcome: Outcome) {
    let layer = match layer {
        Layer::Local => "local",
        Layer::Shared => "shared",
    };
    let outcome = match outcome {
        Outcome::Hit => "hit",
        Outcome::Miss => "miss",
        Outcome::Bypass => "bypass",
    };
    metrics::counter!("cache_requests_total", "layer" => layer, "outcome" => outcome).increment(1);
}

pub(crate) fn load(key: &Key) {
    metrics::counter!("cache_loads_total", "kind" => key.kind()).increment(1);
}

pub(crate) fn following(following: bool) {
    metrics::gauge!("cache_following").set(if following { 1.0 } else { 0.0 });
}

#[expect(clippy::cast_precision_loss, reason = "nobody reads the sixteenth digit")]
pub(crate) fn kept(entries: u64, bytes: u64) {
    metrics::gauge!("cache_entries").set(entries as f64);
    metrics::gauge!("cache_bytes").set(bytes as f64);
}
