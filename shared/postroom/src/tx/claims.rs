//! What becomes of a message that is too large to travel.

use jiff::Timestamp;

use crate::claim::ClaimChecks;
use crate::clock::later;
use crate::envelope::RawEnvelope;
use crate::tx::{MAX_MESSAGE_BYTES, Tx, TxError};

impl Tx {
    /// The body with which a message travels, given all of it: that, where it fits. Otherwise its payload is staged, to be put
    /// before this commits, and the body says where it will be.
    ///
    /// # Errors
    /// [`TxError::TooLarge`], also where nothing is put anywhere; [`TxError::DelayedPayload`]. Both are permanent.
    pub(crate) fn travelling(
        &mut self,
        message: &RawEnvelope,
        whole: String,
        due: Timestamp,
    ) -> Result<String, TxError> {
        let (handler, what) = (self.frame.handler, message.r#type.clone());
        let too_large =
            |bytes, limit| Err(TxError::TooLarge { handler, what: what.clone(), bytes, limit });
        if whole.len() <= MAX_MESSAGE_BYTES {
            return Ok(whole);
        }
        let Some(claims) = self.claims.clone().filter(|_| message.claim.is_none()) else {
            return too_large(whole.len(), MAX_MESSAGE_BYTES);
        };
        let data = message.data.to_string();
        let bytes = data.len();
        if bytes > ClaimChecks::MAX_BYTES {
            return too_large(bytes, ClaimChecks::MAX_BYTES);
        }
        if due > later(self.now, ClaimChecks::MAX_DELAY) {
            return Err(TxError::DelayedPayload { handler, r#type: what, bytes });
        }
        let (claim, payload) = claims.check_in(&message.tenant_id, data);
        let body = message.claimed(claim).to_body();
        if body.len() > MAX_MESSAGE_BYTES {
            // It is not the payload that makes it so.
            return too_large(body.len(), MAX_MESSAGE_BYTES);
        }
        self.payload_bytes += bytes;
        if self.payload_bytes > ClaimChecks::MAX_BYTES_AT_ONCE {
            return too_large(self.payload_bytes, ClaimChecks::MAX_BYTES_AT_ONCE);
        }
        self.payloads.push(payload);
        Ok(body)
    }
}
