//! Checks that Grafana's dashboards are complete, and collects their expressions.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::Expression;
use super::grafana::Variables;

/// Reads every dashboard in Grafana's folder, and returns the expressions of all panels.
pub(super) fn read(grafana: &Path) -> Result<Vec<Expression>> {
    let sources = grafana.join("provisioning/datasources/datasources.yml");
    let sources = std::fs::read_to_string(&sources).with_context(|| format!("cannot read {}", sources.display()))?;
    let (mut found, mut ids) = (Vec::new(), BTreeSet::new());
    let folder = grafana.join("dashboards");
    let files = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for file in files {
        let path = file?.path();
        let text = std::fs::read_to_string(&path)?;
        let dashboard = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let id = check(&dashboard, &sources).with_context(|| format!("{} is no dashboard", path.display()))?;
        ensure!(ids.insert(id.clone()), "two dashboards are called {id}");
        collect(&dashboard, &name, &Variables::of(&dashboard), &mut found)?;
    }
    ensure!(!found.is_empty(), "there is no dashboard with an expression in {}", folder.display());
    Ok(found)
}

/// Checks what Grafana needs to show a dashboard, and returns its id.
fn check(dashboard: &Value, sources: &str) -> Result<String> {
    let id = dashboard["uid"].as_str().filter(|id| !id.is_empty()).context("it has no uid")?;
    ensure!(dashboard["title"].is_string(), "it has no title");
    ensure!(dashboard["schemaVersion"].is_u64(), "it has no schemaVersion");
    let panels = dashboard["panels"].as_array().filter(|panels| !panels.is_empty()).context("it has no panels")?;
    let mut seen = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().context("a panel has no title")?;
        let number = panel["id"].as_u64().with_context(|| format!("{title} has no id"))?;
        ensure!(seen.insert(number), "{title} has the id of another panel");
        ensure!(panel["type"].is_string() && panel["gridPos"].is_object(), "{title} has no type or no place");
        if panel["type"] == "row" {
            continue;
        }
        let source = panel["datasource"]["uid"].as_str().with_context(|| format!("{title} has no source"))?;
        if !sources.lines().any(|line| line.trim() == format!("uid: {source}")) {
            bail!("{title} asks {source}, which is not provisioned");
        }
    }
    Ok(id.to_owned())
}

/// Collects every `expr` at any depth, in the form that Prometheus gets.
fn collect(value: &Value, place: &str, variables: &Variables, found: &mut Vec<Expression>) -> Result<()> {
    match value {
        Value::Object(members) => {
            let below = members.get("title").and_then(Value::as_str).map(|title| format!("{place}, {title}"));
            let place = below.as_deref().unwrap_or(place);
            if let Some(text) = members.get("expr").and_then(Value::as_str) {
                let promql = variables.substitute(text).with_context(|| place.to_owned())?;
                found.push(Expression { place: place.to_owned(), promql });
            }
            members.values().try_for_each(|member| collect(member, place, variables, found))
        }
        Value::Array(items) => items.iter().try_for_each(|item| collect(item, place, variables, found)),
        _ => Ok(()),
    }
}

/// The expressions as a file of recording rules, which promtool can check.
pub(super) fn as_rules(expressions: &[Expression]) -> Value {
    let rules: Vec<_> = expressions
        .iter()
        .enumerate()
        .map(|(number, expression)| json!({ "record": format!("dashboard:{number}"), "expr": expression.promql }))
        .collect();
    json!({ "groups": [{ "name": "dashboards", "rules": rules }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &str = "datasources:\n  - name: P\n    uid: prometheus\n";

    fn dashboard() -> Value {
        json!({
            "uid": "d", "title": "D", "schemaVersion": 41,
            "panels": [
                { "id": 1, "type": "row", "title": "R", "gridPos": {} },
                { "id": 2, "type": "stat", "title": "S", "gridPos": {}, "datasource": { "uid": "prometheus" },
                  "targets": [{ "expr": "a" }, { "expr": "rate(b[$__rate_interval])" }] },
            ],
        })
    }

    #[test]
    fn are_complete() {
        assert_eq!(check(&dashboard(), SOURCES).unwrap(), "d");
        for (pointer, wrong) in [
            ("/uid", json!("")),
            ("/panels", json!([])),
            ("/panels/1/id", json!(1)),
            ("/panels/1/datasource/uid", json!("elsewhere")),
        ] {
            let mut dashboard = dashboard();
            *dashboard.pointer_mut(pointer).unwrap() = wrong;
            assert!(check(&dashboard, SOURCES).is_err(), "{pointer}");
        }
    }

    #[test]
    fn become_rules_that_promtool_can_read() {
        let mut found = Vec::new();
        collect(&dashboard(), "f", &Variables::of(&dashboard()), &mut found).unwrap();
        assert_eq!(found[0], Expression { place: "f, D, S".to_owned(), promql: "a".to_owned() });
        let rules = as_rules(&found);
        assert_eq!(rules["groups"][0]["rules"][1], json!({ "record": "dashboard:1", "expr": "rate(b[1m])" }));
    }

    #[test]
    fn report_the_place_of_an_undefined_variable() {
        let mut dashboard = dashboard();
        dashboard["panels"][1]["targets"][0]["expr"] = json!("a{b=\"$c\"}");
        let error = collect(&dashboard, "f", &Variables::of(&dashboard), &mut Vec::new()).unwrap_err();
        assert_eq!(format!("{error:#}"), "f, D, S: there is no variable c");
    }
}
