//! What a connection does, and how long it may do so without a request in flight.
//!
//! The framework bounds the time of the first head only, and restarts its clock for an idle connection with every byte
//! that comes. Here the clock runs from the end of an answer to the beginning of the next request, whatever comes between
//! them. [`Stream`](super::stream::Stream) says what was read, [`follow`](super::follow) says when a request is in flight,
//! and [`Watch`](super::watch::Watch) lets the time pass. All of them belong to one worker, so nothing is locked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use super::watch::{TICK, Ticks};

/// How long the head of a request may take, from its first byte; for a first request from the connection's beginning.
const HEAD: Duration = Duration::from_secs(5);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client that is to go may take to go.
const FAREWELL: Duration = Duration::from_secs(1);
/// A request's head has at most this many bytes: as much as the gateway takes. What is read of one may be twice as
/// much, before it is known that it is none.
const MAX_HEAD: usize = 32 * 1024;

/// Why a connection is closed by this end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was idle for too long, or nothing ever came.
    Idle,
    /// A request began to come, and did not come to the end of its head in time.
    SlowHead,
    /// A request's head is too large.
    LargeHead,
}

/// What the stream may do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Read on.
    On,
    /// Let what was read be looked at first.
    Later,
    /// Say that there is nothing more.
    End,
}

/// What one connection has been doing. Shared by its stream, its requests and the watch.
pub(super) struct Activity {
    now: Rc<Ticks>,
    in_flight: Cell<bool>,
    /// What is read now can only belong to a next request.
    between_requests: Cell<bool>,
    /// Whether there has been a request yet.
    is_used: Cell<bool>,
    /// When the last answer was given, or the connection made.
    quiet_since: Cell<u32>,
    /// When the first byte of what is no request yet was read.
    head_since: Cell<u32>,
    /// Bytes read of what is no request yet.
    head: Cell<usize>,
    has_waited: Cell<bool>,
    verdict: Cell<Option<Verdict>>,
    /// Whether an answer has said that the connection ends with it.
    is_announced: Cell<bool>,
    /// When the client was told to go.
    leaving_since: Cell<Option<u32>>,
    waker: RefCell<Option<Waker>>,
}

impl Activity {
    /// A connection that was just made.
    pub(super) fn new(now: Rc<Ticks>) -> Self {
        Self {
            in_flight: Cell::new(false),
            between_requests: Cell::new(true),
            is_used: Cell::new(false),
            quiet_since: Cell::new(now.get()),
            head_since: Cell::default(),
            head: Cell::default(),
            has_waited: Cell::default(),
            verdict: Cell::default(),
            is_announced: Cell::default(),
            leaving_since: Cell::default(),
            waker: RefCell::default(),
            now,
        }
    }

    /// A request has begun.
    pub(super) fn begin(&self, has_body: bool) {
        self.in_flight.set(true);
        self.is_used.set(true);
        self.between_requests.set(!has_body);
        self.head.set(0);
        self.has_waited.set(false);
    }

    /// The last byte of its answer was handed on.
    pub(super) fn end(&self) {
        self.in_flight.set(false);
        self.between_requests.set(true);
        self.quiet_since.set(self.now.get());
    }

    /// So many bytes were read.
    pub(super) fn read(&self, bytes: usize) {
        if self.between_requests.get() {
            if self.head.get() == 0 {
                self.head_since.set(self.now.get());
            }
            self.head.set(self.head.get() + bytes);
        }
    }

    /// What may be done next.
    pub(super) fn reading(&self) -> Reading {
        if self.verdict.get().is_some() {
            return Reading::End;
        }
        if self.head.get() < MAX_HEAD || self.in_flight.get() {
            return Reading::On;
        }
        // Much was read at a time, and there may be a whole request in it.
        if !self.has_waited.replace(true) {
            return Reading::Later;
        }
        self.verdict.set(Some(Verdict::LargeHead));
        Reading::End
    }

    /// Why the client is to go, if it is.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.verdict.get()
    }

    /// The answer that is about to be written says that the connection ends with it.
    pub(super) fn announce(&self) {
        self.is_announced.set(true);
    }

    /// Whether an answer has said that the connection ends with it.
    pub(super) fn is_announced(&self) -> bool {
        self.is_announced.get()
    }

    /// The client was told to go, and is given a moment.
    pub(super) fn leave(&self) {
        if self.leaving_since.get().is_none() {
            self.leaving_since.set(Some(self.now.get()));
        }
    }

    /// Whether the moment is over.
    pub(super) fn is_gone(&self) -> bool {
        self.leaving_since.get().is_some_and(|since| self.is_over(since, FAREWELL))
    }

    /// Wakes `waker` when time has brought something about.
    pub(super) fn wake(&self, waker: &Waker) {
        let mut kept = self.waker.borrow_mut();
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
    }

    /// Judges the connection by what time it is.
    pub(super) fn judge(&self) {
        if self.is_gone() {
            self.call();
        } else if self.verdict.get().is_none()
            && let Some(verdict) = self.is_overdue()
        {
            self.verdict.set(Some(verdict));
            self.leave();
            self.call();
        }
    }

    fn is_overdue(&self) -> Option<Verdict> {
        if self.in_flight.get() {
            return None;
        }
        if self.head.get() > 0 {
            return self.is_over(self.head_since.get(), HEAD).then_some(Verdict::SlowHead);
        }
        let bound = if self.is_used.get() { KEEP_ALIVE } else { HEAD };
        self.is_over(self.quiet_since.get(), bound).then_some(Verdict::Idle)
    }

    /// Whether more than `bound` has passed: the first of the ticks may have come right after.
    fn is_over(&self, since: u32, bound: Duration) -> bool {
        TICK * self.now.get().wrapping_sub(since) > bound
    }

    fn call(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests;
