//! The HTTP kit: everything that the shells share.
//!
//! A shell serves a part of the URL space with the use cases of the contexts; `api` is the REST shell. It describes
//! its part by [`surface::Surface`]s and passes itself on as an [`application::Shell`]. The
//! [`application::Application`] puts all shells behind one stack of middlewares. The kit depends on no shell, use
//! case or adapter.
//!
//! Requests:
//! - [`body`], [`check`]: read bodies and convert them to typed values;
//! - [`identity`]: the sender; [`paths`], [`paging`], [`preconditions`]: path parameters, pages, conditional
//!   requests.
//!
//! Responses:
//! - [`problem`]: errors; [`refusal`]: responses to bytes that are not an HTTP request;
//! - [`reply`]: responses that can be cached and revalidated; [`encoded`]: bodies that readers share; [`text`]: JSON
//!   forms of domain values;
//! - [`links`], [`cursor`]: URLs and cursors as clients see them.
//!
//! Every request:
//! - `middleware`: the stack, in order. Other crates use its [`client_address`], [`connections`] and [`rate_limit`];
//! - [`routing`]: responses to requests that match no handler;
//! - [`health`], [`settings`]; `trace` and `targets` for traces and logs.

pub mod application;
pub mod body;
pub mod check;
pub mod cursor;
pub mod encoded;
pub mod health;
pub mod identity;
pub mod links;
mod middleware;
pub mod paging;
pub mod paths;
pub mod preconditions;
pub mod problem;
pub mod refusal;
pub mod reply;
pub mod routing;
pub mod settings;
pub mod surface;
mod targets;
pub mod text;
mod trace;

pub use middleware::{client_address, connections, rate_limit};
