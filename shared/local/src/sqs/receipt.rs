//! Receipt handles: `QUEUE SEQUENCE RECEIVES` in base64, valid for that receipt of the message only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::SqsError;

/// Which message a receiver got, and for the how manieth time it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) sequence: u64,
    pub(crate) receives: u32,
}

impl Receipt {
    pub(crate) fn handle(self, queue: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{queue} {} {}", self.sequence, self.receives))
    }

    /// # Errors
    ///
    /// `ReceiptHandleIsInvalid` unless the handle was made by [`Receipt::handle`] for this queue.
    pub(crate) fn read(handle: &str, queue: &str) -> Result<Self, SqsError> {
        let decoded = URL_SAFE_NO_PAD.decode(handle).ok();
        let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let parsed = text.as_deref().and_then(|text| Self::parse(text, queue));
        parsed.ok_or(SqsError::ReceiptHandleIsInvalid)
    }

    fn parse(text: &str, queue: &str) -> Option<Self> {
        let (sequence, receives) = text.strip_prefix(queue)?.strip_prefix(' ')?.split_once(' ')?;
        Some(Self { sequence: sequence.parse().ok()?, receives: receives.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_read_by_the_queue_that_made_it_and_by_no_other() {
        let receipt = Receipt { sequence: 7, receives: 2 };
        let handle = receipt.handle("jobs");

        let own = Receipt::read(&handle, "jobs");
        let others = ["job", "jobs2", "other"].map(|queue| Receipt::read(&handle, queue));
        let garbage = Receipt::read("garbage", "jobs");

        assert_eq!(own, Ok(receipt));
        assert!(others.iter().all(|read| *read == Err(SqsError::ReceiptHandleIsInvalid)));
        assert_eq!(garbage, Err(SqsError::ReceiptHandleIsInvalid));
    }
}
