//! Going on with what is being replayed: the journal is read page by page, and of each what is meant goes into the outbox.

use futures_util::future::join_all;
use jiff::Timestamp;
use tracing::{Instrument, info, info_span, warn};

use crate::clock::between;
use crate::command::Command;
use crate::id::ReplayId;
use crate::port::{Journal, JournalPart, JournalRecord, Page, StoreError};
use crate::reader::ReadError;
use crate::reason_of;
use crate::replay::advance::AdvanceReplay;
use crate::replay::give_up::GiveUpReplay;
use crate::replay::walk::{Advanced, Place};
use crate::replay::{ReplayWalk, Replays, Running, Selection};
use crate::runtime::ExecuteError;
use crate::stored::StreamId;
use crate::tx::TxError;
use crate::verdict::{Classify, Verdict};
use crate::worker::Worker;

/// What a run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resent {
    /// How many messages were put into the outbox.
    pub sent: usize,
}

/// Why a replay did not go on. The next run begins where it stood.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// What there is to go on with could not be read; the store knows whether that passes.
    #[error("it is not known what there is to replay")]
    Read {
        #[source]
        source: ReadError,
    },
    /// The journal could not be read; the store knows whether that passes.
    #[error("the journal could not be read for replay {id}")]
    Journal {
        id: ReplayId,
        #[source]
        source: StoreError,
    },
    /// The code that is running has no such handler any more. Permanent.
    #[error("replay {id} sends to {handler}, which no queued handler is called any more")]
    HandlerGone { id: ReplayId, handler: String },
    /// What is sent, and how far it has come by that, could not be written.
    #[error("replay {id} could not go on")]
    Advance {
        id: ReplayId,
        #[source]
        source: Box<ExecuteError<TxError>>,
    },
}

impl Classify for ResendError {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Read { source } => source.verdict(),
            Self::Journal { source, .. } => source.verdict(),
            Self::HandlerGone { .. } => Verdict::Permanent,
            Self::Advance { source, .. } => source.verdict(),
        }
    }
}

impl ResendError {
    /// Whether the next run would come to a stop there too. A right that is missing comes back with the next deployment.
    fn ends_replay(&self) -> bool {
        match self {
            Self::Journal { source, .. } => matches!(source, StoreError::Corrupt { .. }),
            Self::HandlerGone { .. } => true,
            Self::Advance { source, .. } => {
                matches!(&**source, ExecuteError::Command { source, .. }
                    if !matches!(source, TxError::Read { .. })
                        && source.verdict() == Verdict::Permanent)
            }
            Self::Read { .. } => false,
        }
    }
}

impl Replays {
    /// Goes on with every replay that is running, from where it stands, until each has put into the outbox what may be sent in
    /// the next minute, or a second before the `deadline`.
    ///
    /// Of two that go on with one at the same time one loses the step and stops. Whatever interrupts it, the next goes on
    /// behind the last event that was looked at: each is sent once.
    ///
    /// What would fail again ends its replay: it is told once, and then failed with its reason.
    ///
    /// # Errors
    /// [`ResendError`], of the first that failed: all others have gone on, and so does the next run.
    pub async fn resend(&self, deadline: Option<Timestamp>) -> Result<Resent, ResendError> {
        let stop = deadline.map_or(Timestamp::MAX, |deadline| {
            deadline.saturating_sub(Worker::MARGIN).unwrap_or(Timestamp::MIN)
        });
        let running = self.read::<Running>(&Running::key()).await;
        let running = running.map_err(|source| ResendError::Read { source })?.unwrap_or_default();
        // Side by side: what one waits for keeps no other waiting. There are ten at most.
        let walks = running.replays.iter().map(|replay| {
            self.resend_one(replay.id, stop)
                .instrument(info_span!("replay", replay_id = %replay.id))
        });
        let mut all = Resent::default();
        let mut failed = None;
        for resent in join_all(walks).await {
            match resent {
                Ok(sent) => all.sent += sent,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(all), Err)
    }

    async fn resend_one(&self, id: ReplayId, stop: Timestamp) -> Result<usize, ResendError> {
        let found = self.walk_of(id).await.map_err(|source| ResendError::Read { source })?;
        let Some(mut walk) = found.filter(ReplayWalk::is_running) else { return Ok(0) };
        let resent = self.walk_on(&mut walk, stop).await;
        if let Err(error) = &resent
            && error.ends_replay()
        {
            let reason = &*reason_of(error);
            warn!(reason, metric.failed = 1, "a replay is given up");
            let command = GiveUpReplay { id, at: &walk.at, reason };
            self.step(&command, &walk).await?;
        }
        resent
    }

    /// Walks page by page, and answers how many messages it has staged.
    async fn walk_on(&self, walk: &mut ReplayWalk, stop: Timestamp) -> Result<usize, ResendError> {
        let (id, handler) = (walk.id(), walk.status.handler.clone());
        if !self.runtime.reactions().queues().contains(&&*handler) {
            return Err(ResendError::HandlerGone { id, handler });
        }
        let mut sent = 0;
        let now = || self.runtime.now();
        // What waits reads nothing: its next step would find no room.
        while !walk.waits(now()) && !between(now(), stop).is_zero() {
            let journal = &*self.runtime.ports().journal;
            let page = page(journal, &walk.status.selection, &walk.at).await;
            let page = page.map_err(|source| ResendError::Journal { id, source })?;
            let command = AdvanceReplay { id, at: &walk.at, page: &page };
            let stepped = self.step(&command, walk).await?;
            sent += stepped.sent;
            match stepped.advanced {
                Advanced::GoesOn { at } => walk.at = at,
                Advanced::Waits | Advanced::Ended | Advanced::Overtaken => break,
            }
        }
        info!(handler, sent, "replayed");
        Ok(sent)
    }

    /// A command about a replay, in the chain of the request for it.
    async fn step<C: Command<Error = TxError>>(
        &self,
        command: &C,
        walk: &ReplayWalk,
    ) -> Result<C::Output, ResendError> {
        let origin = walk.asked_by.origin(self.runtime.ports().ids.fresh().into());
        let executed = self.runtime.execute(command, &origin).await;
        let executed = executed
            .map_err(|source| ResendError::Advance { id: walk.id(), source: Box::new(source) })?;
        Ok(executed.output)
    }
}

/// The events at a place: of the one stream that is meant, or else of all.
pub(super) async fn page(
    journal: &dyn Journal,
    selection: &Selection,
    at: &Place,
) -> Result<Page<JournalRecord>, StoreError> {
    let Some((tenant, stream)) = selection.tenant_id.as_ref().zip(selection.stream.as_ref()) else {
        return journal.all(JournalPart::WHOLE, at.page.as_deref()).await;
    };
    let stream = StreamId::from_stored(stream.clone());
    let after = at.behind.as_ref().map_or(0, |(_, version)| *version);
    journal.stream(tenant, &stream, after).await
}
