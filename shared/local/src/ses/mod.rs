//! SES v2 on this machine: mail is taken as AWS takes it, and kept in a mailbox that anybody can read.
//!
//! [`Ses`] is what is sent to and the list of suppressed addresses, [`Mailbox`] what arrived, `protocol` the wire. Every sender is
//! verified here, and nothing leaves this machine. The addresses of AWS's mailbox simulator do what they do there, but that
//! `bounce@simulator.amazonses.com` is suppressed from then on, as any other address would be that bounces.
//!
//! Mail that is not simple, raw or of a template, is refused. Everything is in memory, and gone with the process.

mod address;
mod error;
mod mail;
mod mailbox;
pub(crate) mod protocol;
mod suppressed;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

use self::address::Address;
pub use self::error::SesError;
use self::mail::Request;
pub use self::mailbox::Mailbox;
use self::mailbox::{Fate, Mail};
use self::suppressed::{Reason, Suppressed};

/// The most recipients of one mail.
// <https://docs.aws.amazon.com/ses/latest/dg/quotas.html>, from memory 2026-11-22.
const MOST_RECIPIENTS: usize = 50;
const BOUNCING: &str = "bounce@simulator.amazonses.com";
const COMPLAINING: &str = "complaint@simulator.amazonses.com";
const SUPPRESSED: &str = "suppressionlist@simulator.amazonses.com";

/// The SES of this machine; clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct Ses {
    mailbox: Mailbox,
    suppressed: Arc<Mutex<Suppressed>>,
}

impl Ses {
    /// One whose mail arrives there.
    pub fn new(mailbox: Mailbox) -> Self {
        Self { mailbox, suppressed: Arc::default() }
    }

    /// Takes a mail and answers its id. To an address that is suppressed it is taken and not delivered.
    fn send(&self, request: Request) -> Result<String, SesError> {
        let now = Timestamp::now();
        let draft = request.checked()?;
        let id = Uuid::now_v7().to_string();
        for to in draft.recipients() {
            let fate = self.fate_of(to, now);
            self.mailbox.put(Mail::of(&draft, to, &id, now, fate));
        }
        Ok(id)
    }

    fn fate_of(&self, to: &Address, now: Timestamp) -> Fate {
        let mut suppressed = self.lock();
        if to.as_str() == SUPPRESSED || suppressed.has(to) {
            return Fate::Suppressed;
        }
        match to.as_str() {
            BOUNCING => {
                suppressed.put(to.clone(), Reason::Bounce, now);
                Fate::Bounced
            }
            COMPLAINING => Fate::ComplainedAbout,
            _ => Fate::Delivered,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Suppressed> {
        // A list has no state that a panic could leave half changed.
        self.suppressed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
