//! One macro a suite: a test for each promise, named as the promise. A promise that is not listed here is not kept.

/// Makes tests of all that a [`Store`](crate::port::Store) promises, over what `$adapters().await` gives.
#[macro_export]
macro_rules! store_contract {
    ($adapters:path) => {
        $crate::promises! { $adapters, store:
            a_missing_item_is_absent,
            an_item_is_read_back_as_it_was_written,
            items_are_listed_in_the_order_of_their_ids,
            a_descending_list_runs_the_other_way,
            pages_neither_skip_nor_repeat,
            a_list_holds_only_its_partition,
            a_list_of_a_prefix_holds_what_begins_so,
            a_prefix_is_taken_byte_for_byte,
            pages_of_a_prefix_neither_skip_nor_repeat,
            many_items_come_in_the_order_of_their_keys,
            a_hundred_items_come_at_once_and_no_more,
            a_key_that_is_there_twice_is_refused,
        }
        $crate::promises! { $adapters, live:
            what_is_live_is_found,
            what_is_not_live_is_not_found,
            what_is_live_no_longer_is_not_found,
            a_lost_race_makes_nothing_live,
            pages_neither_skip_nor_repeat,
            a_page_goes_on_behind_what_is_gone,
        }
        $crate::promises! { $adapters, commit:
            each_write_counts_the_version_up,
            a_new_item_does_not_replace_an_existing_one,
            a_lost_race_writes_nothing,
            a_check_guards_what_was_only_read,
            the_last_view_wins,
            a_guard_notices_that_a_view_was_put,
            an_event_is_appended_once_at_its_version,
            a_stream_that_was_read_must_end_where_it_did,
            a_transaction_sent_twice_commits_once,
            a_token_is_not_taken_for_other_content,
            two_actions_on_one_item_are_refused,
            a_hundred_actions_are_written_as_one,
            of_two_at_the_same_time_one_commits,
        }
        $crate::promises! { $adapters, completion:
            what_was_done_is_remembered,
            an_answer_that_was_too_large_is_remembered_by_its_digest,
            the_longest_key_is_remembered,
            a_done_run_is_not_done_again,
            a_done_run_is_done_again_where_its_effect_is_gone,
            a_failed_run_is_done_and_keeps_its_attempts,
            a_parked_run_is_not_done,
            a_leased_run_is_not_done_without_the_lease,
            the_holder_of_the_lease_completes,
            only_the_holder_of_the_lease_completes,
            an_expired_record_does_not_stand_in_the_way,
            a_changed_record_is_named_beside_a_changed_item,
        }
        $crate::promises! { $adapters, decisions:
            a_decision_is_written_with_its_transaction,
            a_discarded_letter_was_not_redriven,
            a_letter_is_decided_about_once,
            a_letter_that_failed_again_meanwhile_is_not_decided_about,
            a_pardoned_run_begins_anew,
            what_nobody_knows_the_outcome_of_is_not_pardoned,
            only_what_failed_is_pardoned,
            what_nobody_is_at_is_parked_by_a_decision,
            a_run_that_stands_otherwise_than_it_was_seen_is_not_parked,
            who_stands_in_begins_a_parked_run_anew,
            nobody_stands_in_for_what_was_decided_about_again,
            what_is_kept_is_remembered_longer,
        }
        $crate::promises! { $adapters, giving_up:
            a_run_is_parked_with_its_letter,
            what_was_given_up_is_remembered_as_long_as_its_letter,
            only_the_holder_of_a_lease_gives_up,
            what_is_over_is_not_given_up,
            a_run_is_given_up_as_it_was_seen,
            what_was_redriven_meanwhile_is_not_given_up,
            a_record_that_has_expired_stands_in_no_way,
            giving_up_sent_twice_is_done_once,
            a_huge_letter_is_written_whole,
        }
    };
}

/// Makes tests of all that [`BuildRows`](crate::port::BuildRows) promise.
#[macro_export]
macro_rules! build_rows_contract {
    ($adapters:path) => {
        $crate::promises! { $adapters, build_rows:
            every_key_comes_once,
            a_page_goes_on_where_the_one_before_ended_though_that_is_removed,
            what_is_removed_is_gone_and_nothing_else,
        }
    };
}

