//! The page that `--help` prints.

pub(crate) const HELP: &str = "\
postroom: what went wrong, why, and what to do about it. On AWS and on the local system alike.

    postroom dead-letters list                 open dead letters, the last failed first
    postroom dead-letters groups               the same, counted by how they failed: begin here
    postroom dead-letters show ID              one letter: body, causes, what was decided about it
    postroom dead-letters redrive ID           sends its message once more, as it is
    postroom dead-letters redrive --all        sends the messages of all letters that the filter means
    postroom dead-letters edit ID --body FILE  sends the envelope in FILE (or - for standard input) in its place
    postroom dead-letters discard ID --reason TEXT
    postroom chain CORRELATION_ID              everything that one request caused, as a tree; also while it runs
    postroom why EVENT_ID --chain CORRELATION_ID
                                               the way from the command to one event
    postroom queues                            what waits, what is in flight, what is parked

A redrive keeps the message's id, so what was done already is not done again. The relay takes the message to its
queue within a minute. A letter that came back twice is redriven only with --again. An edited message gets an id of
its own and names the old one as its cause, of which no late copy does anything any more. What a worker is at is left to
it. A letter that no worker's failure wrote is redriven or edited after 30 days only with --again: whether another copy of
its message was done is forgotten by then, and look first, or it may be done twice. Every decision is written down, with who made it, in the same transaction;
a command that is interrupted has decided or has not, and can be repeated.

Which letters:
    --queue NAME  --handler NAME  --type TYPE  --fingerprint ID
    --from TIME  --before TIME                 by their last failure, such as 2026-11-21T09:30:00Z

How many, how fast:
    --limit N                                  letters at most                                       [100]
    --per-minute N                             messages of a redrive of many that are sent a minute  [600]
    --dry-run                                  only say which ones
    --again                                    also those that came back twice, or are too old to tell

Where:
    --stack NAME                               the stack whose tables and queues are meant           [local]
    --endpoint URL                             instead of AWS, such as http://127.0.0.1:4566
    --region REGION                            or AWS_REGION
    --tenant NAME                              whose chain                                           [demo]
    --by NAME                                  who decides, for the audit trail; or USER

    --json                                     print JSON, one document
    --help                                     this page

Credentials come from the environment. `eval \"$(aws configure export-credentials --format env)\"` puts there what the
AWS CLI would use; the local system takes any. On AWS the tables' rights are asked for: reading for what is shown, and
dynamodb:PutItem, UpdateItem on what a decision writes.

Exit codes: 0 done, 1 something failed, 2 wrong usage, 3 there is no such thing, or it was refused. Reasons are on
standard error.
";
