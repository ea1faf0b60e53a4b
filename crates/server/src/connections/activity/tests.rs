use super::*;

struct Connection {
    now: Rc<Ticks>,
    activity: Activity,
}

impl Connection {
    fn new() -> Self {
        let now = Rc::new(Ticks::new(u32::MAX - 3));
        Self { activity: Activity::new(Rc::clone(&now)), now }
    }

    /// The verdict after so long.
    fn after(&self, time: Duration) -> Option<Verdict> {
        let mut left = time;
        while left > Duration::ZERO {
            self.now.set(self.now.get().wrapping_add(1));
            self.activity.judge();
            left = left.saturating_sub(TICK);
        }
        self.activity.verdict()
    }

    fn used() -> Self {
        let connection = Self::new();
        connection.activity.read(100);
        connection.activity.begin(false);
        connection.activity.end();
        connection
    }
}

#[test]
fn one_that_sends_nothing_is_closed_without_a_word() {
    let connection = Connection::new();
    assert_eq!(connection.after(HEAD), None);
    assert_eq!(connection.after(TICK), Some(Verdict::Idle));
}

#[test]
fn a_head_has_its_time_whatever_comes_of_it() {
    for connection in [Connection::new(), Connection::used()] {
        for _ in 0..5 {
            connection.activity.read(1);
            assert_eq!(connection.after(HEAD / 5), None);
        }
        assert_eq!(connection.after(TICK), Some(Verdict::SlowHead));
    }
}

#[test]
fn an_idle_one_is_kept_for_a_while() {
    let connection = Connection::used();
    assert_eq!(connection.after(KEEP_ALIVE), None);
    assert_eq!(connection.after(TICK), Some(Verdict::Idle));
}

#[test]
fn a_request_in_flight_is_not_held_to_it() {
    let connection = Connection::new();
    connection.activity.begin(true);
    connection.activity.read(MAX_HEAD * 3);
    assert_eq!(connection.after(KEEP_ALIVE * 2), None);
    assert_eq!(connection.activity.reading(), Reading::On);
    connection.activity.end();
    assert_eq!(connection.after(KEEP_ALIVE), None);
}

#[test]
fn a_head_that_came_while_another_request_was_in_flight_is_held_to_it() {
    let connection = Connection::new();
    connection.activity.begin(false);
    connection.activity.read(10);
    assert_eq!(connection.after(HEAD * 2), None);
    connection.activity.end();
    assert_eq!(connection.after(TICK), Some(Verdict::SlowHead));
}

#[test]
fn what_is_no_request_by_then_is_too_large() {
    let connection = Connection::new();
    connection.activity.read(MAX_HEAD - 1);
    assert_eq!(connection.activity.reading(), Reading::On);
    connection.activity.read(1);
    assert_eq!(connection.activity.reading(), Reading::Later);
    assert_eq!(connection.activity.reading(), Reading::End);
    assert_eq!(connection.activity.verdict(), Some(Verdict::LargeHead));
}

#[test]
fn many_requests_at_a_time_are_not_too_large() {
    let connection = Connection::new();
    for _ in 0..3 {
        connection.activity.read(MAX_HEAD);
        assert_eq!(connection.activity.reading(), Reading::Later);
        connection.activity.begin(false);
        connection.activity.end();
        assert_eq!(connection.activity.reading(), Reading::On);
    }
}

#[test]
fn a_client_that_is_to_go_is_waited_for_a_moment() {
    let connection = Connection::new();
    connection.activity.leave();
    assert!(!connection.activity.is_gone());
    connection.after(FAREWELL + TICK);
    assert!(connection.activity.is_gone());
}
