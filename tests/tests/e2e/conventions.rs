//! Conventions that all calls share.

mod authorization;
mod bad_bodies;
mod browsers;
mod caching;
mod compression;
mod garbage;
mod head;
mod headers;
mod idempotency;
mod large_bodies;
mod pages;
mod preconditions;
mod query;
mod rate_limit;
mod routing;
mod text;
