//! Announces steps as they begin, and summarises them at the end.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// The steps so far, with duration and result.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
}

struct Step {
    name: String,
    took: Duration,
    passed: bool,
}

impl Report {
    /// Announces and runs one step.
    pub(crate) async fn step<T>(
        &mut self,
        name: impl Into<String>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let name = name.into();
        eprintln!("\n── {name}");
        let began = Instant::now();
        let outcome = work.await;
        let (took, passed) = (began.elapsed(), outcome.is_ok());
        let outcome = outcome.with_context(|| format!("{name} failed"));
        self.steps.push(Step { name, took, passed });
        outcome
    }

    /// Prints each step with its duration.
    pub(crate) fn print(&self) {
        eprintln!("\n── summary");
        let width = self.steps.iter().map(|step| step.name.chars().count()).max().unwrap_or_default();
        for Step { name, took, passed } in &self.steps {
            let mark = if *passed { "ok    " } else { "FAILED" };
            eprintln!("{mark}  {name:width$}  {:>7.1} s", took.as_secs_f64());
        }
        let total: Duration = self.steps.iter().map(|step| step.took).sum();
        eprintln!("        {:width$}  {:>7.1} s", "total", total.as_secs_f64());
    }
}
