//! Mail in memory.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::BoxFuture;
use crate::port::{Mail, MailError, Mailer};

/// Takes mail and keeps it. Clones share what was sent.
///
/// ```
/// # use postroom::memory::MemoryMailer;
/// # use postroom::port::{Mail, MailError, Mailer};
/// # async fn example() -> Result<(), MailError> {
/// let mailer = MemoryMailer::default();
/// let (text, html) = ("Hello".to_owned(), "<p>Hello</p>".to_owned());
/// let (to, subject) = ("ann@example.com".to_owned(), "Hello".to_owned());
///
/// mailer.send(&Mail { to, subject, text, html, headers: Vec::new() }).await?;
///
/// assert_eq!(mailer.sent()[0].to, "ann@example.com");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryMailer {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<Mail>,
    answers: VecDeque<MailError>,
}

/// Why the memory takes no mail.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
struct Refused {
    reason: &'static str,
}

impl MemoryMailer {
    /// What was sent, in its order.
    pub fn sent(&self) -> Vec<Mail> {
        self.lock().sent.clone()
    }

    /// Answers a coming call so, after those that were named before. The mail is sent all the same where that is
    /// [unknown](MailError::Unknown).
    pub fn answer(&self, error: MailError) {
        self.lock().answers.push_back(error);
    }

    fn take(&self, mail: &Mail) -> Result<(), MailError> {
        let mut state = self.lock();
        let answer = state.answers.pop_front();
        match answer {
            Some(error @ MailError::Unknown { .. }) => {
                state.sent.push(mail.clone());
                Err(error)
            }
            Some(error) => Err(error),
            None => {
                check(mail)?;
                state.sent.push(mail.clone());
                Ok(())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Neither list is ever half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailer for MemoryMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(ready(self.take(mail)))
    }
}

/// What services refuse, too.
fn check(mail: &Mail) -> Result<(), MailError> {
    let refused = |reason| Err(MailError::Rejected { source: Box::new(Refused { reason }) });
    let is_of_address = |sign: char| sign.is_ascii_graphic() && !"<>,".contains(sign);
    let is_address = mail.to.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !is_address || !mail.to.chars().all(is_of_address) {
        return refused("its recipient is no address");
    }
    let is_line = |value: &str| value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !mail.headers.iter().all(|(_, value)| !value.is_empty() && is_line(value)) {
        return refused("a header of it is not one line of printable ASCII");
    }
    Ok(())
}
