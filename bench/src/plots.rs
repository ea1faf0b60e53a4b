//! Draws the plots of a report.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::growth::Growth;
use crate::pressure::Curve;
use crate::report::Report;

const SIZE: (u32, u32) = (760, 420);
const FONT: &str = "sans-serif";

/// Colours that are distinguishable in grey and with red-green blindness.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
    RGBColor(0, 0, 0),
];

/// A line with a name.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// Title and labels of the axes.
struct Axes<'a> {
    title: &'a str,
    x: &'a str,
    y: &'a str,
}

/// Draws all plots into `folder` and returns their files.
///
/// # Errors
/// If a file cannot be written.
pub fn draw(report: &Report, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for curve in &report.pressure {
        let name: String = curve.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let file = folder.join(format!("latency-{}.svg", name.replace("--", "-")));
        against_load(curve, &file)?;
        files.push(file);
    }
    if !report.growth.is_empty() {
        let file = folder.join("growth.svg");
        against_size(&report.growth, &file)?;
        files.push(file);
    }
    Ok(files)
}

fn against_load(curve: &Curve, file: &Path) -> Result<()> {
    let of = |name: &str, latency: fn(&crate::tools::wrk::Reading) -> f64| {
        let points = curve.points.iter().map(|(_, reading)| (reading.rate, latency(reading) / 1000.0)).collect();
        Line { name: name.to_owned(), points }
    };
    let lines = [of("p50", |reading| reading.p50), of("p99", |reading| reading.p99)];
    let connections: Vec<_> = curve.points.iter().map(|(connections, _)| connections.to_string()).collect();
    let title = format!("{}: latency against load, {} connections", curve.name, connections.join(", "));
    lines_over(&Axes { title: &title, x: "requests a second", y: "milliseconds" }, &lines, false, file)
}

fn against_size(growth: &[Growth], file: &Path) -> Result<()> {
    #[expect(clippy::cast_precision_loss, reason = "numbers of posts are small")]
    let lines: Vec<_> = growth
        .iter()
        .map(|growth| Line {
            name: growth.name.clone(),
            points: growth.points.iter().map(|(posts, read)| (*posts as f64, read.p99 / 1000.0)).collect(),
        })
        .collect();
    lines_over(&Axes { title: "p99 against the number of posts", x: "posts", y: "milliseconds" }, &lines, true, file)
}

/// Draws lines on a logarithmic vertical axis. The horizontal axis is logarithmic too if `by_powers` is set.
fn lines_over(axes: &Axes<'_>, lines: &[Line], by_powers: bool, file: &Path) -> Result<()> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::MIN_POSITIVE, f64::max);
    let least = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::MAX, f64::min);
    let y = ((least(|point| point.1) / 2.0).max(0.001)..most(|point| point.1) * 2.0).log_scale();
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
    let mut builder = ChartBuilder::on(&root);
    builder.caption(axes.title, (FONT, 17)).margin(12).x_label_area_size(40).y_label_area_size(60);
    // The two axes have different types, so a macro repeats the rest.
    macro_rules! plot {
        ($x:expr) => {{
            let mut chart = builder.build_cartesian_2d($x, y).map_err(|error| anyhow!("{error}"))?;
            chart
                .configure_mesh()
                .x_desc(axes.x)
                .y_desc(axes.y)
                .x_label_formatter(&|x| format!("{x:.0}"))
                .y_label_formatter(&|y| format!("{y}"))
                .label_style((FONT, 12))
                .draw()
                .map_err(|error| anyhow!("{error}"))?;
            for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
                let colour = *colour;
                chart
                    .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)).point_size(3))
                    .map_err(|error| anyhow!("{error}"))?
                    .label(&line.name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.8))
                .border_style(BLACK.mix(0.3))
                .label_font((FONT, 12))
                .draw()
                .map_err(|error| anyhow!("{error}"))?;
        }};
    }
    if by_powers {
        plot!((least(|point| point.0)..most(|point| point.0)).log_scale());
    } else {
        plot!(0.0..most(|point| point.0) * 1.05);
    }
    root.present().map_err(|error| anyhow!("cannot write {}: {error}", file.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;
    use crate::tools::wrk::Reading;

    #[test]
    fn have_a_white_background_and_named_lines() {
        let reading = |rate, p99| Reading { rate, p50: 300.0, p99, p999: p99, requests: 1, errors: 0 };
        let mut report = report(1.0);
        report.pressure = vec![Curve {
            name: "feed, all".to_owned(),
            points: vec![(1, reading(10.0, 900.0)), (4, reading(30.0, 5000.0))],
        }];
        report.growth =
            vec![Growth { name: "reads".to_owned(), points: vec![(10, reading(1.0, 1.0)), (1000, reading(1.0, 2.0))] }];
        let folder = tempfile::tempdir().unwrap();
        let files = draw(&report, folder.path()).unwrap();
        let texts: Vec<_> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert!(files[0].ends_with("latency-feed-all.svg") && files[1].ends_with("growth.svg"));
        assert!(texts[0].contains("p99") && texts[1].contains("reads"));
        assert!(texts.iter().all(|text| text.contains("#FFFFFF")));
    }
}
