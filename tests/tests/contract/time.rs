//! Clocks and ids: the machine's, and those of tests.

use std::future::{Ready, ready};

use postroom::memory::{ManualClock, SeededIds};
use postroom::{Clock, Ids, SystemClock, SystemIds};

mod of_the_machine {
    use super::*;

    fn clock() -> Ready<Box<dyn Clock>> {
        ready(Box::new(SystemClock))
    }

    fn ids() -> Ready<Box<dyn Ids>> {
        ready(Box::new(SystemIds))
    }

    postroom::clock_contract!(clock);
    postroom::ids_contract!(ids);
}

mod of_a_test {
    use super::*;

    fn clock() -> Ready<Box<dyn Clock>> {
        ready(Box::new(ManualClock::at("2026-11-21T09:30:00Z".parse().unwrap())))
    }

    fn ids() -> Ready<Box<dyn Ids>> {
        ready(Box::new(SeededIds::new(1)))
    }

    postroom::clock_contract!(clock);
    postroom::ids_contract!(ids);
}
