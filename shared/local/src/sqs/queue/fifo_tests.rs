//! What a FIFO queue does besides.

use super::tests::{at, bodies, draft, queue, receive};
use super::*;

fn fifo(attributes: &[(&str, &str)]) -> Queue {
    queue("jobs.fifo", &[&[("FifoQueue", "true")], attributes].concat())
}

fn grouped(group: &str, body: &str) -> Draft {
    let (group, id) = (Some(group.to_owned()), Some(body.to_owned()));
    Draft { group, deduplication_id: id, ..draft(body) }
}

fn with_messages(messages: &[(&str, &str)]) -> Queue {
    let mut queue = fifo(&[]);
    for (group, body) in messages {
        queue.send(grouped(group, body), Uuid::nil(), at(0)).expect("sent");
    }
    queue
}

#[test]
fn a_group_waits_while_one_of_its_messages_is_in_flight_and_others_go_on() {
    let mut queue = with_messages(&[("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")]);
    let first = receive(&mut queue, 1, 0);

    let meanwhile = receive(&mut queue, 10, 0);
    queue.delete(&first[0].receipt_handle, at(1)).expect("deleted");
    let afterwards = receive(&mut queue, 10, 1);

    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bodies(&meanwhile), ["b1", "b2"]);
    assert_eq!(bodies(&afterwards), ["a2"]);
}

#[test]
fn a_group_stays_closed_until_the_last_of_its_messages_is_back() {
    let mut queue = with_messages(&[("a", "a1"), ("a", "a2"), ("a", "a3")]);
    let taken = receive(&mut queue, 2, 0);
    queue.change_visibility(&taken[0].receipt_handle, Duration::ZERO, at(1)).expect("back");

    let one_still_out = receive(&mut queue, 10, 1);
    let all_back = receive(&mut queue, 10, 30);

    assert!(one_still_out.is_empty());
    assert_eq!(bodies(&all_back), ["a1", "a2", "a3"]);
}

#[test]
fn a_delayed_message_holds_up_those_behind_it_but_not_those_before() {
    let mut queue = fifo(&[("DelaySeconds", "10")]);
    queue.send(grouped("a", "a1"), Uuid::nil(), at(0)).expect("sent");
    queue.send(grouped("a", "a2"), Uuid::nil(), at(5)).expect("sent");
    let undelayed = [("DelaySeconds".to_owned(), "0".to_owned())].into();
    queue.settings.apply(&undelayed).expect("valid");
    queue.send(grouped("a", "a3"), Uuid::nil(), at(6)).expect("sent");

    let before = receive(&mut queue, 10, 9);
    let between = receive(&mut queue, 10, 10);
    queue.delete(&between[0].receipt_handle, at(11)).expect("deleted");
    let after = receive(&mut queue, 10, 15);

    assert!(before.is_empty());
    assert_eq!(bodies(&between), ["a1"]);
    assert_eq!(bodies(&after), ["a2", "a3"]);
}

#[test]
fn the_same_deduplication_id_is_taken_once_in_five_minutes_even_after_deletion() {
    let mut queue = with_messages(&[("a", "d")]);
    let (first, later) = (Uuid::nil(), Uuid::max());
    let received = receive(&mut queue, 1, 1);
    queue.delete(&received[0].receipt_handle, at(1)).expect("deleted");

    let repeated = queue.send(grouped("a", "d"), later, at(299)).expect("accepted");
    let nothing = receive(&mut queue, 1, 299);
    let anew = queue.send(grouped("a", "d"), later, at(300)).expect("sent");

    assert_eq!((repeated.message_id, anew.message_id), (first, later));
    assert!(nothing.is_empty());
    assert_eq!(bodies(&receive(&mut queue, 1, 300)), ["d"]);
}

#[test]
fn ids_are_separate_by_group_where_the_queue_says_so() {
    let mut queue = fifo(&[("DeduplicationScope", "messageGroup")]);
    for group in ["a", "b", "a"] {
        queue.send(grouped(group, "d"), Uuid::nil(), at(0)).expect("accepted");
    }

    let received = receive(&mut queue, 10, 0);

    assert_eq!(received.len(), 2);
}

#[test]
fn content_stands_for_the_id_where_the_queue_says_so() {
    let mut by_content = fifo(&[("ContentBasedDeduplication", "true")]);
    let without_id = || Draft { group: Some("a".to_owned()), ..draft("same") };
    for _ in 0..2 {
        by_content.send(without_id(), Uuid::nil(), at(0)).expect("accepted");
    }

    let received = receive(&mut by_content, 10, 0);
    let refused = fifo(&[]).send(without_id(), Uuid::nil(), at(0));

    // printf same | sha256sum
    let digest = "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5";
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].attributes["MessageDeduplicationId"], digest);
    assert!(matches!(refused, Err(SqsError::InvalidParameterValue { .. })));
}

#[test]
fn a_group_is_needed_and_a_delay_of_one_message_is_refused() {
    let mut queue = fifo(&[]);
    let ungrouped = Draft { group: None, ..grouped("a", "a1") };
    let delayed = Draft { delay: Some(Duration::from_secs(1)), ..grouped("a", "a1") };

    let refusals = [ungrouped, delayed].map(|draft| queue.send(draft, Uuid::nil(), at(0)));

    assert_eq!(refusals[0], Err(SqsError::MissingParameter { parameter: "MessageGroupId" }));
    assert!(matches!(
        refusals[1],
        Err(SqsError::InvalidParameterValue { parameter: "DelaySeconds", .. })
    ));
}

#[test]
fn sequence_numbers_have_twenty_digits_and_grow() {
    let mut queue = fifo(&[]);

    let numbers = ["a", "b"].map(|body| {
        let sent = queue.send(grouped("g", body), Uuid::nil(), at(0)).expect("sent");
        sent.sequence_number.expect("FIFO")
    });

    assert!(numbers[0] < numbers[1]);
    assert_eq!(numbers.map(|number| number.len()), [20, 20]);
}

#[test]
fn a_receipt_is_void_once_the_visibility_has_ended() {
    let mut queue = with_messages(&[("a", "a1")]);
    let received = receive(&mut queue, 1, 0);

    let refused = queue.delete(&received[0].receipt_handle, at(30));

    assert!(matches!(refused, Err(SqsError::InvalidParameterValue { .. })));
    assert_eq!(bodies(&receive(&mut queue, 1, 30)), ["a1"]);
}

#[test]
fn a_group_goes_on_when_its_first_message_is_given_up() {
    let mut queue = with_messages(&[("a", "poison"), ("a", "healthy")]);
    receive(&mut queue, 1, 0);
    let wanted = Wanted { most: 10, visibility: None, most_receives: Some(1) };

    let handover = queue.receive(wanted, at(30)).expect("receivable");

    assert_eq!(handover.dead[0].body, "poison");
    assert_eq!(bodies(&handover.received), ["healthy"]);
}
