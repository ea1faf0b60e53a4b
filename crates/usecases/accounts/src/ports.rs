//! The ports of the accounts context.

#![warn(missing_docs)]

mod guesses;
mod names;
mod passwords;
mod security_log;
mod sessions;
mod tokens;
mod users;

pub use guesses::*;
pub use names::*;
pub use passwords::*;
pub use security_log::*;
pub use sessions::*;
pub use tokens::*;
pub use users::*;

pub use crate::refresh_token::{NewRefreshToken, RefreshTokenHash};
