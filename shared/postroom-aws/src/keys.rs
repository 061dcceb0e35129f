//! Every table, key and item, byte for byte. `infra/template.yaml` creates the tables; this is what lies in them.
//!
//! Times are text whose order is the order in time: `2026-11-21T09:30:00.000000Z`. Where parts are joined by `#`, `%`
//! and `#` inside a part are written `%25` and `%23`. `[…]` marks attributes that may be absent.
//!
//! # Journal: every event, once
//!
//! Key `stream`, `version`. Put under the condition that the key is free; never changed, never deleted. Who decided by an
//! aggregate and appends nothing checks that the key behind its last event is free. The index
//! `chain` (`chain`, `time`) lists what one correlation id caused.
//!
//! ```json
//! {"stream":     {"S": "demo#orders/0192…"},
//!  "version":    {"N": "2"},
//!  "envelope":   {"S": "{\"specversion\":\"1.0\",\"id\":\"7b0c…\",\"type\":\"order.placed\",…}"},
//!  "by":         {"S": "place-order"},
//!  "in_request": {"L": [{"M": {"handler": {"S": "history"}, "writes": {"N": "1"}, ["skipped": {"S": "why"}]}}]},
//!  "queued":     {"L": [{"S": "charge-card"}]},
//!  "chain":      {"S": "demo#req-1"},
//!  "time":       {"S": "2026-11-21T09:30:00.000000Z#01#0000000002#7b0c…"}}
//! ```
//! `time` is the event's time, its hops from the command, its version and its id: unique in its chain, and a cause
//! sorts before what it caused.
//!
//! # State: entities and views
//!
//! Key `pk` (tenant, collection and, where there is one, parent), `sk` (the id). An entity is put under the condition
//! that its `version` is the one read, or that there is none; a view is updated whatever was there. Both count
//! `version` up. `head` is the version of the last event on the item's stream; views have none.
//!
//! ```json
//! {"pk":      {"S": "demo#orders"},
//!  "sk":      {"S": "0192…"},
//!  "version": {"N": "2"},
//!  ["head":   {"N": "2"}],
//!  ["live":   {"S": "orders#1"}],           while it is live: its collection, and its tenant's shard (0-7)
//!  "data":    {"M": {"name": {"S": "Spring"}, "price": {"M": {"amount_minor": {"N": "150000"}, …}}, …}}}
//! ```
//! `data` is the thing's JSON in DynamoDB's own types. Integers come back exactly; a float without a fraction comes
//! back as an integer, because DynamoDB knows one kind of number only. A member without a name, and a float beyond
//! 10^125, is refused as malformed.
//!
//! A snapshot of an aggregate is put like a view, and may be deleted at any time. Its `sk` is its stream's name, its `pk`
//! has `~snapshots` for a collection, and the aggregate's for a parent. `event_id` is the last event in it, and `format`
//! the shape of its `state`.
//!
//! ```json
//! {"pk":      {"S": "demo#~snapshots#accounts"},
//!  "sk":      {"S": "accounts/0192…"},
//!  "version": {"N": "3"},
//!  "data":    {"M": {"format": {"N": "1"}, "version": {"N": "150"}, "event_id": {"S": "7b0c…"}, "state": {"M": {…}}}}}
//! ```
//!
//! The index `live` (`live`, `pk`; keys only) holds what has a `live`: all of one tenant is in one shard, the last byte
//! modulo 8 of the UUID version 5, in the kit's name space, of `live` and the tenant. Saved when it is no longer live, or
//! put as a view, an item loses the attribute and leaves the index. A `pk` in the index is a sort key and has at most 1,024
//! bytes.
//!
//! What a projection makes has its build behind the collection, `demo#account-views@1`, so that another can be made beside
//! it; so has how far it has applied each stream, which is an entity too:
//!
//! ```json
//! {"pk":      {"S": "demo#projection-positions@1#account-view"},
//!  "sk":      {"S": "accounts/0192…"},
//!  "version": {"N": "7"},
//!  "head":    {"N": "0"},
//!  "data":    {"M": {"projection": {"S": "account-view"}, "stream": {"S": "accounts/0192…"}, "applied": {"N": "7"}}}}
//! ```
//!
//! Which builds of a projection there are says one item of no tenant's, an entity as well; without it there is the first
//! alone. What its `data` holds is in the kit's `rebuild/builds.rs`.
//!
//! ```json
//! {"pk":      {"S": "#projections"},
//!  "sk":      {"S": "account-view"},
//!  "version": {"N": "3"},
//!  "head":    {"N": "0"},
//!  "data":    {"M": {"live": {"N": "1"}, ["building": {"M": {"generation": {"N": "2"}, "state": {"S": "walking"}, …}}],
//!                   ["remains": {"M": {"since": {"S": "2026-11-22T09:30:00Z"}, …}}]}}}
//! ```
//!
//! # Outbox: messages on their way to their queue, or to the topic
//!
//! Key `shard` (0-7), `due` (time, message id, handler). Put in the transaction, deleted when the queue has the
//! message. What is published has no `handler`, and `*` for it in its key.
//!
//! ```json
//! {"shard":          {"S": "3"},
//!  "due":            {"S": "2026-11-21T09:30:00.000000Z#7b0c…#charge-card"},
//!  "due_at":         {"S": "2026-11-21T09:30:00.000000Z"},
//!  ["handler":       {"S": "charge-card"}],  of what is sent to the topic: none
//!  "message_id":     {"S": "7b0c…"},
//!  "type":           {"S": "order.placed"},
//!  "correlation_id": {"S": "req-1"},
//!  ["group":         {"S": "5f0a…"}],        of a handler that takes them in order: the message group
//!  ["decision":      {"S": "0192…"}],        sent by a person: the command that decided so
//!  "body":           {"S": "{\"specversion\":\"1.0\",…}"}}
//! ```
//!
//! # Inbox: what was done, who is at it, how often it failed
//!
//! Key `key`: `handler#message-id` (where the handler knows messages by a name of its own, the UUID version 5 in the kit's
//! name space of `dedup-key`, tenant and name in the message id's place), `command#command-id`, or
//! `idempotency#tenant#key` where a command's caller brought a key. That a command was refused is noted under
//! `refused#command-id`, as `parked`; no run has that key. The index `chain` as in the journal; `time` is the start, the
//! handler and the message id. `expires_at` (whole seconds since 1970, rounded up) is the table's TTL; readers filter what
//! is past it themselves. That of a run with a dead letter is in the year 9999. The moves between the states are those of [`postroom::port::Inbox`].
//!
//! ```json
//! {"key":            {"S": "charge-card#7b0c…"},
//!  "status":         {"S": "running" | "waiting" | "done" | "parked"},
//!  "handler":        {"S": "charge-card"},
//!  "message_id":     {"S": "7b0c…"},
//!  "tenant_id":      {"S": "demo"},
//!  ["actor_id":      {"S": "ann"}],
//!  "correlation_id": {"S": "req-1"},
//!  "chain":          {"S": "demo#req-1"},
//!  "started_at":     {"S": "2026-11-21T09:30:01.000000Z"},
//!  "time":           {"S": "2026-11-21T09:30:01.000000Z#charge-card#7b0c…"},
//!  "expires_at":     {"N": "1797845401"},
//!  ["attempts":      {"N": "1"}],            failed attempts; absent means none
//!  ["owner":         {"S": "0192…"}],        while running: who holds the lease; `released` by one who had taken it over
//!  ["prior_owner":   {"S": "0192…"}],        while running: whose lease had run out, empty for nobody's
//!  ["lease_until":   {"S": "2026-…Z"}],      while running
//!  ["first_failed_at": {"S": "2026-…Z"}],    when it failed first; stays, whatever follows
//!  ["finished_at":   {"S": "2026-…Z"}],      when it was done or failed last
//!  ["token":         {"S": "0192…"}],        once done or given up: the client token of its transaction
//!  ["skipped":       {"S": "why"}],          once done: why it chose to do nothing
//!  ["output":        {"S": "{\"id\":…}"}],   once done: a command's answer, as JSON
//!  ["output_sha256": {"S": "9f86…"}],        once done, where that has more than 256 KiB: its digest instead,
//!  ["output_bytes":  {"N": "400000"}],       and its length
//!  ["fingerprint":   {"S": "9f86…"}],        once done: what was asked for under an idempotency key
//!  ["actions":       {"N": "6"}],            once done: how many actions its transaction had
//!  ["instead":       {"S": "90d1…"}],        while parked: the message that was sent in the place of its own
//!  ["reason":        {"S": "why"}]}          why the last attempt failed
//! ```
//!
//! The inbox table also holds what all processes know together of the outside services that jobs call: it is what every
//! worker may read and write. These items are in no index and do not expire.
//!
//! A breaker, key `breaker#provider`; absent is closed. Changed under the condition that it stands as it was seen.
//!
//! ```json
//! {"key":            {"S": "breaker#bank"},
//!  "breaker":        {"S": "closed" | "open" | "probing"},
//!  ["openings":      {"N": "3"}],            while not closed: how often in a row it was opened
//!  ["probe_at":      {"S": "2026-…Z"}],      while open: from when on one call may find out whether it is well
//!  ["prober":        {"S": "0192…"}],        while probing: who makes that call
//!  ["probe_until":   {"S": "2026-…Z"}]}      while probing: when the prober is certainly gone
//! ```
//!
//! A rate, key `rate#provider`; absent is: nothing was taken. `taken_until` is the end of the slots that are taken, in
//! microseconds since 1970.
//!
//! ```json
//! {"key": {"S": "rate#bank"}, "taken_until": {"N": "1795253400100000"}}
//! ```
//!
//! # Dead letters: what failed for good
//!
//! Key `id`: `handler#event-id`, or `queue#message-id` where no handler takes the message. The index `chain` lists those
//! whose body told their chain; the index `open` (`open`, `time`) those that nobody has decided about. Both leave out
//! `body`, `parts` and `envelope`. `envelope` is the body's, without its payload.
//!
//! ```json
//! {"id":              {"S": "charge-card#7b0c…"},
//!  "queue":           {"S": "charge-card"},
//!  ["handler":        {"S": "charge-card"}],  whose failure it is, where one takes the message
//!  "body":            {"S": "{\"specversion\":\"1.0\",…}"},
//!  ["parts":          {"N": "4"}],            where the body is cut: into how many parts
//!  ["envelope":       {"S": "{\"specversion\":\"1.0\",…,\"data\":null,…}"}],
//!  "causes":          {"L": [{"S": "the run failed"}, {"S": "order 0192… no longer exists"}]},
//!  "fingerprint":     {"S": "5e1f…"},         the same for every letter that failed in the same way
//!  "class":           {"S": "permanent" | "exhausted"},
//!  "attempts":        {"N": "1"},
//!  "first_failed_at": {"S": "2026-11-21T09:30:02.000000Z"},
//!  "last_failed_at":  {"S": "2026-11-21T09:30:02.000000Z"},
//!  "time":            {"S": "2026-11-21T09:30:02.000000Z#charge-card#7b0c…"},
//!  "code_version":    {"S": "0.1.0"},         the code that failed
//!  "status":          {"S": "open" | "redriven" | "discarded"},
//!  ["open":           {"S": "2"}],            while it is open: the sum of the bytes of `id`, modulo 4
//!  ["redrives":       {"N": "1"}],            how often it was sent once more; parked again it keeps the number
//!  ["edited_as":      {"S": "90d1…"}],        the message that was sent in its place
//!  ["message_id":     {"S": "7b0c…"}],        this and the following once more from the envelope, to be searched
//!  ["type":           {"S": "order.placed"}],
//!  ["tenant_id":      {"S": "demo"}],
//!  ["correlation_id": {"S": "req-1"}],
//!  ["chain":          {"S": "demo#req-1"}]}
//! ```
//! A body over 300 KiB is cut, as an item holds 400 KB and a message may have 1 MiB. Its further parts are put first,
//! each an item of its own with nothing else:
//!
//! ```json
//! {"id":              {"S": "charge-card#7b0c…#body-1"},
//!  "body":            {"S": "…"}}
//! ```

