//! Inbox records as they are kept, read and ended.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use postroom::port::{Answer, DeadLetter, InboxRecord, Run, RunKey, RunStatus, StoreError};
use postroom::{Completion, End, Fate, Fence, RunChange, Transaction, sortable};

use crate::attributes::{Attributes, Reading, number, text};
use crate::change::Change;
use crate::keys::{
    ACTIONS, ACTOR_ID, ATTEMPTS, CHAIN, CORRELATION_ID, EXPIRES_AT, FINGERPRINT, FINISHED_AT,
    FIRST_FAILED_AT, HANDLER, INSTEAD, KEY, LEASE_UNTIL, MESSAGE_ID, OUTPUT, OUTPUT_BYTES,
    OUTPUT_SHA256, OWNER, PRIOR_OWNER, REASON, SKIPPED, STARTED_AT, STATUS, TENANT_ID, TIME, TOKEN,
};

/// What only a record of something done has.
const OF_DONE: [&str; 6] = [ACTIONS, SKIPPED, OUTPUT, OUTPUT_SHA256, OUTPUT_BYTES, FINGERPRINT];

/// A record with what only the table knows of it.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) record: InboxRecord,
    pub(super) owner: Option<String>,
    pub(super) prior_owner: Option<String>,
}

impl Stored {
    pub(super) fn read(attributes: Attributes) -> Result<Self, StoreError> {
        let mut item = Reading::of(attributes, "read the inbox");
        let output = answer(&mut item)?;
        let record = InboxRecord {
            run: run(&mut item)?,
            status: item.nested(STATUS)?,
            attempts: item.optional_number(ATTEMPTS)?.unwrap_or(0),
            first_failed_at: item.optional_parsed(FIRST_FAILED_AT)?,
            finished_at: item.optional_parsed(FINISHED_AT)?,
            lease_until: item.optional_parsed(LEASE_UNTIL)?,
            token: item.optional_parsed(TOKEN)?,
            skipped: item.optional_text(SKIPPED)?,
            output,
            fingerprint: item.optional_text(FINGERPRINT)?,
            actions: item.optional_number(ACTIONS)?,
            reason: item.optional_text(REASON)?,
        };
        let owner = item.optional_text(OWNER)?;
        let prior_owner = item.optional_text(PRIOR_OWNER)?.filter(|owner| !owner.is_empty());
        Ok(Self { record, owner, prior_owner })
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.record.run.expires_at <= now
    }
}

fn answer(item: &mut Reading) -> Result<Option<Answer>, StoreError> {
    if let Some(sha256) = item.optional_text(OUTPUT_SHA256)? {
        let bytes = item.optional_number(OUTPUT_BYTES)?.unwrap_or(0);
        return Ok(Some(Answer::Digest { sha256, bytes }));
    }
    let whole = item.optional_text(OUTPUT)?.map(|json| serde_json::from_str(&json));
    let whole = whole.transpose().map_err(|error| item.corrupt(OUTPUT, &error))?;
    Ok(whole.map(Answer::Whole))
}

fn run(item: &mut Reading) -> Result<Run, StoreError> {
    let expires_at = item.optional_number::<i64>(EXPIRES_AT)?.unwrap_or(0);
    Ok(Run {
        key: RunKey::from_stored(item.text(KEY)?),
        handler: item.text(HANDLER)?,
        message_id: item.parsed(MESSAGE_ID)?,
        tenant_id: item.parsed(TENANT_ID)?,
        actor_id: item.optional_parsed(ACTOR_ID)?,
        correlation_id: item.parsed(CORRELATION_ID)?,
        started_at: item.parsed(STARTED_AT)?,
        expires_at: Timestamp::from_second(expires_at)
            .map_err(|error| item.corrupt(EXPIRES_AT, &error))?,
    })
}

