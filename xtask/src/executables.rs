//! Builds executables and finds them in cargo's output.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use cargo_metadata::Message;
use toolkit::{Interrupt, process};

/// Paths of built executables by name.
pub(crate) struct Executables(HashMap<String, PathBuf>);

impl Executables {
    /// Runs `cargo build` with `args`.
    pub(crate) async fn build(args: &[&str], interrupt: &Interrupt) -> Result<Self> {
        let args = [&["build", "--message-format=json-render-diagnostics"], args].concat();
        Self::read(&process::output(process::cargo(args), interrupt).await?)
    }

    fn read(messages: &[u8]) -> Result<Self> {
        let mut executables = HashMap::new();
        for message in Message::parse_stream(messages) {
            if let Message::CompilerArtifact(artifact) = message.context("cargo's messages cannot be read")?
                && !artifact.profile.test
                && let Some(executable) = artifact.executable
            {
                executables.insert(artifact.target.name, executable.into_std_path_buf());
            }
        }
        Ok(Self(executables))
    }

    /// The path of an executable.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf> {
        self.0.get(name).cloned().with_context(|| format!("the workspace has no executable `{name}`"))
    }
}