/// Makes tests of all that a [`Journal`](crate::port::Journal) promises.
#[macro_export]
macro_rules! journal_contract {
    ($adapters:path) => {
        $crate::promises! { $adapters, journal:
            an_event_is_read_back_as_it_was_written,
            a_stream_is_read_in_order_from_any_version,
            a_long_stream_comes_in_pages,
            a_stream_holds_only_its_own_events,
            a_chain_holds_its_events_by_time,
            a_chain_holds_only_its_own_events,
            a_long_chain_comes_in_pages,
            all_parts_together_are_everything_in_the_order_of_each_stream,
            reading_all_goes_on_where_it_stopped,
        }
    };
}

/// Makes tests of all that an [`Inbox`](crate::port::Inbox) promises.
#[macro_export]
macro_rules! inbox_contract {
    ($adapters:path) => {
        $crate::promises! { $adapters, inbox:
            a_run_that_never_was_is_absent,
            failures_are_counted,
            the_first_failure_is_remembered,
            a_failure_for_good_counts,
            a_failure_ends_the_lease,
            a_parked_run_is_remembered_with_its_reason,
            a_done_run_stays_done,
            an_expired_record_counts_as_absent,
            a_chain_holds_its_runs_by_time,
            a_long_chain_comes_in_pages,
        }
        $crate::promises! { $adapters, leases:
            the_first_claim_is_granted,
            a_claim_sent_twice_is_granted_twice,
            while_a_lease_holds_others_wait,
            a_lease_that_ran_out_leaves_an_unknown_outcome,
            a_renewed_lease_holds_longer,
            a_lease_that_is_given_back_is_free_at_once,
            what_was_taken_over_and_given_back_is_as_unknown_as_before,
            only_the_holder_changes_anything,
            a_leased_run_does_not_fail_without_its_lease,
            a_lease_that_ran_out_stands_in_no_failures_way,
        }
    };
}

/// Makes tests of all that an [`Outbox`](crate::port::Outbox) promises.
#[macro_export]
macro_rules! outbox_contract {
    ($adapters:path) => {
        $crate::promises! { $adapters, outbox:
            rows_come_in_the_order_they_are_due,
            rows_wait_until_they_are_due,
            a_shard_holds_only_its_own_rows,
            a_full_shard_comes_in_pages,
            one_message_for_two_handlers_is_two_rows,
            removing_is_repeatable,
            a_row_that_is_taken_back_is_gone_with_the_commit,
        }
    };
}

/// Makes tests of all that [`DeadLetters`](crate::port::DeadLetters) promise.
#[macro_export]
macro_rules! dead_letters_contract {
    ($adapters:path) => {
        $crate::promises! { $adapters, dead_letters:
            a_parked_letter_is_found,
            an_unreadable_message_is_kept_too,
            a_huge_body_is_kept_whole,
            parking_twice_keeps_one,
            a_letter_that_never_was_is_absent,
            a_letter_that_is_parked_again_is_the_later_one_alone,
            what_was_decided_about_is_not_parked_again,
            open_letters_come_the_last_failed_first,
            a_full_shard_comes_in_pages,
            what_was_decided_about_is_not_open,
            a_chain_holds_its_letters_by_time,
        }
    };
}

/// Makes tests of all that [`Breakers`](crate::port::Breakers) and [`Rates`](crate::port::Rates) promise.
#[macro_export]
macro_rules! gate_contract {
    ($adapters:path) => {
        $crate::promises! { $adapters, breakers:
            a_breaker_that_never_was_is_closed,
            a_breaker_is_found_as_it_was_changed,
            only_who_saw_it_as_it_stands_changes_it,
            a_change_sent_twice_is_made_once,
            of_those_who_want_to_probe_one_does,
            each_provider_has_its_own,
        }
        $crate::promises! { $adapters, rates:
            the_slots_of_the_last_half_second_are_there_and_no_older_ones,
            slots_too_far_ahead_are_nobodys,
            no_slot_is_given_out_twice,
            each_provider_has_its_own,
        }
    };
}

