//! The kit of the shells: what everything that answers HTTP has in common.
//!
//! A shell answers a part of the address space, with the use cases of the contexts: `api` is the REST one. It describes its
//! part by [`surface::Surface`]s and hands itself over as an [`application::Shell`]; the [`application::Application`] puts all
//! shells behind one stack of middlewares. The kit knows no shell, no use case and no adapter.
//!
//! What is asked:
//! - [`body`], [`check`]: bodies, and from their shape to typed values;
//! - [`identity`]: who sends a request. [`paths`], [`paging`], [`preconditions`]: what it names, which page it wants, under
//!   which conditions.
//!
//! What is answered:
//! - [`problem`]: errors, and [`refusal`]: answers to what is no request;
//! - [`reply`]: answers that can be cached and revalidated. [`encoded`]: those that many readers share. [`text`]: how values
//!   of the domain are written;
//! - [`links`], [`cursor`]: addresses and cursors, as clients see them.
//!
//! What every request passes through:
//! - `middleware`, in order. Of it [`client_address`], [`connections`] and [`rate_limit`] are of use elsewhere;
//! - [`routing`]: what happens to requests that no handler takes;
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
