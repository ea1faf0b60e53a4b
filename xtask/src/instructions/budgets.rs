//! The instruction budgets in the repository.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// What instruction counts depend on, besides the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) machine: String,
    pub(super) rustc: String,
}

/// Instruction budgets by name of the work.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Budgets {
    /// Where they were counted.
    pub(super) origin: Origin,
    pub(super) instructions: BTreeMap<String, u64>,
}

impl Budgets {
    /// Empty budgets, for a repository without any.
    pub(super) fn none(origin: Origin) -> Self {
        Self { origin, instructions: BTreeMap::new() }
    }

    /// Reads the budgets.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}; --update writes it", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not understood", path.display()))
    }

    /// Writes the budgets.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.text()?).with_context(|| format!("cannot write {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let file: Value = serde_json::from_str(text)?;
        let word = |name: &str| file[name].as_str().map(ToOwned::to_owned).with_context(|| format!("no `{name}`"));
        Ok(Self {
            origin: Origin { machine: word("machine")?, rustc: word("rustc")? },
            instructions: serde_json::from_value(file["instructions"].clone()).context("no `instructions`")?,
        })
    }

    fn text(&self) -> Result<String> {
        let Origin { machine, rustc } = &self.origin;
        let file = json!({ "machine": machine, "rustc": rustc, "instructions": self.instructions });
        Ok(serde_json::to_string_pretty(&file)? + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survive_a_round_trip() {
        let origin = Origin { machine: "x86_64".to_owned(), rustc: "1.95.0".to_owned() };
        let budgets = Budgets { origin, instructions: BTreeMap::from([("id".to_owned(), 7)]) };
        assert_eq!(Budgets::parse(&budgets.text().unwrap()).unwrap(), budgets);
    }

    #[test]
    fn names_a_missing_field() {
        let error = |text| Budgets::parse(text).unwrap_err().to_string();
        assert_eq!(error(r#"{"machine":"x86_64","instructions":{}}"#), "no `rustc`");
        assert_eq!(error(r#"{"machine":"x86_64","rustc":"1.95.0"}"#), "no `instructions`");
        assert_eq!(error(r#"{"machine":"x86_64","rustc":"1.95.0","instructions":{"id":-1}}"#), "no `instructions`");
    }
}
