//! The contexts that this shell answers for.

use http_kit::problem::{Code, code};
use utoipa_actix_web::service_config::ServiceConfig;

/// Declares contexts. Each is a module of this crate with `Services`, `configure` and `problems::CODES`.
macro_rules! contexts {
    ($($(#[$meta:meta])* $name:ident,)*) => {
        /// What the handlers of each context work with.
        #[derive(Clone)]
        pub struct Contexts {
            $($(#[$meta])* pub $name: crate::$name::Services,)*
        }

        /// Adds the routes of all contexts and, where the application is to answer, what their handlers work with.
        pub(crate) fn configure(config: &mut ServiceConfig<'_>, contexts: Option<&Contexts>) {
            $(crate::$name::configure(config, contexts.map(|contexts| &contexts.$name));)*
        }

        /// The code of every problem, in order: those of the kit, and those of each context.
        pub(crate) fn codes() -> Vec<Code> {
            let mut codes = [code::CODES, $(crate::$name::problems::CODES),*].concat();
            codes.sort();
            codes
        }
    };
}

// In the order of how often they are called: the router tries one after the other, and most of their paths are patterns.
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
