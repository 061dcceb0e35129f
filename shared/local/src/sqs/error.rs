//! Why SQS refuses a request, and the names AWS gives those refusals on the wire.

/// Why SQS refused a request. Every variant is final for the request as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No queue has that name.
    #[error("the specified queue {queue} does not exist")]
    QueueDoesNotExist { queue: String },
    /// The queue exists and was created with other attributes.
    #[error("a queue already exists with the same name and a different value for {attribute}")]
    QueueNameExists { attribute: String },
    /// The attribute is not one of a queue's.
    #[error("unknown attribute {name}")]
    InvalidAttributeName { name: String },
    /// The attribute exists and does not take that value.
    #[error("invalid value for the parameter {name}, reason: {reason}")]
    InvalidAttributeValue { name: String, reason: String },
    /// A parameter of the request has a value that is not permitted.
    #[error("value for parameter {parameter} is invalid, reason: {reason}")]
    InvalidParameterValue { parameter: &'static str, reason: String },
    /// A parameter is missing that this action or this kind of queue needs.
    #[error("the request must contain the parameter {parameter}")]
    MissingParameter { parameter: &'static str },
    /// The body or an attribute has a character outside the permitted set.
    #[error("the message contains characters outside the allowed set: {character:?}")]
    InvalidMessageContents { character: char },
    /// The receipt handle was not made by this queue.
    #[error("the input receipt handle is invalid")]
    ReceiptHandleIsInvalid,
    /// The message is visible, deleted, or has been received again since.
    #[error("the message referred to is not in flight")]
    MessageNotInflight,
    /// So many messages are `in flight`, or simply `in the queue`, that there may be no more.
    #[error("{limit} messages are {place}, which is the limit")]
    OverLimit { limit: usize, place: &'static str },
    /// Two entries of a batch have the same id.
    #[error("id {id} repeated in the batch")]
    BatchEntryIdsNotDistinct { id: String },
    /// The messages of a batch are larger together than one message may be.
    #[error("batch requests cannot be longer than {limit} bytes, you have sent {bytes} bytes")]
    BatchRequestTooLong { bytes: usize, limit: usize },
    /// A batch without entries.
    #[error("there should be at least one entry in the batch")]
    EmptyBatchRequest,
    /// An entry's id is empty, too long or has other than letters, digits, `-` and `_`.
    #[error("a batch entry id is 1 to 80 letters, digits, hyphens and underscores, not {id:?}")]
    InvalidBatchEntryId { id: String },
    /// More entries than a batch may have.
    #[error("maximum number of entries per request are {limit}, you have sent {entries}")]
    TooManyEntriesInBatchRequest { entries: usize, limit: usize },
    /// The queue is not in a state, or not of a kind, that allows the action.
    #[error("unsupported operation: {reason}")]
    UnsupportedOperation { reason: String },
    /// A resource named by its ARN is not there.
    #[error("the resource {arn} does not exist")]
    ResourceNotFound { arn: String },
    /// The action is none that this server knows.
    #[error("the action {action} is not known")]
    UnknownOperation { action: String },
    /// The request is not the JSON that its action takes.
    #[error("the request cannot be read: {reason}")]
    Malformed { reason: String },
}

/// The names of one refusal on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireNames {
    /// `__type` of the JSON body.
    pub(crate) shape: &'static str,
    /// The code of the older query protocol, which SDKs prefer for its stability; it travels in
    /// the header `x-amzn-query-error`.
    pub(crate) query_code: &'static str,
}

impl SqsError {
    // Shapes: the AWS SDKs' service model of SQS, as in botocore 1.43.11; `QueueAlreadyExists` and codes
    // with a namespace: the source of aws-sdk-sqs 1.119; both read 2026-11-21. From memory of what AWS
    // answers, in neither: `InvalidParameterValueException`, `MissingRequiredParameterException`,
    // `UnknownOperationException`, `SerializationException`, and the codes beside these.
    pub(crate) fn wire_names(&self) -> WireNames {
        let (shape, query_code) = match self {
            Self::QueueDoesNotExist { .. } => {
                ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
            }
            Self::QueueNameExists { .. } => ("QueueNameExists", "QueueAlreadyExists"),
            Self::InvalidAttributeName { .. } => ("InvalidAttributeName", "InvalidAttributeName"),
            Self::InvalidAttributeValue { .. } => {
                ("InvalidAttributeValue", "InvalidAttributeValue")
            }
            Self::InvalidParameterValue { .. } => {
                ("InvalidParameterValueException", "InvalidParameterValue")
            }
            Self::MissingParameter { .. } => {
                ("MissingRequiredParameterException", "MissingParameter")
            }
            Self::InvalidMessageContents { .. } => {
                ("InvalidMessageContents", "InvalidMessageContents")
            }
            Self::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::MessageNotInflight => {
                ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight")
            }
            Self::OverLimit { .. } => ("OverLimit", "OverLimit"),
            Self::BatchEntryIdsNotDistinct { .. } => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            Self::BatchRequestTooLong { .. } => {
                ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            Self::EmptyBatchRequest => {
                ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest")
            }
            Self::InvalidBatchEntryId { .. } => {
                ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            Self::TooManyEntriesInBatchRequest { .. } => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            Self::UnsupportedOperation { .. } => {
                ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation")
            }
            Self::ResourceNotFound { .. } => {
                ("ResourceNotFoundException", "ResourceNotFoundException")
            }
            Self::UnknownOperation { .. } => ("UnknownOperationException", "InvalidAction"),
            Self::Malformed { .. } => ("SerializationException", "MalformedInput"),
        };
        WireNames { shape, query_code }
    }
}
