//! Tests of the adapter against a real Redis, at `TEST_REDIS_URL`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests panic to fail")]

mod commands;
mod guesses;
mod journal;
mod limits;
mod members;
mod positions;
mod proxy;
mod rules;
mod scene;
mod values;
