//! What a standard queue does, at times that the test chooses.

use super::*;

pub(super) fn at(seconds: u64) -> Timestamp {
    // Some day in 2026: sequences begin at the creation time and must not be zero.
    Timestamp::constant(1_770_000_000, 0) + Duration::from_secs(seconds)
}

pub(super) fn queue(name: &str, attributes: &[(&str, &str)]) -> Queue {
    let attributes = attributes.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let settings = Settings::new(name, &attributes.collect()).expect("valid attributes");
    Queue::new(name, settings, at(0))
}

pub(super) fn draft(body: &str) -> Draft {
    Draft { body: body.to_owned(), ..Draft::default() }
}

pub(super) fn receive(queue: &mut Queue, most: usize, now: u64) -> Vec<Received> {
    let wanted = Wanted { most, visibility: None, most_receives: None };
    queue.receive(wanted, at(now)).expect("receivable").received
}

pub(super) fn bodies(received: &[Received]) -> Vec<&str> {
    received.iter().map(|message| message.body.as_str()).collect()
}

fn jobs() -> Queue {
    queue("jobs", &[("VisibilityTimeout", "30")])
}

fn send(queue: &mut Queue, body: &str, now: u64) -> Sent {
    queue.send(draft(body), Uuid::from_u128(u128::from(now)), at(now)).expect("sent")
}

fn receive_one(queue: &mut Queue, now: u64) -> Received {
    receive(queue, 1, now).pop().expect("a message")
}

#[test]
fn a_received_message_is_hidden_until_its_visibility_ends() {
    let mut queue = jobs();
    send(&mut queue, "a", 0);
    receive_one(&mut queue, 0);

    let just_before = receive(&mut queue, 1, 29);
    let at_the_end = receive(&mut queue, 1, 30);

    assert!(just_before.is_empty());
    assert_eq!(at_the_end[0].attributes["ApproximateReceiveCount"], "2");
}

#[test]
fn messages_are_handed_out_oldest_first_and_no_more_than_asked_for() {
    let mut queue = jobs();
    for body in ["a", "b", "c"] {
        send(&mut queue, body, 0);
    }

    let (first, second) = (receive(&mut queue, 2, 1), receive(&mut queue, 2, 1));

    assert_eq!((bodies(&first), bodies(&second)), (vec!["a", "b"], vec!["c"]));
}

#[test]
fn a_deleted_message_does_not_come_back() {
    let mut queue = jobs();
    send(&mut queue, "a", 0);
    let handle = receive_one(&mut queue, 0).receipt_handle;

    queue.delete(&handle, at(1)).expect("deleted");
    queue.delete(&handle, at(2)).expect("deleting again is no error");

    assert!(receive(&mut queue, 1, 100).is_empty());
}

#[test]
fn the_latest_receipt_deletes_even_after_the_visibility_has_ended() {
    let mut queue = jobs();
    send(&mut queue, "a", 0);
    let handle = receive_one(&mut queue, 0).receipt_handle;

    queue.delete(&handle, at(31)).expect("deleted");

    assert!(receive(&mut queue, 1, 31).is_empty());
}

#[test]
fn a_receipt_that_was_overtaken_by_another_changes_nothing() {
    let mut queue = jobs();
    send(&mut queue, "a", 0);
    let overtaken = receive_one(&mut queue, 0).receipt_handle;
    receive_one(&mut queue, 30);

    let deleted = queue.delete(&overtaken, at(31));
    let changed = queue.change_visibility(&overtaken, Duration::ZERO, at(31));

    assert_eq!((deleted, changed), (Ok(()), Err(SqsError::MessageNotInflight)));
    assert_eq!(bodies(&receive(&mut queue, 1, 60)), ["a"]);
}

#[test]
fn a_handle_of_another_queue_is_refused() {
    let (mut jobs, mut others) = (jobs(), queue("others", &[]));
    send(&mut others, "a", 0);
    let handle = receive_one(&mut others, 0).receipt_handle;

    let deleted = jobs.delete(&handle, at(0));

    assert_eq!(deleted, Err(SqsError::ReceiptHandleIsInvalid));
}

#[test]
fn visibility_can_be_ended_at_once_or_extended() {
    let mut queue = jobs();
    send(&mut queue, "a", 0);
    send(&mut queue, "b", 0);
    let received = receive(&mut queue, 2, 0);

    let (a, b) = (&received[0].receipt_handle, &received[1].receipt_handle);
    queue.change_visibility(a, Duration::ZERO, at(1)).expect("ended");
    queue.change_visibility(b, Duration::from_mins(1), at(1)).expect("extended");

    assert_eq!(bodies(&receive(&mut queue, 10, 1)), ["a"]);
    assert_eq!(bodies(&receive(&mut queue, 10, 60)), ["a"]);
    assert_eq!(bodies(&receive(&mut queue, 10, 61)), ["b"]);
}

