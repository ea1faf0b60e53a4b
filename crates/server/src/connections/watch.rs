//! The timer of a worker's connections.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use actix_web::rt;
use tokio::time::{MissedTickBehavior, interval};

use super::activity::{Activity, TICK, Ticks};

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
