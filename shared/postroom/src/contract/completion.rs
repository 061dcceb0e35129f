//! What a store promises about the inbox record that a transaction completes.

use serde_json::json;

use crate::contract::Adapters;
use crate::contract::sample::{
    FIRST, Sample, at, begun, claim, failure, owner, parking, put_view, tx_of,
};
use crate::id::TenantId;
use crate::port::{Answer, Run, RunKey, RunStatus};
use crate::transaction::{End, Fence, Transaction};

/// Everything about the run is in its record.
pub async fn what_was_done_is_remembered(adapters: &Adapters) {
    let sample = Sample::new();
    let mut tx = sample.tx();
    let output = Some(Answer::Whole(json!({"id": "a", "count": u64::MAX})));
    let fingerprint = Some("POST /things {}".to_owned());
    let skipped = Some("it was there already".to_owned());
    tx.completion.actions = 7;
    tx.completion.end = End::Done {
        skipped: skipped.clone(),
        output: output.clone(),
        fingerprint: fingerprint.clone(),
    };

    adapters.commit(&tx).await;

    let record = adapters.inbox.find(&tx.completion.run.key, at(1)).await.unwrap().unwrap();
    assert_eq!(record.run, tx.completion.run);
    assert_eq!(record.status, RunStatus::Done);
    assert_eq!(record.token, Some(tx.token));
    assert_eq!(record.output, output);
    assert_eq!(record.fingerprint, fingerprint);
    assert_eq!(record.skipped, skipped);
    assert_eq!(record.actions, Some(7));
    assert_eq!(record.finished_at, Some(tx.completion.finished_at));
    assert_eq!((record.attempts, record.lease_until, record.reason), (0, None, None));
}

/// Of what is too large to be kept, what tells it from others.
pub async fn an_answer_that_was_too_large_is_remembered_by_its_digest(adapters: &Adapters) {
    let sample = Sample::new();
    let mut tx = sample.tx();
    let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned();
    let output = Some(Answer::Digest { sha256, bytes: 400_000 });
    tx.completion.end = End::Done { skipped: None, output: output.clone(), fingerprint: None };

    adapters.commit(&tx).await;

    let record = adapters.inbox.find(&tx.completion.run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.output), (RunStatus::Done, output));
}

/// The longest idempotency key of the longest tenant is a key like any other, in the table and in its chain.
pub async fn the_longest_key_is_remembered(adapters: &Adapters) {
    let tenant: TenantId = "#".repeat(128).parse().unwrap();
    let sample = Sample { tenant, ..Sample::new() };
    let key = RunKey::of_idempotency(&sample.tenant, &"#".repeat(255).parse().unwrap());
    let tx = tx_of(Run { key: key.clone(), ..sample.run() }, Fence::NotDone);

    adapters.commit(&tx).await;

    assert!(adapters.inbox.find(&key, at(1)).await.unwrap().is_some());
    let chain = adapters.inbox.chain(&sample.tenant, &sample.correlation_id, None).await.unwrap();
    assert_eq!(chain.items.into_iter().map(|record| record.run.key).collect::<Vec<_>>(), [key]);
}

/// What was done is not done again.
pub async fn a_done_run_is_not_done_again(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.commit(&writing(&sample, &run, Fence::NotDone)).await;

    loses_and_writes_nothing(adapters, &sample, &run, Fence::NotDone).await;
}

/// Where something else says whether its effect is there, a run that is done may be done again; nothing else may.
pub async fn a_done_run_is_done_again_where_its_effect_is_gone(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, parked, leased) = (sample.run(), sample.run(), sample.run());
    adapters.inbox.fail(&failure(&run, None)).await.unwrap();
    adapters.commit(&tx_of(run.clone(), Fence::NotDone)).await;
    adapters.inbox.fail(&parking(&parked, None)).await.unwrap();
    assert_eq!(adapters.claimed(&claim(&leased, owner())).await, FIRST);

    let again = writing(&sample, &begun(&run, at(20)), Fence::NotParked);
    adapters.commit(&again).await;
    adapters.commit(&writing(&sample, &sample.run(), Fence::NotParked)).await;

    let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.token), (RunStatus::Done, Some(again.token)));
    assert_eq!((record.run.started_at, record.attempts), (at(20), 1));
    for run in [parked, leased] {
        loses_and_writes_nothing(adapters, &sample, &run, Fence::NotParked).await;
    }
}