#[test]
fn a_message_stays_in_flight_for_twelve_hours_at_most() {
    let mut queue = jobs();
    send(&mut queue, "a", 0);
    let handle = receive_one(&mut queue, 0).receipt_handle;

    let last = queue.change_visibility(&handle, LONGEST_VISIBILITY, at(0));
    let over = queue.change_visibility(&handle, LONGEST_VISIBILITY, at(1));

    assert_eq!(last, Ok(()));
    assert!(matches!(over, Err(SqsError::InvalidParameterValue { .. })));
}

#[test]
fn visibility_of_a_message_that_is_not_in_flight_cannot_be_changed() {
    let mut queue = jobs();
    send(&mut queue, "a", 0);
    let handle = receive_one(&mut queue, 0).receipt_handle;

    let visible_again = queue.change_visibility(&handle, Duration::ZERO, at(30));
    queue.delete(&handle, at(31)).expect("deleted");
    let gone = queue.change_visibility(&handle, Duration::ZERO, at(32));

    assert_eq!(visible_again, Err(SqsError::MessageNotInflight));
    assert_eq!(gone, Err(SqsError::MessageNotInflight));
}

#[test]
fn a_delayed_message_comes_when_its_delay_ends() {
    let mut queue = queue("jobs", &[("DelaySeconds", "5")]);
    let own = Draft { delay: Some(Duration::from_secs(9)), ..draft("own") };
    queue.send(own, Uuid::nil(), at(0)).expect("sent");
    send(&mut queue, "default", 0);

    let due = queue.next_change();
    let received = [4, 5, 8, 9].map(|now| receive(&mut queue, 10, now));

    assert_eq!(due, Some(at(5)));
    assert_eq!(
        received.each_ref().map(|all| bodies(all)),
        [vec![], vec!["default"], vec![], vec!["own"]]
    );
}

#[test]
fn a_delay_is_fifteen_minutes_at_most() {
    let mut queue = jobs();
    let delayed = |delay| Draft { delay: Some(delay), ..draft("a") };

    let longest = queue.send(delayed(LONGEST_DELAY), Uuid::nil(), at(0));
    let over = queue.send(delayed(LONGEST_DELAY + Duration::from_secs(1)), Uuid::nil(), at(0));

    assert!(longest.is_ok());
    assert!(matches!(over, Err(SqsError::InvalidParameterValue { .. })));
}

#[test]
fn a_message_is_forgotten_when_its_retention_ends_wherever_it_stands() {
    let mut queue = queue("jobs", &[("MessageRetentionPeriod", "60")]);
    send(&mut queue, "in flight", 0);
    receive_one(&mut queue, 0);
    send(&mut queue, "ready", 1);

    let just_before = queue.attributes(at(59));
    let after = queue.attributes(at(61));

    assert_eq!(just_before["ApproximateNumberOfMessages"], "2");
    assert_eq!(after["ApproximateNumberOfMessages"], "0");
}

#[test]
fn the_counts_say_what_is_visible_in_flight_and_delayed() {
    let mut queue = jobs();
    for body in ["a", "b", "c"] {
        send(&mut queue, body, 0);
    }
    let delayed = Draft { delay: Some(Duration::from_mins(1)), ..draft("d") };
    queue.send(delayed, Uuid::nil(), at(0)).expect("sent");
    receive_one(&mut queue, 1);

    let shown = queue.attributes(at(1));

    let count = |of: &str| shown[&format!("ApproximateNumberOfMessages{of}")].clone();
    assert_eq!(["", "NotVisible", "Delayed"].map(count), ["2", "1", "1"]);
}

#[test]
fn a_message_received_too_often_leaves_the_queue_at_its_next_turn() {
    let mut queue = jobs();
    send(&mut queue, "poison", 0);
    send(&mut queue, "healthy", 1);
    let wanted = Wanted { most: 1, visibility: Some(Duration::ZERO), most_receives: Some(2) };

    let handovers = [(); 3].map(|()| queue.receive(wanted, at(2)).expect("receivable"));

    assert_eq!(
        handovers.each_ref().map(|handover| bodies(&handover.received)),
        [["poison"], ["poison"], ["healthy"]]
    );
    assert_eq!(handovers[2].dead[0].body, "poison");
}

