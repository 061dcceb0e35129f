//! The shop: its table, its workers, its callers, and what has to be true of it.

mod stored;
mod messages;
mod error;
mod commands;
mod listeners;
mod jobs;
mod schedule;

use std::num::NonZeroU32;
use std::time::Duration;

use postroom::port::DeadLetter;
use postroom::simulation::{Business, Contents, Law, Parts, Request, Slot};
use postroom::{Place, Reactions, Stored, TaskFailed, Worker, reactions};

use crate::shop::commands::{CancelOrder, PlaceOrder};
use crate::shop::jobs::{
    BookCourier, ChargeCard, CountOrder, InsureParcel, PrintLabel, PrintLabelAgain, RemindCustomer,
    TellStaff, TellWarehouse,
};
use crate::shop::listeners::{
    CountPayment, History, PlaceLimit, ReserveStock, SeeFailure, WeighParcel,
};
use crate::shop::messages::{
    CountDue, OrderCancelled, OrderPaid, OrderPlaced, OrderUnpaid, ReminderDue, StockReserved,
};
use crate::shop::schedule::CountOrders;
use crate::shop::stored::{
    Counted, Failures, Order, Places, Scale, Status, Stock, Till, Told, Unpaid,
};

/// How many orders there may be that are not cancelled.
const MOST: usize = 3;
/// How often the courier may be called.
const COURIERS_PER_SECOND: NonZeroU32 = NonZeroU32::MIN;

/// How a failure begins that no worker has told.
const ABANDONED: &str = "its queue gave it up";

/// The shop.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shop {
    /// Something that is wrong with it.
    pub mistake: Option<Mistake>,
}

/// A mistake that people make with the kit, rather than the kit itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// A job asks a service under another key on every attempt.
    KeyPerAttempt,
    /// A job whose effect must not be repeated says that it may.
    RepeatUnknown,
    /// A listener counts what it only peeked at.
    CountWithoutGuard,
}

impl Mistake {
    /// Every mistake.
    pub const ALL: [Self; 3] = [Self::KeyPerAttempt, Self::RepeatUnknown, Self::CountWithoutGuard];

    /// How it is called on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyPerAttempt => "key-per-attempt",
            Self::RepeatUnknown => "repeat-unknown",
            Self::CountWithoutGuard => "count-without-guard",
        }
    }

    /// The law that it breaks, and words of what is found.
    pub fn breaks(self) -> (Law, &'static str) {
        match self {
            Self::KeyPerAttempt => (Law::OneKey, "was called about"),
            Self::RepeatUnknown => (Law::NotRepeated, "did it 2 times"),
            Self::CountWithoutGuard => (Law::Invariant, "payments were counted"),
        }
    }
}

reactions! {
    /// What happens after what in the shop.
    fn table(shop: &Shop);

    OrderPlaced {
        in_request History,
        in_request PlaceLimit { most: MOST },
        queued ReserveStock,
        queued WeighParcel,
        queued ChargeCard,
        queued BookCourier,
        queued_in_order TellWarehouse,
    }
    OrderPaid {
        in_request History,
        queued CountPayment,
        queued PrintLabel,
        queued_in_order TellWarehouse,
    }
    OrderUnpaid {
        in_request History,
        queued_in_order TellWarehouse,
    }
    OrderCancelled {
        in_request History,
        in_request PlaceLimit { most: MOST },
        queued_in_order TellWarehouse,
    }
    StockReserved {
        queued InsureParcel,
    }
    TaskFailed {
        in_request SeeFailure,
        queued TellStaff,
    }
    ReminderDue {
        queued RemindCustomer,
    }
    CountDue {
        queued CountOrder,
    }
}

impl Business for Shop {
    fn reactions(&self) -> Reactions {
        table(self)
    }

    fn worker(&self, queue: &'static str, parts: &Parts) -> Option<Worker> {
        let (mistake, outside, worker) = (self.mistake, parts.outside(), parts.worker(queue));
        let courier = || parts.gate("courier", Some(COURIERS_PER_SECOND));
        Some(match queue {
            "reserve-stock" => worker.listener::<OrderPlaced, _>(ReserveStock),
            "weigh-parcel" => worker.listener::<OrderPlaced, _>(WeighParcel),
            "count-payment" => worker.listener::<OrderPaid, _>(CountPayment { mistake }),
            "count-order" => worker.job::<CountDue, _>(CountOrder),
            "charge-card" => worker.job::<OrderPlaced, _>(ChargeCard { bank: outside, mistake }),
            "print-label" if mistake == Some(Mistake::RepeatUnknown) => {
                worker.job::<OrderPaid, _>(PrintLabelAgain { printer: outside })
            }
            "print-label" => worker.job::<OrderPaid, _>(PrintLabel { printer: outside }),
            "tell-warehouse" => {
                let tell = || TellWarehouse { warehouse: outside.clone() };
                worker
                    .job::<OrderPlaced, _>(tell())
                    .job::<OrderPaid, _>(tell())
                    .job::<OrderUnpaid, _>(tell())
                    .job::<OrderCancelled, _>(tell())
            }
            "book-courier" => worker.gated_job::<OrderPlaced, _>(BookCourier(outside), courier()),
            "insure-parcel" => {
                worker.gated_job::<StockReserved, _>(InsureParcel(outside), courier())
            }
            "remind-customer" => worker.job::<ReminderDue, _>(RemindCustomer(outside)),
            "tell-staff" => worker.job::<TaskFailed, _>(TellStaff { pager: outside }),
            _ => return None,
        })
    }