/// An attempt that failed leaves the way free, and its count behind.
pub async fn a_failed_run_is_done_and_keeps_its_attempts(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.inbox.fail(&failure(&run, None)).await.unwrap();

    adapters.commit(&writing(&sample, &run, Fence::NotDone)).await;

    let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Done, 1));
    assert_eq!(record.reason, None);
}

/// What was given up is not done after all.
pub async fn a_parked_run_is_not_done(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.inbox.fail(&parking(&run, None)).await.unwrap();

    loses_and_writes_nothing(adapters, &sample, &run, Fence::NotDone).await;
}

/// Without the lease nobody completes what another is at, even when its lease has run out.
pub async fn a_leased_run_is_not_done_without_the_lease(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    assert_eq!(adapters.claimed(&claim(&run, owner())).await, FIRST);

    loses_and_writes_nothing(adapters, &sample, &run, Fence::NotDone).await;
    loses_and_writes_nothing(adapters, &sample, &begun(&run, at(120)), Fence::NotDone).await;
}

/// The holder completes, and the lease is over.
pub async fn the_holder_of_the_lease_completes(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, holder) = (sample.run(), owner());
    adapters.claimed(&claim(&run, holder)).await;
    adapters.inbox.fail(&failure(&run, Some(holder))).await.unwrap();
    adapters.claimed(&claim(&run, holder)).await;

    adapters.commit(&writing(&sample, &run, Fence::Held(holder))).await;

    let record = adapters.inbox.find(&run.key, at(1)).await.unwrap().unwrap();
    assert_eq!((record.status, record.attempts), (RunStatus::Done, 1));
    assert_eq!(record.lease_until, None);
    assert!(adapters.item(&sample.key("written")).await.is_some());
}

/// Whoever does not hold the lease changes nothing: a stranger, a late owner, one who failed.
pub async fn only_the_holder_of_the_lease_completes(adapters: &Adapters) {
    let sample = Sample::new();
    let (run, late, holder) = (sample.run(), owner(), owner());
    loses_and_writes_nothing(adapters, &sample, &run, Fence::Held(late)).await;

    adapters.claimed(&claim(&run, late)).await;
    adapters.claimed(&claim(&begun(&run, at(61)), holder)).await;
    loses_and_writes_nothing(adapters, &sample, &run, Fence::Held(late)).await;

    adapters.inbox.fail(&failure(&run, Some(holder))).await.unwrap();
    loses_and_writes_nothing(adapters, &sample, &run, Fence::Held(holder)).await;
}

/// A record past its time does not stand in the way.
pub async fn an_expired_record_does_not_stand_in_the_way(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    adapters.commit(&tx_of(run.clone(), Fence::NotDone)).await;

    loses_and_writes_nothing(adapters, &sample, &begun(&run, at(3598)), Fence::NotDone).await;
    adapters.commit(&writing(&sample, &begun(&run, at(3600)), Fence::NotDone)).await;

    assert!(adapters.item(&sample.key("written")).await.is_some());
}

/// When both an item and the record have changed, the record is named: it tells more.
pub async fn a_changed_record_is_named_beside_a_changed_item(adapters: &Adapters) {
    let sample = Sample::new();
    let run = sample.run();
    let tx = |sample: &Sample| {
        let mut tx = tx_of(run.clone(), Fence::NotDone);
        tx.items = vec![super::sample::save_new(&sample.key("a"), json!({}))];
        tx
    };
    adapters.commit(&tx(&sample)).await;

    adapters.loses(&tx(&sample), true).await;
}

fn writing(sample: &Sample, run: &Run, fence: Fence) -> Transaction {
    let items = vec![put_view(&sample.key("written"), json!({"for": run.key.as_str()}))];
    Transaction { items, ..tx_of(run.clone(), fence) }
}

async fn loses_and_writes_nothing(adapters: &Adapters, sample: &Sample, run: &Run, fence: Fence) {
    let written = adapters.item(&sample.key("written")).await;
    let record = adapters.inbox.find(&run.key, run.started_at).await.unwrap();

    adapters.loses(&writing(sample, run, fence), true).await;

    assert_eq!(adapters.item(&sample.key("written")).await, written);
    assert_eq!(adapters.inbox.find(&run.key, run.started_at).await.unwrap(), record);
}
