//! The page that `--help` prints. That it shows every verb and every option is a test of `verbs.rs`.

pub(crate) const HELP: &str = "\
postroom: what went wrong, why, and what to do about it. On AWS and on the local system alike.

    postroom dead-letters list                 open dead letters, the last failed first
    postroom dead-letters groups               the same, counted by how they failed: begin here
    postroom dead-letters show ID              one letter: body, causes, what was decided about it
    postroom dead-letters redrive ID           sends its message once more, as it is
    postroom dead-letters redrive --all        sends the messages of all letters that the filter means
    postroom dead-letters edit ID --body FILE  sends the envelope in FILE (or - for standard input) in its place
    postroom dead-letters discard ID --reason TEXT
                                               gives it up: that is final, and no list shows the letter again
    postroom chain CORRELATION_ID              everything that one request caused, as a tree; also while it runs
    postroom why EVENT_ID                      the way from the command to one event of the chain that --chain names;
                                               or to the message of a dead letter, by the letter's id alone
    postroom queues                            what waits, what is in flight, what is parked
    postroom projections list                  read models: which build of each is read, which is being made, how far
    postroom projections rebuild NAME          makes another build from the journal, beside the one that is read;
                                               when it has come to the end it takes its place at once
    postroom projections verify NAME           compares what is read with a fold of the journal, and names what differs
    postroom replay HANDLER                    sends events of the journal once more, to the queue of one handler
    postroom replays list                      replays, the last one first, and how far each has come
    postroom replays show ID                   one of them
    postroom replays cancel ID                 ends it; what it put into the outbox by then is sent
    postroom import FILE                       imports contacts from a CSV file, and shows how far it is
    postroom import --watch ID                 shows how far an import is, until it is over

A redrive keeps the message's id, so what was done already is not done again. The relay takes the message to its
queue within a minute. A letter that came back twice is redriven only with --again. An edited message gets an id of
its own and names the old one as its cause, of which no late copy does anything any more. What a worker is at is left
to it. A letter that no worker's failure wrote is redriven or edited after 30 days only with --again: whether another
copy of its message was done is forgotten by then, so look first, or it may be done twice. Every decision is written
down, with who made it, in the same transaction; a command that is interrupted has decided or has not, and can be
repeated. What is decided can still be shown by its ID.

`queues` tells no ages: SQS tells that of a queue's oldest message to CloudWatch alone, where the dashboard that has the
stack's name shows it and an alarm of each queue waits for it. Where messages are in flight and nothing is done, their
provider may be known to be down: search the workers' logs for `its breaker opens`, which names it, and for `its
provider's gate holds it back`, which says for how long.

`projections verify` writes nothing. It reads all of the journal, and each row that its events make in the build that is
read; rows that have moved on meanwhile are looked at again, and are not wrong. It holds the rows of one stream at a time,
those that several share, and those that are gone: 200,000 at most, and of more it says what differs so far. It folds with
the code of this tool: made of another commit than the read model, it may find differences that are none. It fails where
anything differs, and where rows moved on whenever they were read, though nothing is known to be wrong. A hundred
differences are told one by one, the others counted. `(applied)` tells of a stream whose event has waited for more than a
minute: it is parked, or nobody was ever told. What is there that no event has made is not looked for.

`replay` sends to the queue of HANDLER and to nobody else; to each handler goes one replay at a time. A message keeps its
event's id and is marked, and what was done is not done again. Not sent, and counted: what HANDLER did in the request of the
event, and what happened so long ago that nobody may know any more whether it was done. With --again it is done once more,
whatever was done before, where HANDLER says of the type that it is replayable; of other types it is counted and not sent.
What happens after a replay was asked for is not looked at. --dry-run reads the journal, counts, and writes nothing. A read
model takes no replay: it is rebuilt.

`import` asks the API for an import, uploads FILE a piece at a time, and waits until each of its rows was imported, was there
before, or is rejected with its reason. An import goes on whoever watches it. One that failed or was interrupted can be
repeated with the same file: what is there is not imported again. On AWS the API is the stack's output ApiUrl:
`aws cloudformation describe-stacks --stack-name NAME --query \"Stacks[0].Outputs[?OutputKey=='ApiUrl'].OutputValue\"
--output text`.

Which letters (list, groups, redrive --all); all of it has to be met:
    --queue NAME                               the queue they came from
    --handler NAME                             the handler that failed
    --type TYPE                                the type of the message
    --fingerprint ID                           how they failed, as groups shows it
    --from TIME                                last failed then or later, such as 2026-11-21T09:30:00Z
    --before TIME                              last failed before then

Which events (replay), of those that the handler takes; all of it has to be met:
    --type TYPE                                their type, or their family: 'campaign.*'
    --tenant NAME                              whose they are
    --stream STREAM                            the stream of that tenant, such as campaigns/ID
    --from TIME                                they happened then or later
    --before TIME                              they happened before then

How many, how fast:
    --all                                      redrive: every letter that the filter means, one by one
    --limit N                                  list: as many at most [100]; redrive --all: the same [10000, the most]
    --cursor CURSOR                            list, redrive --all: go on where the one before says it ended
    --per-minute N                             redrive --all, replay: messages that are sent a minute [600]
    --dry-run                                  redrive, edit, discard, replay: say what would come of it, and decide nothing
    --again                                    redrive, edit: also what came back twice, or is too old to tell;
                                               replay: whatever was done before
    --body FILE                                edit: the whole envelope; `show --json` has it in `body`
    --reason TEXT                              discard: why, for whoever asks later

Whose:
    --chain CORRELATION_ID                     why: the chain of the event; every log line and reply of it has the id
    --tenant NAME                              chain, why: whose chain [demo; on AWS it has to be named]

Importing:
    --api URL                                  where the API is [http://127.0.0.1:3000]
    --token TOKEN                              who asks; or POSTROOM_TOKEN, which nobody sees in a list of processes
    --no-wait                                  import: ends as soon as the file is uploaded
    --timeout SECONDS                          stops watching after that long, and fails [3600]; the import goes on
    --watch ID                                 which import, as `import` says it

Where, for every verb but import:
    --stack NAME                               the stack whose tables and queues are meant [local; on AWS to be named]
    --endpoint URL                             instead of AWS, such as http://127.0.0.1:4566; or AWS_ENDPOINT_URL
    --region REGION                            or AWS_REGION
    --by NAME                                  who decides, for the audit trail; or USER

For every verb:
    --json                                     print JSON, one document; of what failed its `error`
    --help                                     this page

Credentials come from the environment. `eval \"$(aws configure export-credentials --format env)\"` puts there what the
AWS CLI would use; the local system takes any. On AWS these rights are needed, on the stack's tables and on their
indexes, which are resources of their own (table/STACK-* and table/STACK-*/index/*): dynamodb:GetItem and Query to see
anything; Scan of STACK-journal to verify, and for the dry run of a replay; PutItem, UpdateItem and ConditionCheckItem to
decide; for `queues` sqs:ListQueues, and sqs:GetQueueAttributes on STACK-*.

An option that a verb does not take stops it before anything is done. Exit codes: 0 done; 1 something failed, differs, or
was interrupted; 2 wrong usage; 3 there is no such thing, or it, or some of it, was refused. What was done before that
is printed first. Reasons are on standard error.
";
