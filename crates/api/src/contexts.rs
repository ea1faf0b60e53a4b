//! The list of contexts that this shell serves.

use http_kit::problem::{Code, code};
use utoipa_actix_web::service_config::ServiceConfig;

/// Declares contexts. Each is a module of this crate with `Services`, `configure` and `problems::CODES`.
macro_rules! contexts {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        /// Shared state of the handlers of every context.
        #[derive(Clone)]
        pub struct Contexts {
            $($(#[$meta])* pub $name: crate::$name::Services,)*
        }

        /// Registers the routes of all contexts. With `contexts`, it also registers the state that handlers need to
        /// answer.
        pub(crate) fn configure(config: &mut ServiceConfig<'_>, contexts: Option<&Contexts>) {
            $(crate::$name::configure(config, contexts.map(|contexts| &contexts.$name));)*
        }

        /// All problem codes, sorted: those of the kit and those of each context.
        pub(crate) fn codes() -> Vec<Code> {
            let mut codes = [code::CODES, $(crate::$name::problems::CODES),*].concat();
            codes.sort();
            codes
        }
    };
}

// Ordered by how often they are called. The router tries routes one after the other, and most paths are patterns.
contexts! {
    /// The public feed and the home timeline.
    feed,
    /// Posts and comments.
    posts,
    /// Accounts and sessions.
    accounts,
    /// Follows.
    social,
}
