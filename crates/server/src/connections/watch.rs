//! The timer of a worker's connections.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_web::rt;
use tokio::time::{MissedTickBehavior, interval};

use super::activity::Activity;

/// The interval of the timer. One timer serves all connections; a timer each would be reset with every request.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// The number of ticks so far. It wraps around after thirty years.
pub(super) type Ticks = Cell<u32>;

/// The connections of a worker.
pub(super) struct Watch {
    now: Rc<Ticks>,
    connections: RefCell<Vec<Weak<Activity>>>,
}

impl Watch {
    /// Starts the timer, in a task that ends with the last handle.
    pub(super) fn begin() -> Rc<Self> {
        let watch = Rc::new(Self { now: Rc::default(), connections: RefCell::default() });
        let weak = Rc::downgrade(&watch);
        rt::spawn(async move {
            let mut ticks = interval(TICK);
            // While a worker is busy it reads nothing from its clients. Missed ticks must not count against them.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(watch) = weak.upgrade() else { return };
                watch.look();
            }
        });
        watch
    }

    /// Adds a connection, which is watched until it is dropped.
    pub(super) fn add(&self) -> Rc<Activity> {
        let activity = Rc::new(Activity::new(Rc::clone(&self.now)));
        self.connections.borrow_mut().push(Rc::downgrade(&activity));
        activity
    }

    fn look(&self) {
        self.now.set(self.now.get().wrapping_add(1));
        self.connections.borrow_mut().retain(|connection| {
            let activity = connection.upgrade();
            if let Some(activity) = &activity {
                activity.judge();
            }
            activity.is_some()
        });
    }
}