/// What a run is about, but for its key and its actor, who may be absent.
fn attributes(run: &Run) -> [(&'static str, AttributeValue); 8] {
    [
        (HANDLER, text(&run.handler)),
        (MESSAGE_ID, text(run.message_id.to_string())),
        (TENANT_ID, text(run.tenant_id.as_str())),
        (CORRELATION_ID, text(run.correlation_id.as_str())),
        (CHAIN, text(run.correlation_id.key(&run.tenant_id))),
        (STARTED_AT, text(sortable(run.started_at))),
        (TIME, text(run.position())),
        (EXPIRES_AT, expiry(run.expires_at)),
    ]
}

/// A fresh record in a state, without what belongs to the state.
pub(crate) fn item(run: &Run, status: RunStatus) -> Attributes {
    let mut item: Attributes =
        attributes(run).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    item.insert(KEY.to_owned(), text(run.key.as_str()));
    item.insert(STATUS.to_owned(), text(name(status)));
    if let Some(actor) = &run.actor_id {
        item.insert(ACTOR_ID.to_owned(), text(actor.as_str()));
    }
    item
}

/// The part of a change that says what the run is about and which state it is in now.
pub(super) fn enter(change: Change, run: &Run, status: RunStatus) -> Change {
    let actor = run.actor_id.as_ref().map(|actor| text(actor.as_str()));
    attributes(run)
        .into_iter()
        .fold(change, |change, (name, value)| change.set(name, value))
        .set_or_remove(ACTOR_ID, actor)
        .set(STATUS, text(name(status)))
}

/// A change of a run that nobody is at: never begun, or failed before, or its lease has run out. A record that has expired
/// is replaced instead.
pub(super) fn if_idle(at: Timestamp) -> Change {
    Change::if_true(
        "attribute_not_exists(#key) OR (expires_at > :now AND \
         (#status = :waiting OR (#status = :running AND lease_until <= :at)))",
    )
    .name(KEY)
    .name(STATUS)
    .value(":now", seconds(at))
    .value(":at", text(sortable(at)))
    .value(":waiting", text("waiting"))
    .value(":running", text("running"))
}

/// The change that ends a run, as part of its transaction.
pub(crate) fn end(tx: &Transaction) -> Change {
    let Completion { run, fence, finished_at, end, actions } = tx.completion();
    let status = match end {
        End::Done { .. } => RunStatus::Done,
        End::GivenUp(_) => RunStatus::Parked,
    };
    let change = match fence {
        // Whose run it is stands there since its claim.
        Fence::Held(owner) => {
            let change = Change::if_held_by(*owner).set(STATUS, text(name(status)));
            match status {
                RunStatus::Parked => change.set(EXPIRES_AT, expiry(run.expires_at)),
                _ => change,
            }
        }
        Fence::NotDone => enter(if_free(*finished_at), run, status),
        Fence::NotParked => {
            let free = if_free(*finished_at);
            enter(free.or("#status = :done").value(":done", text("done")), run, status)
        }
        Fence::Idle { attempts } => enter(if_seen(*finished_at, *attempts), run, status),
    };
    let change = change
        .set(FINISHED_AT, text(sortable(*finished_at)))
        .set(TOKEN, text(tx.token().to_string()))
        .remove(OWNER)
        .remove(PRIOR_OWNER)
        .remove(LEASE_UNTIL);
    match end {
        End::Done { skipped, output, fingerprint } => done(change, output.as_ref())
            .set(ACTIONS, number(*actions))
            .set_or_remove(SKIPPED, skipped.as_deref().map(text))
            .set_or_remove(FINGERPRINT, fingerprint.as_deref().map(text)),
        End::GivenUp(letter) => given_up(change, letter),
    }
}

/// A change of a run that is not over, and that nobody holds.
fn if_free(at: Timestamp) -> Change {
    Change::if_true("attribute_not_exists(#key) OR #status = :waiting OR expires_at <= :now")
        .name(KEY)
        .name(STATUS)
        .value(":waiting", text("waiting"))
        .value(":now", seconds(at))
}

/// Its attempts stay, and when the first of them failed.
fn done(change: Change, output: Option<&Answer>) -> Change {
    let (mut whole, mut sha256, mut bytes) = (None, None, None);
    match output {
        Some(Answer::Whole(answer)) => whole = Some(text(answer.to_string())),
        Some(Answer::Digest { sha256: digest, bytes: length }) => {
            (sha256, bytes) = (Some(text(digest)), Some(number(*length)));
        }
        None => {}
    }
    change
        .set_or_remove(OUTPUT, whole)
        .set_or_remove(OUTPUT_SHA256, sha256)
        .set_or_remove(OUTPUT_BYTES, bytes)
        .remove(REASON)
}

/// What an expired record knew of having been done goes.
fn given_up(change: Change, letter: &DeadLetter) -> Change {
    let change = change
        .set(ATTEMPTS, number(letter.attempts))
        .set(FIRST_FAILED_AT, text(sortable(letter.first_failed_at)))
        .set(REASON, text(letter.reason()));
    OF_DONE.into_iter().fold(change, Change::remove)
}

/// A change of a run that nobody is at and that has failed so often; where that is never, there may be no record of it.
fn if_seen(at: Timestamp, attempts: u32) -> Change {
    let change = if attempts == 0 {
        if_idle(at)
            .and("(attribute_not_exists(#attempts) OR #attempts = :seen)")
            .or("expires_at <= :now")
    } else {
        if_idle(at).and("#attempts = :seen")
    };
    change.name(ATTEMPTS).value(":seen", number(attempts))
}

/// The change that a decision about a dead letter makes, as part of its transaction.
pub(crate) fn decision(change: &RunChange) -> Change {
    let RunChange { run, seen, fate, at } = change;
    let as_seen = if_as_seen(*seen, *at);
    match fate {
        Fate::Pardoned => begin_anew(as_seen),
        Fate::Kept => as_seen.set(EXPIRES_AT, expiry(run.expires_at)),
        Fate::Parked { reason, instead } => {
            let parked = match seen {
                None => parked_unseen(as_seen, run, *at),
                Some(_) => {
                    as_seen.set(STATUS, text("parked")).set(EXPIRES_AT, expiry(run.expires_at))
                }
            };
            parked
                .set(REASON, text(reason))
                .set_or_remove(INSTEAD, instead.map(|message| text(message.to_string())))
                .remove(OWNER)
                .remove(PRIOR_OWNER)
                .remove(LEASE_UNTIL)
        }
    }
}

/// A change of a run that stands as it was seen, and that nobody is at.
fn if_as_seen(seen: Option<RunStatus>, at: Timestamp) -> Change {
    let Some(status) = seen else {
        return Change::if_true("attribute_not_exists(#key) OR expires_at <= :now")
            .name(KEY)
            .value(":now", seconds(at));
    };
    let as_seen = Change::if_true("expires_at > :now AND #status = :seen")
        .name(STATUS)
        .value(":now", seconds(at))
        .value(":seen", text(name(status)));
    match status {
        RunStatus::Running => as_seen.and("lease_until <= :at").value(":at", text(sortable(at))),
        RunStatus::Waiting | RunStatus::Done | RunStatus::Parked => as_seen,
    }
}

/// What an expired record knew goes.
fn parked_unseen(change: Change, run: &Run, at: Timestamp) -> Change {
    let change = enter(change, run, RunStatus::Parked).set(FINISHED_AT, text(sortable(at)));
    let of_old = [ATTEMPTS, FIRST_FAILED_AT, TOKEN];
    of_old.into_iter().chain(OF_DONE).fold(change, Change::remove)
}

/// The change of a run that waits for its first attempt, as if it had never failed.
pub(super) fn begin_anew(change: Change) -> Change {
    let of_failing = [ATTEMPTS, FIRST_FAILED_AT, REASON, TOKEN, INSTEAD];
    of_failing.into_iter().fold(change.set(STATUS, text("waiting")), Change::remove)
}

/// Whole seconds since 1970: what `expires_at` is compared with.
pub(super) fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_second().to_string())
}

/// Rounded up, so that nothing expires early.
fn expiry(at: Timestamp) -> AttributeValue {
    let part = i64::from(at.subsec_nanosecond() > 0);
    AttributeValue::N((at.as_second() + part).to_string())
}

fn name(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "running",
        RunStatus::Waiting => "waiting",
        RunStatus::Done => "done",
        RunStatus::Parked => "parked",
    }
}
