//! Lets in as much as can be done at once, and has the rest wait its turn as long as that is worth it.
//!
//! Purpose: what could be served in a moment is not refused because everything is busy right now, and what could not is
//! refused at once, while refusing costs nothing. Called by whatever stands before a bounded resource: connections to a
//! database, cores that hash passwords.
//!
//! - A request waits if it can *expect* its permit within [`GateOptions::wait`], as fast as the gate gets on just now
//!   (Little's law, measured where others wait); otherwise it is refused before it has waited. Long after that it is refused
//!   all the same: something hangs.
//! - Callers take turns, and hold no more than their share ([`queue`]): whoever asks for much waits behind their own.
//! - Refusing leaves no trace but in what the next one is told of when to come back ([`Pace::promise`]): who comes when
//!   there is room is let in.
//!
//! A future that is dropped leaves the queue. An [`Admitted`] that is dropped goes to whose turn it is.

mod pace;
mod queue;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::caller::{self, Caller};
use pace::Pace;
use queue::{Queue, Ticket};

/// How a gate behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateOptions {
    /// Permits there are; at least one.
    pub permits: usize,
    /// Whether some are kept free for those who come new; where a permit may be held long, one caller could else hold all.
    pub reserves: bool,
    /// How long a request may expect to wait for its permit. It is refused after half as long again.
    pub wait: Duration,
    /// Requests that may wait, whatever they expect.
    pub waiting: usize,
    /// How long a permit is held, until that was measured.
    pub held_for: Duration,
}

/// Too much to do: nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is more to do than can be done in time")]
pub struct Overloaded {
    /// When to come back. Those who are refused one after the other are told different times.
    pub retry_after: Duration,
}

/// See the module's documentation.
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

/// A permit, until it is dropped.
pub struct Admitted {
    gate: Gate,
    caller: Caller,
}

impl Gate {
    /// With all permits free.
    pub fn new(options: GateOptions) -> Self {
        let permits = options.permits.max(1);
        let each = options.held_for / u32::try_from(permits).unwrap_or(u32::MAX);
        let state = State { queue: Queue::new(permits, options.reserves), pace: Pace::new(each, options.wait) };
        Self(Arc::new(Inner { options, state: Mutex::new(state) }))
    }

    /// Takes a permit on behalf of the current caller, and waits for it if that is worth it.
    ///
    /// # Errors
    /// [`Overloaded`] when it is not; as a rule at once.
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
                // Its own request may be gone by now.
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

    /// How many requests wait now.
    pub fn waiting(&self) -> usize {
        self.state().queue.waiting()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether one more of `caller`'s may wait. Another one that has to make room for it is told afterwards.
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
        // As many as are served at once may always wait, so that the pace is measured again, however slow it was.
        let is_worth_it =
            waiting < options.permits || self.pace.wait_at(self.queue.position(caller), now) <= options.wait;
        if !is_worth_it {
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
        // Without the lock: a request that is gone meanwhile gives its permit back here.
        while let Some((caller, waker)) = next {
            let _ = waker.send(Ok(Self { gate: self.gate.clone(), caller }));
            next = self.gate.state().queue.next();
        }
    }
}

/// A place in the queue, left when it is dropped.
struct Slot<'a> {
    gate: &'a Gate,
    caller: Caller,
    ticket: Option<Ticket>,
}

impl Slot<'_> {
    /// It is nobody's any more: the queue has let it go.
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
