//! A concurrency limit with a fair queue and early load shedding.
//!
//! Called in front of bounded resources: database connections, cores that hash passwords, and writes as a whole.
//!
//! Invariants:
//! - At most [`GateOptions::permits`] permits are held at a time.
//! - A request waits only if it can expect its permit within [`GateOptions::wait`], at the current pace ([`pace`], by
//!   Little's law). Otherwise it is rejected at once. As many requests as there are permits may always wait, so that a
//!   slow pace is measured again.
//! - A request that waited for 1.5 times that limit is rejected. So is one whose slot in a full queue goes to another
//!   caller's request.
//! - Callers take turns, and hold no more than their share ([`queue`]). A caller with many requests waits behind its
//!   own.
//! - A rejection changes nothing but the next [`Overloaded::retry_after`]. A request that finds room is admitted.
//! - [`Gate::check`] rejects no request that [`Gate::enter`] would admit at that moment.
//! - Dropping the future of [`Gate::enter`] leaves the queue. Dropping an [`Admitted`] passes the permit to the next
//!   in turn.
//!
//! Tested in `gate/tests.rs`, and the parts in their files.

mod pace;
mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::caller::{self, Caller};
use pace::Pace;
use queue::{Queue, Ticket};

/// The limits of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateOptions {
    /// The number of permits; zero counts as one.
    pub permits: usize,
    /// Whether to keep some permits free for other callers. Use it where permits are held long, and one caller could
    /// hold them all.
    pub reserves: bool,
    /// The longest expected wait for a permit. A request is rejected after 1.5 times that.
    pub wait: Duration,
    /// The capacity of the queue, whatever the expected wait.
    pub waiting: usize,
    /// How long a permit is expected to be held, before the first measurement.
    pub held_for: Duration,
}

/// The request was rejected before any work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("overloaded: the wait would be too long")]
pub struct Overloaded {
    /// When to retry. Successive rejections get staggered times.
    pub retry_after: Duration,
}

/// A concurrency limit with a fair queue and early load shedding. Clones share it.
///
/// [`enter`](Self::enter) waits for a permit, or rejects the request at once if the expected wait is too long.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    options: GateOptions,
    state: Mutex<State>,
}

struct State {
    queue: Queue<Waker>,
    pace: Pace,
}

type Waker = oneshot::Sender<Result<Admitted, Overloaded>>;

/// A permit, held until dropped.
pub struct Admitted {
    gate: Gate,
    caller: Caller,
}

impl Gate {
    /// A gate with all permits free.
    pub fn new(options: GateOptions) -> Self {
        let options = GateOptions { permits: options.permits.max(1), ..options };
        let permits = options.permits;
        let each = options.held_for / u32::try_from(permits).unwrap_or(u32::MAX);
        let state = State { queue: Queue::new(permits, options.reserves), pace: Pace::new(each, options.wait) };
        Self(Arc::new(Inner { options, state: Mutex::new(state) }))
    }

    /// Takes a permit for the current caller. Waits for it if the expected wait is short enough.
    ///
    /// # Errors
    /// [`Overloaded`] if the expected wait is too long, which is returned at once. Also if the queue is full or hangs.
    pub async fn enter(&self) -> Result<Admitted, Overloaded> {
        let caller = caller::current();
        let (slot, permit) = {
            let mut state = self.state();
            if state.queue.try_take(caller) {
                return Ok(Admitted { gate: self.clone(), caller });
            }
            let evicted = state.reserve_slot(&self.0.options, caller)?;
            let (waker, permit) = oneshot::channel();
            let slot = Slot { gate: self, caller, ticket: Some(state.queue.push(caller, waker)) };
            drop(state);
            if let Some((waker, refused)) = evicted {
                // The evicted request may have been cancelled by now.
                let _ = waker.send(Err(refused));
            }
            (slot, permit)
        };
        if let Ok(Ok(outcome)) = timeout(self.0.options.wait.mul_f64(1.5), permit).await {
            slot.vacated();
            return outcome;
        }
        drop(slot);
        Err(self.state().refuse())
    }

    /// Rejects what [`enter`](Self::enter) would reject now for its expected wait. It takes nothing: it is for requests
    /// that have work to do before they enter.
    ///
    /// # Errors
    /// [`Overloaded`] if the expected wait of the current caller is too long.
    pub fn check(&self) -> Result<(), Overloaded> {
        let caller = caller::current();
        let mut state = self.state();
        if state.queue.may_take(caller) || state.is_worth_it(&self.0.options, caller, Instant::now()) {
            return Ok(());
        }
        Err(state.refuse())
    }

    /// The number of requests waiting now.
    pub fn waiting(&self) -> usize {
        self.state().queue.waiting()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Checks that a request of `caller` may wait. Returns the request that was evicted for it, if any, which the
    /// caller of this function then rejects.
    fn reserve_slot(
        &mut self,
        options: &GateOptions,
        caller: Caller,
    ) -> Result<Option<(Waker, Overloaded)>, Overloaded> {
        let now = Instant::now();
        let waiting = self.queue.waiting();
        if waiting == 0 {
            self.pace.begins(now);
        }
        if !self.is_worth_it(options, caller, now) {
            return Err(self.refuse());
        }
        if waiting < options.waiting {
            return Ok(None);
        }
        match self.queue.make_room_for(caller) {
            Some(waker) => Ok(Some((waker, self.refuse()))),
            None => Err(self.refuse()),
        }
    }

    /// Whether a request of `caller` can expect its permit in time. As many requests as there are permits may always
    /// wait. So a slow pace is always measured again.
    fn is_worth_it(&self, options: &GateOptions, caller: Caller, now: Instant) -> bool {
        self.queue.waiting() < options.permits || self.pace.wait_at(self.queue.position(caller), now) <= options.wait
    }

    fn refuse(&mut self) -> Overloaded {
        Overloaded { retry_after: self.pace.retry_after(self.queue.waiting(), Instant::now()) }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut next = {
            let mut state = self.gate.state();
            state.queue.give_back(self.caller);
            if state.queue.waiting() == 0 {
                return;
            }
            let next = state.queue.next();
            let waiting = state.queue.waiting() > 0;
            state.pace.returned(Instant::now(), waiting);
            next
        };
        // Send without the lock: the send to a cancelled request drops its permit here, which takes the lock again.
        while let Some((caller, waker)) = next {
            let _ = waker.send(Ok(Self { gate: self.gate.clone(), caller }));
            next = self.gate.state().queue.next();
        }
    }
}

/// A slot in the queue, freed when dropped.
struct Slot<'a> {
    gate: &'a Gate,
    caller: Caller,
    ticket: Option<Ticket>,
}

impl Slot<'_> {
    /// The queue has removed the request already, to admit or evict it.
    fn vacated(mut self) {
        self.ticket = None;
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.gate.state().queue.remove(self.caller, ticket);
        }
    }
}

#[cfg(test)]
mod tests;
