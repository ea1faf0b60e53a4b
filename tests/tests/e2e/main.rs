//! The end-to-end suite: the real server over HTTP. Tests of stored data run on SQLite and on PostgreSQL.
//!
//! - `accounts`, `posts`, `social`, `feed`: the calls, by context;
//! - `conventions`: conventions that all calls share;
//! - `operations`: health, metrics, documentation, start and stop;
//! - `api_http`: the file of calls to try by hand;
//! - `program`: the executable `thoughts`, from the outside;
//! - `matrix`: the authorization matrix of every operation in the OpenAPI document;
//! - `properties`: invariants under concurrency, and statement budgets;
//! - `fixtures`: what a test needs to call any operation of that document.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod accounts;
mod api_http;
mod conventions;
mod feed;
mod fixtures;
mod matrix;
mod operations;
mod posts;
mod program;
mod properties;
mod social;