#[test]
fn a_standard_queue_keeps_a_group_id_and_refuses_a_deduplication_id() {
    let mut queue = jobs();
    let grouped = Draft { group: Some("tenant".to_owned()), ..draft("a") };
    let deduplicated = Draft { deduplication_id: Some("d".to_owned()), ..draft("b") };

    let sent = queue.send(grouped, Uuid::nil(), at(0)).expect("sent");
    let refused = queue.send(deduplicated, Uuid::nil(), at(0));

    assert_eq!(sent.sequence_number, None);
    assert_eq!(receive_one(&mut queue, 0).attributes["MessageGroupId"], "tenant");
    assert!(matches!(refused, Err(SqsError::InvalidParameterValue { .. })));
}

fn send_of(queue: &mut Queue, group: Option<&str>, body: &str) {
    let draft = Draft { group: group.map(str::to_owned), ..draft(body) };
    queue.send(draft, Uuid::nil(), at(0)).expect("sent");
}

#[test]
fn of_a_standard_queue_the_group_with_the_fewest_in_flight_is_next_and_its_oldest_message() {
    let mut queue = jobs();
    for body in ["a1", "a2", "a3"] {
        send_of(&mut queue, Some("a"), body);
    }
    for body in ["b1", "b2"] {
        send_of(&mut queue, Some("b"), body);
    }
    // Each of these is alone.
    send_of(&mut queue, None, "c");
    send_of(&mut queue, None, "d");

    let first = receive(&mut queue, 4, 0);
    let rest = receive(&mut queue, 10, 0);

    assert_eq!(bodies(&first), ["a1", "b1", "c", "d"]);
    assert_eq!(bodies(&rest), ["a2", "b2", "a3"]);
}

#[test]
fn what_is_in_flight_no_longer_holds_up_nobody() {
    let mut queue = jobs();
    for body in ["a1", "a2"] {
        send_of(&mut queue, Some("a"), body);
    }
    send_of(&mut queue, Some("b"), "b1");
    let first = receive_one(&mut queue, 0);
    queue.delete(&first.receipt_handle, at(0)).expect("deleted");

    let next = receive_one(&mut queue, 0);

    assert_eq!([first.body, next.body], ["a1", "a2"]);
}

#[test]
fn five_hundred_messages_of_one_group_do_not_hold_up_one_of_another() {
    let mut queue = jobs();
    for number in 0..500 {
        send_of(&mut queue, Some("a"), &number.to_string());
    }
    receive(&mut queue, 10, 0);
    send_of(&mut queue, Some("b"), "late");

    let next = receive(&mut queue, 10, 0);

    assert_eq!(next[0].body, "late");
}

#[test]
fn a_message_that_is_not_hidden_has_one_turn_in_a_receive() {
    let mut queue = jobs();
    for body in ["a1", "a2"] {
        send_of(&mut queue, Some("a"), body);
    }
    let unhidden = Wanted { most: 10, visibility: Some(Duration::ZERO), most_receives: None };

    let received = queue.receive(unhidden, at(0)).expect("received").received;

    assert_eq!(bodies(&received), ["a1", "a2"]);
}

#[test]
fn a_group_does_not_lock_a_standard_queue() {
    let mut queue = jobs();
    for body in ["a", "b"] {
        let grouped = Draft { group: Some("tenant".to_owned()), ..draft(body) };
        queue.send(grouped, Uuid::nil(), at(0)).expect("sent");
    }
    receive_one(&mut queue, 0);

    let second = receive_one(&mut queue, 0);

    assert_eq!(second.body, "b");
}

#[test]
fn a_purged_queue_is_empty() {
    let mut queue = jobs();
    send(&mut queue, "ready", 0);
    send(&mut queue, "in flight", 0);
    receive_one(&mut queue, 0);

    queue.purge();

    assert_eq!(queue.next_change(), None);
    assert!(receive(&mut queue, 10, 100).is_empty());
}

#[test]
fn nothing_more_is_handed_out_at_the_limit_of_messages_in_flight() {
    let mut queue = jobs();
    queue.most_in_flight = 2;
    for body in ["a", "b", "c"] {
        send(&mut queue, body, 0);
    }
    receive_one(&mut queue, 0);

    let last = receive(&mut queue, 1, 0);
    let wanted = Wanted { most: 1, visibility: None, most_receives: None };
    let over = queue.receive(wanted, at(0)).map(|_| ());

    assert_eq!((last.len(), over), (1, Err(SqsError::OverLimit { limit: 2, place: "in flight" })));
}
