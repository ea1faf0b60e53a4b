//! The tables of a report, formatted for a terminal.

use std::fmt::Write as _;

use crate::footprint::{Footprint, MOST_AFTER_LOAD, MOST_AT_REST};
use crate::growth::{self, Growth};
use crate::measure::Measured;
use crate::pressure::Curve;
use crate::report::Report;

/// A table of text cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Title of the table.
    pub title: String,
    /// Column names.
    pub header: Vec<String>,
    /// Rows with one cell per column.
    pub rows: Vec<Vec<String>>,
}

/// All tables of a report.
pub fn tables(report: &Report) -> Vec<Table> {
    let mut tables = vec![workloads(&report.workloads)];
    if let Some(mixed) = report.workloads.iter().find(|measured| measured.name == "mixed") {
        tables.push(tail(mixed));
    }
    tables.extend(report.footprint.as_ref().map(footprint));
    if !report.growth.is_empty() {
        tables.push(sizes(&report.growth));
    }
    tables.extend(report.pressure.iter().map(curve));
    tables
}

fn table(title: impl Into<String>, header: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { title: title.into(), header: header.iter().map(|name| (*name).to_owned()).collect(), rows }
}

fn workloads(workloads: &[Measured]) -> Table {
    let mut rows = Vec::new();
    for measured in workloads {
        let own = vec![
            measured.name.clone(),
            rate(measured.median(|round| round.rate)),
            milliseconds(measured.median(|round| round.p50)),
            milliseconds(measured.median(|round| round.p99)),
            measured.errors().to_string(),
        ];
        if measured.ceilings.is_empty() {
            rows.push([own.clone(), vec![String::new(); 5]].concat());
        }
        for (place, compared) in measured.ceilings.iter().enumerate() {
            let ratio = measured.ratio(compared);
            let against = vec![
                compared.by.name().to_owned(),
                rate(compared.rate()),
                ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
                compared.target.map(|target| target.to_string()).unwrap_or_default(),
                verdict(ratio.zip(compared.target).map(|(ratio, target)| ratio >= target)),
            ];
            let own = if place == 0 { own.clone() } else { vec![String::new(); own.len()] };
            rows.push([own, against].concat());
        }
    }
    let header = ["workload", "req/s", "p50 ms", "p99 ms", "errors", "ceiling", "its req/s", "ratio", "target", "met"];
    table("rates", &header, rows)
}

/// Latency quantiles of the mixed load.
fn tail(mixed: &Measured) -> Table {
    let cells = [mixed.median(|round| round.p50), mixed.median(|round| round.p99), mixed.median(|round| round.p999)];
    table("mixed load", &["p50 ms", "p99 ms", "p99.9 ms"], vec![cells.map(milliseconds).to_vec()])
}

fn footprint(footprint: &Footprint) -> Table {
    let memory = |name: &str, bytes: Option<u64>, most: Option<u64>| {
        let shown = bytes.map_or("?".to_owned(), megabytes);
        let met = verdict(bytes.zip(most).map(|(bytes, most)| bytes < most));
        vec![name.to_owned(), shown, most.map(|most| format!("< {}", megabytes(most))).unwrap_or_default(), met]
    };
    let start = format!("{:.0} ms", footprint.start() * 1000.0);
    let rows = vec![
        memory("memory at rest", footprint.at_rest, Some(MOST_AT_REST)),
        memory("memory under load, at most", footprint.peak, None),
        memory("memory after load", footprint.after_load, Some(MOST_AFTER_LOAD)),
        vec!["start to ready".to_owned(), start, String::new(), String::new()],
        memory("executable", Some(footprint.executable), None),
    ];
    table("footprint", &["", "measured", "target", "met"], rows)
}

fn sizes(all: &[Growth]) -> Table {
    let sizes: Vec<usize> =
        all.first().map(|growth| growth.points.iter().map(|point| point.0).collect()).unwrap_or_default();
    let mut header = vec!["read".to_owned()];
    header.extend(sizes.iter().flat_map(|posts| [format!("p50 ms, {posts} posts"), format!("p99 ms, {posts} posts")]));
    header.extend(["p99 grows", "target", "met"].map(ToOwned::to_owned));
    let rows = all.iter().map(|growth| {
        let times = growth.times();
        let mut row = vec![growth.name.clone()];
        let points = growth.points.iter();
        row.extend(points.flat_map(|(_, reading)| [milliseconds(reading.p50), milliseconds(reading.p99)]));
        row.push(times.map(|times| format!("{times:.2}")).unwrap_or_default());
        row.extend([format!("≤ {}", growth::MOST), verdict(times.map(|times| times <= growth::MOST))]);
        row
    });
    Table { title: "growth".to_owned(), header, rows: rows.collect() }
}

fn curve(curve: &Curve) -> Table {
    let rows = curve.points.iter().map(|(connections, reading)| {
        let latencies = [reading.p50, reading.p99, reading.p999].map(milliseconds);
        [vec![connections.to_string(), rate(reading.rate)], latencies.to_vec()].concat()
    });
    let header = ["connections", "req/s", "p50 ms", "p99 ms", "p99.9 ms"];
    table(format!("latency against load: {}", curve.name), &header, rows.collect())
}

fn rate(rate: f64) -> String {
    format!("{rate:.0}")
}

fn milliseconds(microseconds: f64) -> String {
    format!("{:.2}", microseconds / 1000.0)
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "no size is so large")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1} MB")
}

fn verdict(met: Option<bool>) -> String {
    met.map(|met| if met { "yes" } else { "no" }).unwrap_or_default().to_owned()
}

impl Table {
    /// The table with aligned columns: text to the left, figures to the right.
    pub fn aligned(&self) -> String {
        let rows = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| {
            rows().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<_> = (0..self.header.len()).map(width).collect();
        let mut text = format!("── {}\n", self.title);
        for row in rows() {
            let cells = row.iter().enumerate().zip(&widths).map(|((column, cell), width)| {
                if column == 0 || self.is_of_words(column) {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        text
    }

    /// Whether a column contains text.
    pub fn is_of_words(&self, column: usize) -> bool {
        let figure = |cell: &String| cell.is_empty() || cell.chars().any(|c| c.is_ascii_digit());
        !self.rows.iter().filter_map(|row| row.get(column)).all(figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn a_row_has_a_workload_and_its_ceiling() {
        let row = |rate: f64| tables(&report(rate))[0].rows[0].join(" ");
        assert_eq!(row(700.0), "one 700 1.00 2.50 0 pgbench 1000 0.70 0.5 yes");
        assert_eq!(row(400.0), "one 400 1.00 2.50 0 pgbench 1000 0.40 0.5 no");
    }

    #[test]
    fn columns_are_aligned() {
        let rows = vec![vec!["a".to_owned(), "1".to_owned()], vec!["bcd".to_owned(), "100".to_owned()]];
        assert_eq!(table("t", &["x", "n"], rows).aligned(), "── t\nx      n\na      1\nbcd  100\n");
    }

    #[test]
    fn memory_is_judged_by_its_bounds() {
        let met = |at_rest| footprint(&Footprint { at_rest, ..Footprint::default() }).rows[0].join(" ");
        assert_eq!(met(Some(39_000_000)), "memory at rest 39.0 MB < 40.0 MB yes");
        assert_eq!(met(Some(41_000_000)), "memory at rest 41.0 MB < 40.0 MB no");
        assert_eq!(met(None), "memory at rest ? < 40.0 MB ");
    }
}
