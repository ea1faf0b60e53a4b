//! A circuit breaker: after a number of failures in a row, calls are rejected for a while instead of timing out.
//!
//! Invariants:
//! - While half open, one probe is in flight at a time. It closes the breaker, or opens it for twice as long.
//! - A call that began before the last change of state has no influence on the state.
//! - Dropping a permit counts as neither success nor failure. A dropped probe lets the next caller probe.
//!
//! Tested in `circuit_breaker/tests.rs`. After Michael T. Nygard, *Release It!*, and
//! <https://martinfowler.com/bliki/CircuitBreaker.html>.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerOptions {
    /// The number of failures in a row that opens it; zero counts as one.
    pub threshold: u32,
    /// How long it stays open at first. Every failed probe doubles it.
    pub pause: Duration,
    /// The longest time that it stays open before the next probe.
    pub longest_pause: Duration,
}

/// What a breaker does with the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Allows every call.
    Closed,
    /// Rejects every call.
    Open,
    /// Allows one call, the probe, whose outcome decides.
    HalfOpen,
}

/// Tracks the outcomes of calls to one server, and decides whether to allow another.
///
/// Closed → (failures in a row) → open for a pause → half open, for one probe → closed, or open again for longer.
#[derive(Debug)]
pub struct CircuitBreaker {
    options: BreakerOptions,
    inner: Mutex<Inner>,
}

/// Permission for one call. Dropped without a report, it counts as neither success nor failure, and a probe is given
/// back.
#[derive(Debug)]
#[must_use = "tell it how the call went"]
pub struct Permit<'a> {
    breaker: &'a CircuitBreaker,
    /// The era in which the call began. A report from an earlier era is ignored.
    era: u64,
    reported: bool,
}

#[derive(Debug)]
struct Inner {
    /// Incremented with every change of phase.
    era: u64,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration },
    Probing { pause: Duration },
}

impl CircuitBreaker {
    pub fn new(options: BreakerOptions) -> Self {
        Self { options, inner: Mutex::new(Inner { era: 0, phase: Phase::Closed { failures: 0 } }) }
    }

    /// Permission for a call now, or `None` if the call is rejected.
    pub fn try_enter(&self) -> Option<Permit<'_>> {
        self.try_enter_at(Instant::now())
    }

    /// What it would do with the next call. A breaker with a probe in flight is half open.
    pub fn state(&self) -> State {
        self.state_at(Instant::now())
    }

    fn try_enter_at(&self, now: Instant) -> Option<Permit<'_>> {
        let mut inner = self.lock();
        match inner.phase {
            Phase::Closed { .. } => {}
            Phase::Open { until, pause } if now >= until => inner.enter(Phase::Probing { pause }),
            Phase::Open { .. } | Phase::Probing { .. } => return None,
        }
        Some(Permit { breaker: self, era: inner.era, reported: false })
    }

    fn state_at(&self, now: Instant) -> State {
        match self.lock().phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { until, .. } if now < until => State::Open,
            Phase::Open { .. } | Phase::Probing { .. } => State::HalfOpen,
        }
    }

    fn succeeded(&self, era: u64) {
        let mut inner = self.lock();
        if inner.era != era {
            return;
        }
        match &mut inner.phase {
            Phase::Closed { failures } => *failures = 0,
            Phase::Probing { .. } => inner.enter(Phase::Closed { failures: 0 }),
            Phase::Open { .. } => {}
        }
    }

    fn failed_at(&self, era: u64, now: Instant) {
        let mut inner = self.lock();
        if inner.era != era {
            return;
        }
        let pause = match &mut inner.phase {
            Phase::Closed { failures } => {
                *failures = failures.saturating_add(1);
                if *failures < self.options.threshold {
                    return;
                }
                self.options.pause
            }
            Phase::Probing { pause } => pause.saturating_mul(2),
            Phase::Open { .. } => return,
        };
        let pause = pause.min(self.options.longest_pause);
        inner.enter(Phase::Open { until: now + pause, pause });
    }

    fn cancelled(&self, era: u64, now: Instant) {
        let mut inner = self.lock();
        if inner.era == era
            && let Phase::Probing { pause } = inner.phase
        {
            inner.enter(Phase::Open { until: now, pause });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code panics while the lock is held.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn enter(&mut self, phase: Phase) {
        self.era += 1;
        self.phase = phase;
    }
}

impl Permit<'_> {
    /// Reports that the server responded.
    pub fn succeeded(mut self) {
        self.reported = true;
        self.breaker.succeeded(self.era);
    }

    /// Reports that the server was unreachable, or did not respond in time.
    pub fn failed(self) {
        self.failed_at(Instant::now());
    }

    fn failed_at(mut self, now: Instant) {
        self.reported = true;
        self.breaker.failed_at(self.era, now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.reported {
            self.breaker.cancelled(self.era, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;