use crate::env::Env;

/// The tables that one transaction writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// Events.
    pub journal: String,
    /// Entities and views.
    pub state: String,
    /// Messages to be sent.
    pub outbox: String,
    /// Records of runs.
    pub inbox: String,
    /// Messages that failed for good, where anybody decides about them.
    pub dead_letters: Option<String>,
}

impl Tables {
    /// Their names in a function's environment: `JOURNAL_TABLE` and so on.
    pub fn of_env(env: &mut Env) -> Self {
        Self {
            journal: env.text("JOURNAL_TABLE"),
            state: env.text("STATE_TABLE"),
            outbox: env.text("OUTBOX_TABLE"),
            inbox: env.text("INBOX_TABLE"),
            dead_letters: env.optional("DEAD_LETTERS_TABLE"),
        }
    }
}

/// The index of every table that has chains.
pub const CHAIN_INDEX: &str = "chain";
/// The index of the state table that schedules read.
pub const LIVE_INDEX: &str = "live";
/// The index of the dead letters that nobody has decided about.
pub const OPEN_INDEX: &str = "open";

// Attribute names, each spelt here and nowhere else but in expressions.
pub(crate) const ACTIONS: &str = "actions";
pub(crate) const ACTOR_ID: &str = "actor_id";
pub(crate) const ATTEMPTS: &str = "attempts";
pub(crate) const BODY: &str = "body";
pub(crate) const BREAKER: &str = "breaker";
pub(crate) const BY: &str = "by";
pub(crate) const CAUSES: &str = "causes";
pub(crate) const CHAIN: &str = "chain";
pub(crate) const CLASS: &str = "class";
pub(crate) const CODE_VERSION: &str = "code_version";
pub(crate) const CORRELATION_ID: &str = "correlation_id";
pub(crate) const DATA: &str = "data";
pub(crate) const DECISION: &str = "decision";
pub(crate) const DUE: &str = "due";
pub(crate) const DUE_AT: &str = "due_at";
pub(crate) const EDITED_AS: &str = "edited_as";
pub(crate) const ENVELOPE: &str = "envelope";
pub(crate) const EXPIRES_AT: &str = "expires_at";
pub(crate) const FINGERPRINT: &str = "fingerprint";
pub(crate) const FINISHED_AT: &str = "finished_at";
pub(crate) const FIRST_FAILED_AT: &str = "first_failed_at";
pub(crate) const GROUP: &str = "group";
pub(crate) const HANDLER: &str = "handler";
pub(crate) const HEAD: &str = "head";
pub(crate) const ID: &str = "id";
pub(crate) const INSTEAD: &str = "instead";
pub(crate) const IN_REQUEST: &str = "in_request";
pub(crate) const KEY: &str = "key";
pub(crate) const LAST_FAILED_AT: &str = "last_failed_at";
pub(crate) const LEASE_UNTIL: &str = "lease_until";
pub(crate) const LIVE: &str = "live";
pub(crate) const MESSAGE_ID: &str = "message_id";
pub(crate) const OPEN: &str = "open";
pub(crate) const OPENINGS: &str = "openings";
pub(crate) const OUTPUT: &str = "output";
pub(crate) const OUTPUT_BYTES: &str = "output_bytes";
pub(crate) const OUTPUT_SHA256: &str = "output_sha256";
pub(crate) const OWNER: &str = "owner";
pub(crate) const PARTS: &str = "parts";
pub(crate) const PK: &str = "pk";
pub(crate) const PRIOR_OWNER: &str = "prior_owner";
pub(crate) const PROBER: &str = "prober";
pub(crate) const PROBE_AT: &str = "probe_at";
pub(crate) const PROBE_UNTIL: &str = "probe_until";
pub(crate) const QUEUE: &str = "queue";
pub(crate) const QUEUED: &str = "queued";
pub(crate) const REASON: &str = "reason";
pub(crate) const REDRIVES: &str = "redrives";
pub(crate) const SHARD: &str = "shard";
pub(crate) const SK: &str = "sk";
pub(crate) const SKIPPED: &str = "skipped";
pub(crate) const STARTED_AT: &str = "started_at";
pub(crate) const STATUS: &str = "status";
pub(crate) const STREAM: &str = "stream";
pub(crate) const TAKEN_UNTIL: &str = "taken_until";
pub(crate) const TENANT_ID: &str = "tenant_id";
pub(crate) const TIME: &str = "time";
pub(crate) const TOKEN: &str = "token";
pub(crate) const TYPE: &str = "type";
pub(crate) const VERSION: &str = "version";
pub(crate) const WRITES: &str = "writes";
