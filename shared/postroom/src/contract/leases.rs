//! What an inbox promises about leases: one holder at a time, and nobody else changes anything.

use crate::contract::Adapters;
use crate::contract::inbox::lost;
use crate::contract::sample::{FIRST, Sample, at, begun, claim, failure, owner, parking, tx_of};
use crate::id::OwnerToken;
use crate::port::{Claimed, Run, RunStatus};
use crate::transaction::Fence;

/// Nothing stands in the way of the first.
pub async fn the_first_claim_is_granted(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();

    assert_eq!(adapters.claimed(&claim(&run, owner())).await, FIRST);

    let record = adapters.inbox.find(&run.key, at(0)).await.unwrap().unwrap();
    assert_eq!((record.status, record.lease_until), (RunStatus::Running, Some(at(60))));
    assert_eq!(record.run, run);
}

/// A claim whose answer was lost may be sent again.
pub async fn a_claim_sent_twice_is_granted_twice(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, first, second) = (sample.run(), owner(), owner());

    assert_eq!(adapters.claimed(&claim(&run, first)).await, FIRST);
    assert_eq!(adapters.claimed(&claim(&run, first)).await, FIRST);

    let over = claim(&begun(&run, at(60)), second);
    let unknown = Claimed::Granted { attempts: 0, unknown: true };
    assert_eq!(adapters.claimed(&over).await, unknown);
    assert_eq!(adapters.claimed(&over).await, unknown);
}

/// Until the lease runs out the others are told how long it holds.
pub async fn while_a_lease_holds_others_wait(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.claimed(&claim(&run, owner())).await;

    let waits = adapters.claimed(&claim(&begun(&run, at(59)), owner())).await;

    assert_eq!(waits, Claimed::InFlight { until: at(60) });
}

/// Whether the effect of one who disappeared has happened, nobody knows.
pub async fn a_lease_that_ran_out_leaves_an_unknown_outcome(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, gone) = (sample.run(), owner());
    adapters.claimed(&claim(&run, gone)).await;
    adapters.inbox.fail(&failure(&run, Some(gone))).await.unwrap();
    adapters.claimed(&claim(&run, gone)).await;

    let claimed = adapters.claimed(&claim(&begun(&run, at(60)), owner())).await;

    assert_eq!(claimed, Claimed::Granted { attempts: 1, unknown: true });
}

/// From then on the others wait longer.
pub async fn a_renewed_lease_holds_longer(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, holder) = (sample.run(), owner());
    adapters.claimed(&claim(&run, holder)).await;

    adapters.inbox.renew(&run.key, holder, at(100)).await.unwrap();

    let waits = adapters.claimed(&claim(&begun(&run, at(99)), owner())).await;
    assert_eq!(waits, Claimed::InFlight { until: at(100) });
}

/// What was given back untried is free at once, and as often failed as before.
pub async fn a_lease_that_is_given_back_is_free_at_once(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, holder) = (sample.run(), owner());
    adapters.claimed(&claim(&run, holder)).await;
    adapters.inbox.fail(&failure(&run, Some(holder))).await.unwrap();
    adapters.claimed(&claim(&begun(&run, at(2)), holder)).await;

    adapters.inbox.release(&run.key, holder, at(3)).await.unwrap();

    let record = adapters.inbox.find(&run.key, at(3)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Waiting, 1));
    assert_eq!((record.lease_until, record.reason.as_deref()), (None, Some("it rained")));
    let again = Claimed::Granted { attempts: 1, unknown: false };
    assert_eq!(adapters.claimed(&claim(&begun(&run, at(3)), owner())).await, again);
}

/// Giving back what was taken over tells nobody what became of the one who disappeared.
pub async fn what_was_taken_over_and_given_back_is_as_unknown_as_before(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, gone, holder) = (sample.run(), owner(), owner());
    adapters.claimed(&claim(&run, gone)).await;
    adapters.claimed(&claim(&begun(&run, at(60)), holder)).await;

    adapters.inbox.release(&run.key, holder, at(61)).await.unwrap();

    for late in [gone, holder] {
        changes_nothing(adapters, &run, late).await;
    }
    let unknown = Claimed::Granted { attempts: 0, unknown: true };
    assert_eq!(adapters.claimed(&claim(&begun(&run, at(61)), owner())).await, unknown);
}

/// A stranger, one who failed or gave back, and an owner whose lease was taken over: none of them changes anything.
pub async fn only_the_holder_changes_anything(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, late, holder) = (sample.run(), owner(), owner());
    changes_nothing(adapters, &run, late).await;

    adapters.claimed(&claim(&run, late)).await;
    changes_nothing(adapters, &run, owner()).await;

    adapters.claimed(&claim(&begun(&run, at(60)), holder)).await;
    changes_nothing(adapters, &run, late).await;

    adapters.inbox.fail(&failure(&run, Some(holder))).await.unwrap();
    changes_nothing(adapters, &run, holder).await;

    adapters.claimed(&claim(&begun(&run, at(62)), late)).await;
    adapters.inbox.release(&run.key, late, at(63)).await.unwrap();
    changes_nothing(adapters, &run, late).await;
}

/// A handler without a lease leaves alone what somebody holds.
pub async fn a_leased_run_does_not_fail_without_its_lease(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.claimed(&claim(&run, owner())).await;
    let before = adapters.inbox.find(&run.key, at(0)).await.unwrap();

    lost(&adapters.inbox.fail(&failure(&run, None)).await);

    assert_eq!(adapters.inbox.find(&run.key, at(0)).await.unwrap(), before);
}

/// Once the lease has run out, whoever fails without one may say so: nobody else might ever come.
pub async fn a_lease_that_ran_out_stands_in_no_failures_way(adapters: &Adapters) {
    let sample = Sample::new();
    let (waiting, parked, gone) = (sample.run(), sample.run(), owner());
    for run in [&waiting, &parked] {
        adapters.claimed(&claim(run, gone)).await;
    }

    lost(&adapters.inbox.fail(&parking(&begun(&parked, at(58)), None)).await);
    assert_eq!(adapters.fails(&parking(&begun(&parked, at(59)), None)).await, 1);
    assert_eq!(adapters.fails(&failure(&begun(&waiting, at(59)), None)).await, 1);

    for (run, status) in [(parked, RunStatus::Parked), (waiting, RunStatus::Waiting)] {
        let record = adapters.inbox.find(&run.key, at(60)).await.unwrap().unwrap();
        assert_eq!((record.status, record.lease_until), (status, None));
        changes_nothing(adapters, &run, gone).await;
    }
}

async fn changes_nothing(adapters: &Adapters, run: &Run, owner: OwnerToken) {
    let before = adapters.inbox.find(&run.key, at(0)).await.unwrap();

    lost(&adapters.inbox.renew(&run.key, owner, at(500)).await);
    lost(&adapters.inbox.release(&run.key, owner, at(0)).await);
    lost(&adapters.inbox.fail(&failure(run, Some(owner))).await);
    lost(&adapters.inbox.fail(&parking(run, Some(owner))).await);
    adapters.loses(&tx_of(run.clone(), Fence::Held(owner)), true).await;

    assert_eq!(adapters.inbox.find(&run.key, at(0)).await.unwrap(), before);
}
