//! Compares two reports.

use crate::report::Report;
use crate::statistics::change;
use crate::table::Table;

/// Every comparable figure, by name.
fn figures(report: &Report) -> Vec<(String, f64)> {
    let mut figures = Vec::new();
    for measured in &report.workloads {
        let name = &measured.name;
        figures.push((format!("{name}, req/s"), measured.median(|round| round.rate)));
        figures.push((format!("{name}, p50 ms"), measured.median(|round| round.p50) / 1000.0));
        figures.push((format!("{name}, p99 ms"), measured.median(|round| round.p99) / 1000.0));
        for compared in &measured.ceilings {
            let ratio = measured.ratio(compared).map(|ratio| (format!("{name}, of {}", compared.by.name()), ratio));
            figures.extend(ratio);
        }
    }
    for growth in &report.growth {
        let points = growth.points.iter();
        figures
            .extend(points.map(|(posts, read)| (format!("{}, {posts} posts, p99 ms", growth.name), read.p99 / 1000.0)));
    }
    if let Some(footprint) = &report.footprint {
        #[expect(clippy::cast_precision_loss, reason = "no size is so large")]
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let mut memory = |name: &str, bytes: Option<u64>| {
            figures.extend(bytes.map(|bytes| (format!("{name}, MB"), megabytes(bytes))));
        };
        memory("memory at rest", footprint.at_rest);
        memory("memory under load", footprint.peak);
        memory("memory after load", footprint.after_load);
        memory("executable", Some(footprint.executable));
        figures.push(("start to ready, ms".to_owned(), footprint.start() * 1000.0));
    }
    figures
}

/// The change of each figure that both reports have.
pub fn compare(old: &Report, new: &Report) -> Table {
    let before = figures(old);
    let rows = figures(new).into_iter().filter_map(|(name, new)| {
        let (_, old) = before.iter().find(|(other, _)| *other == name)?;
        let change = change(*old, new).map(|change| format!("{change:+.1} %")).unwrap_or_default();
        Some(vec![name, format!("{old:.2}"), format!("{new:.2}"), change])
    });
    Table {
        title: format!("change since {} ({})", old.commit, old.date),
        header: ["figure", "old", "new", "change"].map(ToOwned::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn shows_the_change_of_each_figure() {
        let table = compare(&report(400.0), &report(500.0));
        assert_eq!(table.rows[0], ["one, req/s", "400.00", "500.00", "+25.0 %"]);
        assert_eq!(table.rows[1], ["one, p50 ms", "1.00", "1.00", "+0.0 %"]);
        assert_eq!(table.rows[3], ["one, of pgbench", "0.40", "0.50", "+25.0 %"]);
    }

    #[test]
    fn omits_figures_that_one_report_lacks() {
        let mut new = report(1.0);
        new.workloads[0].name = "two".to_owned();
        assert_eq!(compare(&report(1.0), &new).rows.len(), 0);
    }
}