/// Makes tests of all that a [`Queue`](crate::port::Queue) promises, over a
/// [`QueueUnderTest`](crate::contract::queue::QueueUnderTest).
#[macro_export]
macro_rules! queue_contract {
    ($subject:path) => {
        $crate::promises! { $subject, queue:
            a_batch_of_ten_arrives,
            what_was_sent_is_counted,
            a_group_arrives_in_order,
            more_than_a_batch_is_refused,
            a_handler_without_a_queue_is_named,
        }
    };
}

/// Makes tests of all that a [`Topic`](crate::port::Topic) promises, over a
/// [`TopicUnderTest`](crate::contract::topic::TopicUnderTest).
#[macro_export]
macro_rules! topic_contract {
    ($subject:path) => {
        $crate::promises! { $subject, topic:
            a_batch_of_ten_arrives_at_every_subscriber,
            a_subscriber_gets_the_types_that_it_wants,
            the_largest_batch_arrives,
            more_than_a_batch_is_refused,
        }
    };
}

/// Makes tests of all that [`Objects`](crate::port::Objects), [`Uploads`](crate::port::Uploads) and
/// [`Downloads`](crate::port::Downloads) promise, over [`ObjectsUnderTest`](crate::contract::objects::ObjectsUnderTest).
#[macro_export]
macro_rules! objects_contract {
    ($subject:path) => {
        $crate::promises! { $subject, objects:
            an_object_is_read_back_as_it_was_put,
            an_object_without_content_is_one,
            reading_begins_anywhere,
            a_range_ends_with_its_object,
            a_range_that_is_too_long_is_refused,
            keys_are_taken_as_they_are,
            what_is_not_there_is_missing,
            what_was_replaced_has_changed,
        }
        $crate::promises! { $subject, payloads:
            a_payload_is_read_back_as_it_was_put,
            of_a_payload_as_much_is_read_as_is_asked_for,
            a_payload_that_is_put_twice_is_there_once,
            a_payload_that_is_not_there_is_missing,
        }
        $crate::promises! { $subject, uploads:
            a_permitted_upload_arrives,
            what_is_not_what_was_permitted_does_not_arrive,
            a_permission_ends,
            what_cannot_be_permitted_is_refused,
        }
        $crate::promises! { $subject, downloads:
            a_permitted_download_is_the_object,
            another_object_is_not_permitted,
            a_download_ends,
            what_cannot_be_downloaded_so_is_refused,
        }
        $crate::promises! { $subject, parts:
            what_is_written_is_read_back,
            nobody_meets_what_is_not_finished,
            what_is_aborted_never_was,
            parts_are_joined_by_their_numbers,
            what_does_not_fit_together_is_refused,
        }
    };
}

/// Makes tests of all that a [`Mailer`](crate::port::Mailer) promises, over a
/// [`MailerUnderTest`](crate::contract::mailer::MailerUnderTest).
#[macro_export]
macro_rules! mailer_contract {
    ($subject:path) => {
        $crate::promises! { $subject, mailer:
            what_is_sent_arrives,
            what_is_sent_twice_arrives_twice,
            what_goes_to_no_address_is_rejected,
            a_header_of_two_lines_is_rejected,
        }
    };
}

/// Makes tests of all that a [`Clock`](crate::Clock) promises, over a `Box<dyn Clock>`.
#[macro_export]
macro_rules! clock_contract {
    ($clock:path) => {
        $crate::promises! { $clock, clock:
            its_times_survive_being_written_down,
            who_sleeps_wakes_no_earlier,
        }
    };
}

/// Makes tests of all that [`Ids`](crate::Ids) promise, over a `Box<dyn Ids>`.
#[macro_export]
macro_rules! ids_contract {
    ($ids:path) => {
        $crate::promises! { $ids, ids:
            no_id_is_given_twice,
            ids_sort_by_when_they_were_made,
            their_lower_half_is_spread_evenly,
        }
    };
}

/// One test a promise, in a module named as its part of the suite.
#[doc(hidden)]
#[macro_export]
macro_rules! promises {
    ($subject:path, $suite:ident: $($promise:ident,)*) => {
        mod $suite {
            use super::*;
            $(
                #[tokio::test]
                async fn $promise() {
                    let subject = $subject().await;
                    $crate::contract::$suite::$promise(subject.as_ref()).await;
                }
            )*
        }
    };
}
