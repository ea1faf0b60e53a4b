//! The permits that callers hold, and the fair queue of those that wait.
//!
//! Invariants:
//! - Callers take turns, one permit each, however many of their requests wait. This is fair queueing: J. Nagle, "On
//!   packet switches with infinite storage", RFC 970, 1985.
//! - With reserved permits, a caller gets another one only while it holds fewer than are free. One caller alone gets
//!   half of them, two get a third each, and a new caller finds one free. These are dynamic thresholds: A. Choudhury,
//!   E. Hahne, IEEE/ACM Transactions on Networking 6/2, 1998.
//! - When the queue is full, the longest line loses its newest request to a caller with a shorter line.
//! - Memory is bounded by the requests that hold or wait: other callers are forgotten.

use std::collections::{HashMap, VecDeque};

use crate::caller::Caller;

/// Waiting requests, each with a `W` that wakes it.
pub(super) struct Queue<W> {
    free: usize,
    reserves: bool,
    callers: HashMap<Caller, Line<W>>,
    /// The callers with waiting requests, in the order of their turns.
    turns: VecDeque<Caller>,
    waiting: usize,
    tickets: u64,
}

/// The permits and waiting requests of a caller. A caller without either has no line.
struct Line<W> {
    held: usize,
    waiting: VecDeque<(Ticket, W)>,
}

/// Identifies a waiting request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl<W> Queue<W> {
    /// A queue with `permits` free permits. If it `reserves`, no caller can take all of them.
    pub(super) fn new(permits: usize, reserves: bool) -> Self {
        Self { free: permits, reserves, callers: HashMap::new(), turns: VecDeque::new(), waiting: 0, tickets: 0 }
    }

    /// The number of waiting requests.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether `caller` may have a permit now.
    pub(super) fn may_take(&self, caller: Caller) -> bool {
        let line = self.callers.get(&caller);
        // Other callers' waiting requests do not matter: they may not take the free permits. The caller's own waiting
        // requests go first.
        line.is_none_or(|line| line.waiting.is_empty())
            && may_hold(line.map_or(0, |line| line.held), self.free, self.reserves)
    }

    /// Takes a permit for `caller`, if it may have one now.
    pub(super) fn try_take(&mut self, caller: Caller) -> bool {
        let may = self.may_take(caller);
        if may {
            self.free -= 1;
            self.line(caller).held += 1;
        }
        may
    }

    /// An upper bound of the position of a new request of `caller`, counted in requests served up to and including it.
    pub(super) fn position(&self, caller: Caller) -> usize {
        let own = self.callers.get(&caller).map_or(0, |line| line.waiting.len()) + 1;
        let callers = self.turns.len() + usize::from(own == 1);
        (self.waiting + 1).min(callers.saturating_mul(own))
    }

    /// Enqueues a request of `caller`.
    pub(super) fn push(&mut self, caller: Caller, waker: W) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let line = self.line(caller);
        line.waiting.push_back((ticket, waker));
        if line.waiting.len() == 1 {
            self.turns.push_back(caller);
        }
        self.waiting += 1;
        ticket
    }

    /// Dequeues a request, if it still waits.
    pub(super) fn remove(&mut self, caller: Caller, ticket: Ticket) {
        let Some(line) = self.callers.get_mut(&caller) else { return };
        let Some(index) = line.waiting.iter().position(|(its, _)| *its == ticket) else { return };
        line.waiting.remove(index);
        self.waiting -= 1;
        self.skip_if_done(caller);
    }

    /// Evicts the newest request of the longest line for a request of `caller`. `None` if that would not make the lines
    /// more even.
    pub(super) fn make_room_for(&mut self, caller: Caller) -> Option<W> {
        let own = self.callers.get(&caller).map_or(0, |line| line.waiting.len());
        let lengths = self.turns.iter().filter_map(|its| Some((*its, self.callers.get(its)?.waiting.len())));
        let (longest, length) = lengths.max_by_key(|(_, length)| *length)?;
        if length <= own + 1 {
            return None;
        }
        let (_, waker) = self.callers.get_mut(&longest)?.waiting.pop_back()?;
        self.waiting -= 1;
        self.skip_if_done(longest);
        Some(waker)
    }

    /// Returns a permit of `caller`.
    pub(super) fn give_back(&mut self, caller: Caller) {
        self.free += 1;
        if let Some(line) = self.callers.get_mut(&caller) {
            line.held = line.held.saturating_sub(1);
        }
        self.forget_if_idle(caller);
    }

    /// Dequeues the next request in turn that may hold another permit, and takes the permit for it.
    pub(super) fn next(&mut self) -> Option<(Caller, W)> {
        for turn in 0..self.turns.len() {
            let caller = *self.turns.get(turn)?;
            let line = self.callers.get_mut(&caller)?;
            if !may_hold(line.held, self.free, self.reserves) {
                continue;
            }
            let (_, waker) = line.waiting.pop_front()?;
            line.held += 1;
            self.free -= 1;
            self.waiting -= 1;
            self.turns.remove(turn);
            if !line.waiting.is_empty() {
                self.turns.push_back(caller);
            }
            return Some((caller, waker));
        }
        None
    }

    fn line(&mut self, caller: Caller) -> &mut Line<W> {
        self.callers.entry(caller).or_insert_with(|| Line { held: 0, waiting: VecDeque::new() })
    }

    /// Removes a caller's turn if none of its requests wait.
    fn skip_if_done(&mut self, caller: Caller) {
        if self.callers.get(&caller).is_some_and(|line| line.waiting.is_empty()) {
            self.turns.retain(|its| *its != caller);
            self.forget_if_idle(caller);
        }
    }

    fn forget_if_idle(&mut self, caller: Caller) {
        if self.callers.get(&caller).is_some_and(|line| line.held == 0 && line.waiting.is_empty()) {
            self.callers.remove(&caller);
        }
    }
}

