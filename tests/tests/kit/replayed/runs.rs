//! Whose run a replayed message is.

use std::collections::BTreeSet;
use std::slice::from_ref;

use postroom::chain::Chain;
use postroom::doc_example::{OrderPlaced, ShopError};
use postroom::port::{Inbox, RunStatus};
use postroom::{DedupKey, Disposition, Envelope, Listener, Outcome, Reactions, Tx, Worker};

use crate::lines::said;
use crate::replayed::{key_of, letters_of, marked, paid, replay, shop, status};
use crate::shop::{ScriptedBank, Shop, key, tenant};

const ACKNOWLEDGE: Disposition = Disposition::Acknowledge;

#[tokio::test]
async fn what_was_done_is_not_done_once_more_by_a_replay() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    worker.process(from_ref(&record), None).await;

    let replayed = worker.process(&[marked(&record, 1, false)], None).await;

    assert_eq!(replayed, [ACKNOWLEDGE]);
    assert_eq!(*bank.keys.lock().unwrap(), [key(&record).to_string()]);
    assert_eq!(paid(&shop).await.len(), 1);
}

#[tokio::test]
async fn what_was_never_done_is_done_once_whichever_comes_first() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<false>(&bank);
    let record = shop.placed("1").await;

    for delivery in [&marked(&record, 1, false), &record, &marked(&record, 2, false)] {
        assert_eq!(worker.process(from_ref(delivery), None).await, [ACKNOWLEDGE]);
    }

    assert_eq!(*bank.keys.lock().unwrap(), [key(&record).to_string()]);
    assert_eq!(status(&shop, &key(&record)).await, Some((RunStatus::Done, 0)));
}

#[tokio::test]
async fn again_is_one_run_for_each_replay_under_a_key_of_its_own() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    let (first, second) = (marked(&record, 1, true), marked(&record, 2, true));

    for delivery in [&record, &first, &first, &second, &record, &second] {
        assert_eq!(worker.process(from_ref(delivery), None).await, [ACKNOWLEDGE]);
    }

    let keys = [key(&record), key_of(&record, 1), key_of(&record, 2)];
    assert_eq!(*bank.keys.lock().unwrap(), keys.clone().map(|key| key.to_string()));
    for key in keys {
        assert_eq!(status(&shop, &key).await, Some((RunStatus::Done, 0)), "{key}");
    }
}

#[tokio::test]
async fn a_message_and_its_replays_are_told_apart_within_a_batch() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    let again = marked(&record, 1, true);
    let batch = [record.clone(), again.clone(), marked(&record, 2, false), again];

    let dispositions = worker.process(&batch, None).await;

    assert_eq!(dispositions, [ACKNOWLEDGE; 4]);
    let mut keys = bank.keys.lock().unwrap().clone();
    keys.sort();
    assert_eq!(keys, [key(&record), key_of(&record, 1)].map(|key| key.to_string()));
    let chain = "chain-1".parse().unwrap();
    let runs = Inbox::chain(&shop.memory, &tenant(), &chain, None).await.unwrap().items;
    let places: BTreeSet<String> = runs.iter().map(|found| found.run.position()).collect();
    assert_eq!((runs.len(), places.len()), (3, 3), "{places:?}");
}

#[tokio::test]
async fn a_run_that_fails_for_now_is_tried_again_under_its_own_key() {
    let down = || Err(ShopError::Bank);
    let bank = ScriptedBank::answering([Ok("first".to_owned()), down(), down()]);
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    let again = marked(&record, 1, true);
    for delivery in [&record, &again, &again] {
        worker.process(from_ref(delivery), None).await;
    }
    let failed = status(&shop, &key_of(&record, 1)).await;

    worker.process(from_ref(&again), None).await;

    assert_eq!(failed, Some((RunStatus::Waiting, 2)));
    assert_eq!(status(&shop, &key_of(&record, 1)).await, Some((RunStatus::Done, 2)));
    assert_eq!(bank.keys.lock().unwrap()[1..], vec![key_of(&record, 1).to_string(); 3]);
}

/// Counts nothing and writes nothing; knows all orders by one name.
struct Look;

impl Listener<OrderPlaced> for Look {
    const NAME: &'static str = "look";
    const REPLAYABLE: bool = true;
    type Error = ShopError;

    fn key(event: &Envelope<OrderPlaced>) -> Option<DedupKey> {
        DedupKey::named(&event.tenant_id, "all")
    }

    async fn on(&self, _: &Envelope<OrderPlaced>, _: &mut Tx) -> Result<Outcome, ShopError> {
        Ok(Outcome::DONE)
    }
}

#[tokio::test]
async fn what_a_listener_knows_messages_by_it_knows_them_by_in_a_replay() {
    let mut table = Reactions::default();
    table.row::<OrderPlaced>().queued::<Look, _>();
    let shop = Shop::with(table);
    let worker = Worker::new("look", shop.runtime.clone(), letters_of(&shop)).listener(Look);
    for order in ["1", "2"] {
        shop.place(order).await.unwrap();
    }
    let [first, second] = shop.queue.sent("look").try_into().unwrap();
    let record = |body: &str| postroom::Record {
        message_id: "sqs".to_owned(),
        body: body.to_owned(),
        group: None,
        receives: 1,
        refused: None,
    };
    let (first, second) = (record(&first.body), record(&second.body));

    let lines = said(async {
        for delivery in [&first, &second, &marked(&first, 1, true), &marked(&second, 1, true)] {
            assert_eq!(worker.process(from_ref(delivery), None).await, [ACKNOWLEDGE]);
        }
    });
    let lines = lines.await;

    let ended = lines.iter().filter_map(|line| line["message"].as_str());
    let ended: Vec<_> = ended.filter(|text| text.starts_with("done")).collect();
    assert_eq!(ended, ["done", "done before", "done", "done before"]);
}

#[tokio::test]
async fn the_lines_of_a_replayed_record_name_its_replay() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    let batch = [record.clone(), marked(&record, 1, true)];

    let lines = said(worker.process(&batch, None)).await;

    let done = lines.iter().filter(|line| line["message"] == "done");
    let of: Vec<_> = done.map(|line| line["replay_id"].as_str().map(str::to_owned)).collect();
    assert_eq!(of, [None, Some(replay(1).to_string())]);
}

#[tokio::test]
async fn a_chain_shows_a_replays_own_run_beside_the_first() {
    let bank = ScriptedBank::default();
    let (shop, worker) = shop::<true>(&bank);
    let record = shop.placed("1").await;
    worker.process(from_ref(&record), None).await;
    worker.process(&[marked(&record, 1, true), marked(&record, 2, false)], None).await;

    let chain = Chain::read(shop.sources(), &tenant(), &"chain-1".parse().unwrap()).await.unwrap();

    insta::assert_snapshot!(chain.to_string(), @r"
    place-order                         command     done, 4 writes of 100, 0 µs
    └ order.placed                      event       orders/1 version 1
      ├ charge-card                     queued      attempt 1/5  done  ░░░░████  waited 0 µs, ran 0 µs
      │ └ order.paid                    event       orders/1 version 2
      └ charge-card                     queued      attempt 1/5  done, again by replay 00000001-0000-7000-8000-000000000000  ░░░░████  waited 0 µs, ran 0 µs
        └ order.paid                    event       orders/1 version 3
    ");
    let again = paid(&shop).await.pop().unwrap();
    let path = chain.path_to(again.id);
    assert_eq!(path[2].name, "charge-card");
    assert!(format!("{:?}", path[2].kind).contains(&replay(1).to_string()));
}
