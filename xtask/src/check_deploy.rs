//! `cargo xtask check-deploy`: checks the files of the deployment.
//!
//! Files are checked by the programs that read them where possible. All other checks are here.

mod containers;
mod dashboards;
mod defaults;
mod grafana;
mod handed_on;
mod metrics;
mod promql;
mod promtool;
mod rights;
mod rules;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use toolkit::{Interrupt, root};

use crate::check_prose;
use crate::report::Report;
use promtool::Promtool;

/// A `PromQL` expression, and the place where it is used.
#[derive(Debug, PartialEq, Eq)]
struct Expression {
    place: String,
    promql: String,
}

/// Runs all steps; the first failure ends the run.
pub(crate) async fn run() -> Result<()> {
    let interrupt = Interrupt::listen()?;
    let mut report = Report::default();
    let outcome = steps(&mut report, &interrupt).await;
    report.print();
    outcome
}

async fn steps(report: &mut Report, interrupt: &Interrupt) -> Result<()> {
    let root = root();
    let dashboards = report.step("dashboards", async { dashboards::read(&root.join("deploy/grafana")) }).await?;
    report.step("metrics", async { check_metrics(&root, &dashboards) }).await?;
    report.step("runbooks", async { check_runbooks(&root) }).await?;
    report.step("defaults", async { check_defaults(&root) }).await?;
    let promtool = report.step("find promtool", Promtool::find(&root, interrupt)).await?;
    report.step("prometheus", check_prometheus(&promtool, &root, &dashboards, interrupt)).await?;
    report.step("compose", containers::check_compose(interrupt)).await?;
    report.step("variables", containers::check_variables(&root, interrupt)).await?;
    report.step("nginx", containers::check_nginx(&root, interrupt)).await
}

/// Checks that dashboards and alerts use only metrics that the server has.
fn check_metrics(root: &Path, dashboards: &[Expression]) -> Result<()> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"));
    let page = read("docs/operations.md")?;
    let measured = metrics::documented(&page);
    if measured.is_empty() {
        bail!("docs/operations.md names no metric");
    }
    let alerts = rules::expressions("deploy/prometheus/alerts.yml", &read("deploy/prometheus/alerts.yml")?);
    let expressions: Vec<_> = dashboards.iter().chain(&alerts).collect();
    let complaints = metrics::complaints(&expressions, &measured);
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} expressions that do not parse, or metrics that docs/operations.md does not name", complaints.len());
    }
    eprintln!("{} expressions over {} metrics", expressions.len(), measured.len());
    Ok(())
}

/// Checks that every alert names a section of the operations guide.
fn check_runbooks(root: &Path) -> Result<()> {
    let page = "docs/operations.md";
    let read = |path: &str| std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"));
    let sections = check_prose::anchors(&read(page)?);
    let missing = rules::without_runbook(&read("deploy/prometheus/alerts.yml")?, page, &sections);
    if !missing.is_empty() {
        bail!("{}", missing.join("; "));
    }
    Ok(())
}

/// Checks that the head of the compose file and the operations guide state the compose file's defaults.
fn check_defaults(root: &Path) -> Result<()> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"));
    let compose = read("docker-compose.yml")?;
    let wrong = defaults::told_otherwise(&compose, &read("docs/operations.md")?);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("; "));
    }
    eprintln!("{} variables of the gateway", defaults::of_the_gateway(&compose).len());
    Ok(())
}

async fn check_prometheus(
    promtool: &Promtool,
    root: &Path,
    dashboards: &[Expression],
    interrupt: &Interrupt,
) -> Result<()> {
    promtool.run(&["check", "config", "prometheus.yml"], interrupt).await?;
    promtool.run(&["test", "rules", "alerts_test.yml"], interrupt).await?;
    // Otherwise, errors in the dashboards' expressions would first show in Grafana.
    let folder = root.join("deploy/prometheus");
    let file = tempfile::Builder::new().prefix(".dashboards-").suffix(".yml").tempfile_in(&folder)?;
    // promtool in a container runs as another user.
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    std::fs::write(file.path(), dashboards::as_rules(dashboards).to_string())?;
    let name = file.path().file_name().and_then(|name| name.to_str()).context("a file without a name")?;
    promtool.run(&["check", "rules", name], interrupt).await
}
