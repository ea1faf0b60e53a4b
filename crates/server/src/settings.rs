//! The configuration: variables of the environment, read once at the start into one typed value.
//!
//! Invariants:
//! - Each variable is one row of `variables`; [`Settings`], the help and `.env.example` follow from it.
//! - All problems are reported together, each by its variable.
//! - Problems, warnings and `Debug` never show a secret.
//!
//! - `source`, `dot_env`: the sources of values;
//! - `reader`, `parse`: typed values and problems;
//! - `read`: the settings of this process, and the rules between variables;
//! - `help`: `thoughts --help` and `.env.example`;
//! - `unknown`: warnings about unknown names.

mod dot_env;
mod help;
mod parse;
mod problem;
mod read;
mod reader;
mod source;
mod unknown;
mod variables;

use std::fmt;
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::thread;

pub use help::{env_example, variables_help};
pub use problem::{Problem, SettingsError};
pub use read::load_address;
pub use unknown::unknown_variables;
pub use variables::{Settings, VARIABLES, Variable};

/// The purpose of the server, on which defaults and rules depend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A laptop: missing secrets are generated.
    Development,
    /// Clients on the network: every secret must be set.
    Production,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

/// The surroundings on which some defaults depend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// The cores that the process may use.
    pub cores: NonZeroUsize,
    /// Whether standard error, where the log goes, is a terminal.
    pub on_terminal: bool,
}

impl Surroundings {
    /// The surroundings of this process.
    pub fn detect() -> Self {
        Self {
            cores: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            on_terminal: io::stderr().is_terminal(),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}
