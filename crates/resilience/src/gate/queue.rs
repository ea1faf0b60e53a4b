//! Who holds permits, who waits for one, and whose turn it is.
//!
//! - Callers take turns, one permit each, however many requests each of them has waiting (fair queueing: J. Nagle, "On
//!   packet switches with infinite storage", RFC 970, 1985).
//! - Where permits are reserved, a caller gets another one only while it holds fewer than are free (dynamic thresholds:
//!   A. Choudhury, E. Hahne, IEEE/ACM Transactions on Networking 6/2, 1998). One caller alone gets half of them, two get a
//!   third each, and somebody who comes new finds one free.
//! - Of a full queue, the longest line loses its newest request to whoever has a shorter one.

use std::collections::{HashMap, VecDeque};

use crate::caller::Caller;

/// Requests that wait, each with a `W` to wake it by.
pub(super) struct Queue<W> {
    free: usize,
    reserves: bool,
    callers: HashMap<Caller, Line<W>>,
    /// The callers with somebody waiting, in the order of their turns.
    turns: VecDeque<Caller>,
    waiting: usize,
    tickets: u64,
}

/// What a caller holds and waits for. There is none for a caller that does neither.
struct Line<W> {
    held: usize,
    waiting: VecDeque<(Ticket, W)>,
}

/// Names a request that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl<W> Queue<W> {
    /// With so many permits, all of them free; if it `reserves`, no caller takes all.
    pub(super) fn new(permits: usize, reserves: bool) -> Self {
        Self { free: permits, reserves, callers: HashMap::new(), turns: VecDeque::new(), waiting: 0, tickets: 0 }
    }

    /// How many requests wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes a permit for `caller`, if it may have one now.
    pub(super) fn try_take(&mut self, caller: Caller) -> bool {
        let line = self.callers.get(&caller);
        // Others who wait are no reason to wait: they may not have what is free. Its own go first.
        let may = line.is_none_or(|line| line.waiting.is_empty())
            && may_hold(line.map_or(0, |line| line.held), self.free, self.reserves);
        if may {
            self.free -= 1;
            self.line(caller).held += 1;
        }
        may
    }

    /// How many requests would be served until one more of `caller`'s is, itself included; at most.
    pub(super) fn position(&self, caller: Caller) -> usize {
        let own = self.callers.get(&caller).map_or(0, |line| line.waiting.len()) + 1;
        let callers = self.turns.len() + usize::from(own == 1);
        (self.waiting + 1).min(callers.saturating_mul(own))
    }

    /// Has a request of `caller` wait.
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

    /// Has a request wait no longer, if it does.
    pub(super) fn remove(&mut self, caller: Caller, ticket: Ticket) {
        let Some(line) = self.callers.get_mut(&caller) else { return };
        let Some(index) = line.waiting.iter().position(|(its, _)| *its == ticket) else { return };
        line.waiting.remove(index);
        self.waiting -= 1;
        self.skip_if_done(caller);
    }

    /// Makes room for a request of `caller` at the expense of whoever has the longest line, unless that is `caller`.
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

    /// Takes back a permit of `caller`'s.
    pub(super) fn give_back(&mut self, caller: Caller) {
        self.free += 1;
        if let Some(line) = self.callers.get_mut(&caller) {
            line.held = line.held.saturating_sub(1);
        }
        self.forget_if_idle(caller);
    }

    /// Takes a permit for the request whose turn it is.
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

    /// Takes a caller's turn away if nobody waits for it any more.
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

/// Whether a caller that holds so many may have another one.
fn may_hold(held: usize, free: usize, reserves: bool) -> bool {
    free > 0 && (!reserves || held == 0 || held < free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(name: &str) -> Caller {
        Caller::of(&name)
    }

    /// Those served from now on, in order, each done before the next is served.
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
        assert_eq!(take(&mut queue, caller("d"), 99), 1, "and somebody new finds one free");
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
        assert_eq!(queue.next(), None, "each holds as much as is free");
    }

    #[test]
    fn requests_of_one_caller_keep_their_order() {
        let mut queue = Queue::new(1, false);
        let ada = caller("ada");
        queue.push(ada, "first");
        assert!(!queue.try_take(ada));
        assert!(queue.try_take(caller("grace")), "what is free is for who comes");
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
        assert_eq!(queue.make_room_for(grace), None, "as long a line as the other's is no better");
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
