//! Shows progress: a bar on a terminal, else a line per phase.

use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use persistence::bulk::Loaded;

/// One phase.
pub(crate) struct Progress {
    what: &'static str,
    bar: ProgressBar,
    /// Whether to print lines, because there is no terminal for the bar.
    lines: bool,
}

impl Progress {
    /// A phase that loads `number` rows.
    pub(crate) fn begin(what: &'static str, number: usize, quiet: bool) -> Self {
        let bar = ProgressBar::new(u64::try_from(number).unwrap_or(u64::MAX));
        let template = "{msg:18} {bar:40} {human_pos:>9} of {human_len:9} {elapsed:>5}";
        Self::new(what, bar, template, quiet)
    }

    /// A phase of unknown duration.
    pub(crate) fn wait(what: &'static str, quiet: bool) -> Self {
        let progress = Self::new(what, ProgressBar::new_spinner(), "{msg:25} {spinner} {elapsed:>5}", quiet);
        progress.bar.enable_steady_tick(Duration::from_millis(100));
        progress
    }

    fn new(what: &'static str, bar: ProgressBar, template: &str, quiet: bool) -> Self {
        if quiet {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let lines = !quiet && bar.is_hidden();
        // An invalid template is a mistake, but no reason to stop.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { what, bar: bar.with_style(style).with_message(what), lines }
    }

    /// Adds `rows` to the progress.
    pub(crate) fn advance(&self, rows: u64) {
        self.bar.inc(rows);
    }

    /// Ends a phase that loaded rows.
    pub(crate) fn end(self, loaded: Loaded) {
        self.bar.finish();
        if self.lines {
            let (what, added, all) = (self.what, HumanCount(loaded.added), HumanCount(loaded.total()));
            eprintln!("{what}: {added} of {all} added");
        }
    }

    /// Ends a phase of unknown duration.
    pub(crate) fn done(self) {
        self.bar.finish();
        if self.lines {
            eprintln!("{}: done", self.what);
        }
    }
}