    fn requests(&self) -> Vec<Request> {
        let cancel = |order: &str| Request::keyed(CancelOrder { order: order.to_owned() });
        let north = |order: &str| place(order, "ann of north");
        let south = |order: &str| place(order, "bob of south");
        let of_north = vec![
            Request::keyed(north("1")),
            Request::keyed(north("2")),
            cancel("2"),
            Request::once(north("3")),
            // The same order by somebody else, and one more than there is room for.
            Request::keyed(north("1")),
            Request::keyed(north("4")),
            Request::keyed(north("5")),
        ];
        // The same names of orders, keys and chains.
        let of_south = vec![Request::keyed(south("1")), Request::keyed(south("2")), cancel("2")];
        let north = of_north.into_iter().map(|request| (request, "north"));
        let all = north.chain(of_south.into_iter().map(|request| (request, "south")));
        all.filter_map(|(request, tenant)| Some(request.of(tenant.parse().ok()?))).collect()
    }

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::after(Duration::from_mins(2), CountOrders)]
    }

    fn redrives(&self, letter: &DeadLetter) -> bool {
        // A label may have been printed: that is for somebody who goes and looks. Parcels are weighed by what somebody has
        // put right. Nor does it help to send once more what nobody can read.
        let looked_at = ["print-label", "weigh-parcel"];
        letter.handler.as_deref().is_some_and(|handler| !looked_at.contains(&handler))
    }

    fn edits(&self, letter: &DeadLetter) -> Option<String> {
        letter.handler.as_ref()?;
        (!self.discards(letter)).then(|| letter.body.clone())
    }

    fn discards(&self, letter: &DeadLetter) -> bool {
        // What nobody can read, and what is too late by the time that somebody sees it.
        let late = ["remind-customer", "tell-warehouse", "print-label", "tell-staff"];
        letter.handler.as_deref().is_none_or(|handler| late.contains(&handler))
    }

    fn invariants(&self, contents: &Contents) -> Result<(), String> {
        let orders = contents.all::<Order>();
        let taken = orders.iter().filter(|order| order.status != Status::Cancelled).count();
        let paid = orders.iter().filter(|order| order.status == Status::Paid).count();
        let parked = |handler: &str| {
            let letters = contents.dead_letters();
            letters.iter().filter(|letter| letter.handler.as_deref() == Some(handler)).count()
        };
        equal("places taken", &Places::default().place(), contents, |places| places.taken, taken)?;
        let reserved = contents.events::<StockReserved>().len();
        let left = contents.get(&Stock::AT_FIRST.place()).unwrap_or(Stock::AT_FIRST).left;
        if left + reserved != Stock::AT_FIRST.left {
            return Err(format!("{left} pieces are left after {reserved} reservations"));
        }
        let till = contents.get(&Till::default().place()).unwrap_or_default().payments;
        if !(till..=till + parked("count-payment")).contains(&paid) {
            return Err(format!("{till} payments were counted for {paid} paid orders"));
        }
        let weighed = contents.get(&Scale::default().place()).unwrap_or_default().weighed;
        if !(weighed..=weighed + parked("weigh-parcel")).contains(&orders.len()) {
            return Err(format!("{weighed} parcels were weighed of {} orders", orders.len()));
        }
        failures_are_seen(contents)?;
        staff_is_told_once(contents)?;
        let mut counted = contents.all::<Counted>().into_iter();
        counted.try_for_each(|counted| match counted.slots.len() {
            1 => Ok(()),
            times => Err(format!("order {} was counted {times} times in a slot", counted.order)),
        })
    }
}

fn place(order: &str, customer: &str) -> PlaceOrder {
    PlaceOrder { order: order.to_owned(), customer: customer.to_owned() }
}

/// What was given up is what reactions to it have counted, each in the transaction of its dead letter. The bank's own
/// reaction is not done where a queue gave the message up: the collector does not have it.
fn failures_are_seen(contents: &Contents) -> Result<(), String> {
    let failures = contents.events::<TaskFailed>();
    let by_worker =
        |failure: &&TaskFailed| !failure.causes.iter().any(|cause| cause.starts_with(ABANDONED));
    let unpaid = failures.iter().filter(|failure| failure.handler == "charge-card");
    let unpaid = unpaid.filter(by_worker).count();
    let staff = Failures::default().place();
    equal("failures seen", &staff, contents, |staff| staff.seen, failures.len())?;
    equal("unpaid orders", &Unpaid::default().place(), contents, |unpaid| unpaid.times, unpaid)?;
    let events = contents.events::<OrderUnpaid>().len();
    if events == unpaid { Ok(()) } else { Err(format!("{events} unpaid orders, not {unpaid}")) }
}

/// Of each handler once, if at all.
fn staff_is_told_once(contents: &Contents) -> Result<(), String> {
    let mut told = contents.get(&Told::default().place()).unwrap_or_default().of;
    told.sort_unstable();
    let mut pairs = told.windows(2);
    match pairs.find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("the staff was told of {} more than once", pair[0])),
        None => Ok(()),
    }
}

fn equal<T: Stored>(
    what: &str,
    place: &Place<T>,
    contents: &Contents,
    count: impl Fn(T) -> usize,
    expected: usize,
) -> Result<(), String> {
    let found = contents.get(place).map_or(0, count);
    if found == expected { Ok(()) } else { Err(format!("{found} {what}, not {expected}")) }
}
