//! The timeouts of a connection without a request in flight.
//!
//! The framework has a timeout for the first head only, and every byte restarts its keep-alive timer. Here the timer
//! runs from the end of a response to the beginning of the next request, whatever bytes arrive in between.
//!
//! Called by [`Stream`](super::stream::Stream) for every read, by [`follow`](super::follow) for every request, and by
//! [`Watch`](super::watch::Watch) for every tick. All of them belong to one worker, so no lock is needed.
//!
//! Invariants:
//! - A connection may be idle for [`KEEP_ALIVE`]; for [`HEAD`] before its first request. A head may take [`HEAD`].
//! - A request in flight has no timeout here.
//! - At most about twice [`MAX_HEAD`] is read of bytes that are not a request.
//!
//! Tested in `activity/tests.rs`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

/// The interval of the timer of [`Watch`](super::watch::Watch). One timer serves all connections; a timer each would
/// be reset with every request.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// The number of ticks so far. It wraps around after thirty years.
pub(super) type Ticks = Cell<u32>;

/// The time limit of a request's head, from its first byte. A new connection has as long to send its first byte.
const HEAD: Duration = Duration::from_secs(5);
/// The time limit of an idle connection that has served a request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to read the last response and disconnect.
const FAREWELL: Duration = Duration::from_secs(1);
/// The largest head of a request in bytes, as at the gateway. Up to twice as much may be read before a head is known
/// to be too large.
const MAX_HEAD: usize = 32 * 1024;

/// Why the server closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was idle for too long, or never sent a byte.
    Idle,
    /// The head of a request was not complete in time.
    SlowHead,
    /// The head of a request is too large.
    LargeHead,
}

/// What the stream does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// It reads on.
    On,
    /// It lets the framework parse what was read first.
    Later,
    /// It reports the end of the stream.
    End,
}

/// The state of one connection. Shared by its stream, its requests and the watch.
pub(super) struct Activity {
    now: Rc<Ticks>,
    in_flight: Cell<bool>,
    /// Whether bytes read now belong to the next request, not to the body of the current one.
    between_requests: Cell<bool>,
    /// Whether it has served a request.
    is_used: Cell<bool>,
    /// The tick of the last response's end, or of the accept.
    quiet_since: Cell<u32>,
    /// The tick of the first byte of an incomplete head.
    head_since: Cell<u32>,
    /// The bytes read of an incomplete head.
    head: Cell<usize>,
    has_waited: Cell<bool>,
    verdict: Cell<Option<Verdict>>,
    /// Whether a response said `Connection: close`.
    is_announced: Cell<bool>,
    /// The tick at which the client was told to disconnect.
    leaving_since: Cell<Option<u32>>,
    waker: RefCell<Option<Waker>>,
}

impl Activity {
    /// A connection just accepted.
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

    pub(super) fn begin(&self, has_body: bool) {
        self.in_flight.set(true);
        self.is_used.set(true);
        self.between_requests.set(!has_body);
        self.head.set(0);
        self.has_waited.set(false);
    }

    /// The last byte of its response was passed to the framework.
    pub(super) fn end(&self) {
        self.in_flight.set(false);
        self.between_requests.set(true);
        self.quiet_since.set(self.now.get());
    }

    /// Counts bytes read.
    pub(super) fn read(&self, bytes: usize) {
        if self.between_requests.get() {
            if self.head.get() == 0 {
                self.head_since.set(self.now.get());
            }
            self.head.set(self.head.get() + bytes);
        }
    }

    /// What the stream does next.
    pub(super) fn reading(&self) -> Reading {
        if self.verdict.get().is_some() {
            return Reading::End;
        }
        if self.head.get() < MAX_HEAD || self.in_flight.get() {
            return Reading::On;
        }
        // The bytes just read may contain a whole request. Let the framework parse them once.
        if !self.has_waited.replace(true) {
            return Reading::Later;
        }
        self.verdict.set(Some(Verdict::LargeHead));
        Reading::End
    }

    /// Why the connection is closed, if it is.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.verdict.get()
    }

    /// The response about to be written says `Connection: close`.
    pub(super) fn announce(&self) {
        self.is_announced.set(true);
    }

    /// Whether a response said `Connection: close`.
    pub(super) fn is_announced(&self) -> bool {
        self.is_announced.get()
    }

    /// The client was told to disconnect, and has [`FAREWELL`] for it.
    pub(super) fn leave(&self) {
        if self.leaving_since.get().is_none() {
            self.leaving_since.set(Some(self.now.get()));
        }
    }

    /// Whether that time is over.
    pub(super) fn is_gone(&self) -> bool {
        self.leaving_since.get().is_some_and(|since| self.is_over(since, FAREWELL))
    }

    /// Wakes `waker` when a timeout changes the state.
    pub(super) fn wake(&self, waker: &Waker) {
        let mut kept = self.waker.borrow_mut();
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
    }

    /// Applies the timeouts at the current tick.
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

    /// Whether more than `bound` has passed for sure: the first tick may have followed `since` immediately.
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
