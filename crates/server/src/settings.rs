//! What an operator decides: variables of the environment, read once at the start into one typed value.
//!
//! `variables` has a row for each variable, from which [`Settings`] and all documents follow. Every problem is found
//! before the server stops, and named by its variable. No problem, warning or `Debug` shows a secret.
//!
//! - `source`, `dot_env`: where values come from;
//! - `reader`, `parse`: what they mean;
//! - `read`: the settings of this process, and the rules between variables;
//! - `help`: `thoughts --help` and `.env.example`;
//! - `unknown`: names that mean nothing.

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

/// What the server is run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A laptop: what is not set is made up.
    Development,
    /// Strangers: every secret must be set.
    Production,
}

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

/// What some defaults depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// How many cores the process may use.
    pub cores: NonZeroUsize,
    /// Whether standard error, where the log goes, is a terminal.
    pub on_terminal: bool,
}

impl Surroundings {
    /// Those of this process.
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
