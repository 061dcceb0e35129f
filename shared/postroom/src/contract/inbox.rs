//! What an inbox promises about records: what is found, what a failure counts, what a chain holds.

use crate::contract::Adapters;
use crate::contract::sample::{FIRST, Sample, at, begun, claim, failure, owner, parking, tx_of};
use crate::port::{Claimed, Failures, LeaseError, RunStatus};
use crate::transaction::Fence;

/// Where nothing ran, nothing is found.
pub async fn a_run_that_never_was_is_absent(adapters: &Adapters) {
    let sample = Sample::new();

    assert_eq!(adapters.inbox.find(&sample.run().key, at(0)).await.unwrap(), None);
}

/// A failure without a lease, a listener's, is counted from nothing.
pub async fn failures_are_counted(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();

    assert_eq!(adapters.fails(&failure(&run, None)).await, 1);
    assert_eq!(adapters.fails(&failure(&run, None)).await, 2);

    let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Waiting, 2));
    assert_eq!(record.run, run);
    assert_eq!(record.reason.as_deref(), Some("it rained"));
    assert_eq!(record.finished_at, Some(at(1)));
}

/// The first failure stays the first: with a lease and without, through further attempts, parking and success.
pub async fn the_first_failure_is_remembered(adapters: &Adapters) {
    let sample = Sample::new();
    let (listener, job, holder) = (sample.run(), sample.run(), owner());
    let first = Failures { attempts: 1, first_at: at(1) };
    assert_eq!(adapters.inbox.fail(&failure(&listener, None)).await.unwrap(), first);
    adapters.claimed(&claim(&job, holder)).await;
    assert_eq!(adapters.inbox.fail(&failure(&job, Some(holder))).await.unwrap(), first);

    let second = Failures { attempts: 2, ..first };
    let listener = begun(&listener, at(10));
    assert_eq!(adapters.inbox.fail(&parking(&listener, None)).await.unwrap(), second);
    let job = begun(&job, at(10));
    adapters.claimed(&claim(&job, holder)).await;
    assert_eq!(adapters.inbox.fail(&failure(&job, Some(holder))).await.unwrap(), second);
    adapters.commit(&tx_of(begun(&job, at(20)), Fence::NotDone)).await;

    for run in [listener, job] {
        let record = adapters.inbox.find(&run.key, at(30)).await.unwrap().unwrap();
        assert_eq!(record.first_failed_at, Some(at(1)), "{:?}", record.status);
    }
}

/// A failure that cannot pass is an attempt too, with a lease and without.
pub async fn a_failure_for_good_counts(adapters: &Adapters) {
    let sample = Sample::new();
    let (listener, job, holder) = (sample.run(), sample.run(), owner());
    adapters.claimed(&claim(&job, holder)).await;

    assert_eq!(adapters.fails(&parking(&listener, None)).await, 1);
    assert_eq!(adapters.fails(&parking(&job, Some(holder))).await, 1);

    for run in [listener, job] {
        let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
        assert_eq!((record.status, record.attempts), (RunStatus::Parked, 1));
    }
}

/// A failure under the lease counts, and ends the lease.
pub async fn a_failure_ends_the_lease(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, holder) = (sample.run(), owner());
    adapters.claimed(&claim(&run, holder)).await;

    assert_eq!(adapters.fails(&failure(&run, Some(holder))).await, 1);

    let again = adapters.claimed(&claim(&run, owner())).await;
    assert_eq!(again, Claimed::Granted { attempts: 1, unknown: false });
}

/// What failed for good is not run again, and says why.
pub async fn a_parked_run_is_remembered_with_its_reason(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, holder) = (sample.run(), owner());
    adapters.claimed(&claim(&run, holder)).await;
    adapters.inbox.fail(&parking(&run, Some(holder))).await.unwrap();

    let claimed = adapters.claimed(&claim(&run, owner())).await;

    assert_eq!(claimed, Claimed::Parked { reason: "it rained".to_owned() });
    lost(&adapters.inbox.fail(&failure(&run, None)).await);
}

/// What is done is neither run nor failed again.
pub async fn a_done_run_stays_done(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.commit(&tx_of(run.clone(), Fence::NotDone)).await;
    let before = adapters.inbox.find(&run.key, at(1)).await.unwrap();

    assert_eq!(adapters.claimed(&claim(&run, owner())).await, Claimed::Done);
    lost(&adapters.inbox.fail(&failure(&run, None)).await);
    lost(&adapters.inbox.fail(&parking(&run, Some(owner()))).await);

    assert_eq!(adapters.inbox.find(&run.key, at(1)).await.unwrap(), before);
}

/// Past its time a record is not found, does not stop a claim, and counts for nothing.
pub async fn an_expired_record_counts_as_absent(adapters: &Adapters) {
    let sample = Sample::new();
    let (waiting, done, running) = (sample.run(), sample.run(), sample.run());
    adapters.inbox.fail(&failure(&waiting, None)).await.unwrap();
    adapters.commit(&tx_of(done.clone(), Fence::NotDone)).await;
    adapters.claimed(&claim(&running, owner())).await;

    for run in [&waiting, &done, &running] {
        assert!(adapters.inbox.find(&run.key, at(3599)).await.unwrap().is_some());
        assert_eq!(adapters.inbox.find(&run.key, at(3600)).await.unwrap(), None);
        assert_eq!(adapters.claimed(&claim(&begun(run, at(3600)), owner())).await, FIRST);
    }

    let failed = sample.run();
    adapters.inbox.fail(&parking(&failed, None)).await.unwrap();
    let later = begun(&failed, at(3600));
    let anew = Failures { attempts: 1, first_at: at(3601) };
    assert_eq!(adapters.inbox.fail(&failure(&later, None)).await.unwrap(), anew);
}

/// The runs of one chain by the time they began; nobody else's.
pub async fn a_chain_holds_its_runs_by_time(adapters: &Adapters) {
    let sample = Sample::new();
    let other = Sample { correlation_id: sample.correlation_id.clone(), ..Sample::new() };
    let runs =
        [begun(&sample.run(), at(3)), begun(&sample.run(), at(1)), begun(&sample.run(), at(2))];
    for run in &runs {
        adapters.inbox.fail(&failure(run, None)).await.unwrap();
    }
    adapters.inbox.fail(&failure(&other.run(), None)).await.unwrap();

    let chain = adapters.inbox.chain(&sample.tenant, &sample.correlation_id, None).await.unwrap();

    let [third, first, second] = runs;
    let found: Vec<_> = chain.items.into_iter().map(|record| record.run).collect();
    assert_eq!(found, [first, second, third]);
}

/// Following `next` visits every run once.
pub async fn a_long_chain_comes_in_pages(adapters: &Adapters) {
    const MANY: usize = 120;
    let sample = Sample::new();
    for _ in 0..MANY {
        adapters.inbox.fail(&failure(&sample.run(), None)).await.unwrap();
    }

    let (mut seen, mut after) = (std::collections::BTreeSet::new(), None);
    let mut count = 0;
    for _ in 0..MANY {
        let chain = adapters.inbox.chain(&sample.tenant, &sample.correlation_id, after.as_deref());
        let page = chain.await.unwrap();
        count += page.items.len();
        seen.extend(page.items.into_iter().map(|record| record.run.key));
        after = page.next;
        if after.is_none() {
            break;
        }
    }

    assert_eq!((count, seen.len()), (MANY, MANY));
}

pub(super) fn lost<T: std::fmt::Debug>(result: &Result<T, LeaseError>) {
    assert!(matches!(result, Err(LeaseError::LeaseLost)), "{result:?}");
}
