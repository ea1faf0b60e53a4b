//! The end-to-end suite: the real server over HTTP, every test on SQLite and on PostgreSQL.
//!
//! - `accounts`, `posts`, `feed`: what each call does, laid out like the routes;
//! - `conventions`: what all calls have in common;
//! - `operations`: health, metrics, documentation, start and stop;
//! - `api_http`: the file of calls to try by hand;
//! - `program`: the executable `thoughts`, from the outside;
//! - `matrix`: who may call what, for every operation of the OpenAPI document;
//! - `properties`: what must be true whatever happens at once, and what it may cost.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod accounts;
mod api_http;
mod conventions;
mod feed;
mod matrix;
mod operations;
mod posts;
mod program;
mod properties;