/// Whether a caller that holds `held` permits may have another one.
fn may_hold(held: usize, free: usize, reserves: bool) -> bool {
    free > 0 && (!reserves || held == 0 || held < free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(name: &str) -> Caller {
        Caller::of(&name)
    }

    /// Serves all waiting requests one after the other, and returns their order.
    fn served(queue: &mut Queue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| {
            let (caller, waker) = queue.next()?;
            queue.give_back(caller);
            Some(waker)
        })
        .collect()
    }

    fn take(queue: &mut Queue<&'static str>, who: Caller, most: usize) -> usize {
        (0..most).take_while(|_| queue.try_take(who)).count()
    }

    #[test]
    fn callers_take_turns() {
        let mut queue = Queue::new(1, false);
        let (ada, grace, linus) = (caller("ada"), caller("grace"), caller("linus"));
        assert!(queue.try_take(linus));
        for waker in ["ada 1", "ada 2", "ada 3"] {
            queue.push(ada, waker);
        }
        queue.push(grace, "grace 1");
        assert_eq!((queue.position(linus), queue.position(grace), queue.position(ada)), (3, 4, 5));
        queue.give_back(linus);
        assert_eq!(served(&mut queue), ["ada 1", "grace 1", "ada 2", "ada 3"]);
        assert!(queue.callers.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn a_caller_holds_at_most_as_many_as_it_leaves_free() {
        let mut queue = Queue::new(12, true);
        assert_eq!(take(&mut queue, caller("a"), 99), 6);
        assert_eq!(take(&mut queue, caller("b"), 99), 3);
        assert_eq!(take(&mut queue, caller("c"), 99), 2);
        assert_eq!(take(&mut queue, caller("d"), 99), 1, "a new caller finds one free");
        let mut queue = Queue::new(12, false);
        assert_eq!(take(&mut queue, caller("a"), 99), 12);
    }

    #[test]
    fn a_single_permit_is_not_reserved() {
        let mut queue = Queue::<()>::new(1, true);
        assert!(queue.try_take(caller("ada")));
        assert!(!queue.try_take(caller("grace")));
    }

    #[test]
    fn a_caller_above_its_share_is_skipped() {
        let mut queue = Queue::new(4, true);
        let (ada, grace) = (caller("ada"), caller("grace"));
        assert_eq!(take(&mut queue, ada, 99), 2);
        queue.push(ada, "ada");
        assert_eq!(queue.next(), None);
        assert_eq!(take(&mut queue, grace, 99), 1);
        queue.push(grace, "grace");
        queue.give_back(ada);
        assert_eq!(queue.next(), Some((ada, "ada")));
        assert_eq!(queue.next(), None, "each holds as many as are free");
    }

    #[test]
    fn requests_of_one_caller_keep_their_order() {
        let mut queue = Queue::new(1, false);
        let ada = caller("ada");
        queue.push(ada, "first");
        assert!(!queue.try_take(ada));
        assert!(queue.try_take(caller("grace")), "a free permit goes to a new caller");
    }

    #[test]
    fn the_longest_line_makes_room() {
        let mut queue = Queue::new(0, false);
        let (ada, grace) = (caller("ada"), caller("grace"));
        for waker in ["ada 1", "ada 2", "ada 3"] {
            queue.push(ada, waker);
        }
        assert_eq!(queue.make_room_for(ada), None);
        assert_eq!(queue.make_room_for(grace), Some("ada 3"));
        queue.push(grace, "grace 1");
        assert_eq!(queue.make_room_for(grace), None, "the lines are even");
        assert_eq!(queue.waiting(), 3);
    }

    #[test]
    fn a_caller_without_requests_is_forgotten() {
        let mut queue = Queue::new(0, false);
        let ada = caller("ada");
        let ticket = queue.push(ada, "ada");
        queue.remove(ada, ticket);
        queue.remove(ada, ticket);
        assert_eq!((queue.waiting(), queue.callers.len(), queue.turns.len()), (0, 0, 0));
    }
}
