//! Applying an event to a read model: what it changes and how far its stream is applied, in one transaction.

use std::sync::Arc;
use std::time::Duration;

use crate::command::Origin;
use crate::envelope::RawEnvelope;
use crate::memory::MemoryStore;
use crate::port::Run;
use crate::projection::{Build, Position, View};
use crate::reader::ReadError;
use crate::runtime::lease::Holder;
use crate::runtime::queued::{Ran, RunError};
use crate::runtime::settle::Settled;
use crate::runtime::{MAX_RUNS, Ports, Runtime};
use crate::stored::{Stored, StreamId};
use crate::transaction::{Fence, ItemWrite};
use crate::tx::{Tx, TxError};
use crate::verdict::{Blame, Classify, Failure, Verdict};
use crate::worker::WakeUp;

/// Whether an event is still to be applied.
enum Turn {
    Staged,
    AppliedBefore,
}

/// An event before whose turn it is.
#[derive(Debug, thiserror::Error)]
#[error("version {version} of {stream} is to be applied after version {applied}")]
struct OutOfTurn {
    stream: StreamId,
    version: u64,
    applied: u64,
}

impl Runtime {
    /// Applies an event, if it is its turn. Whoever applies it at the same time loses the race, and finds it applied.
    ///
    /// The condition that keeps it from being applied twice is that of the position, which stays for as long as the read
    /// model does; the inbox remembers the run beside it for its attempts, its outcome and its chain. So a build that is
    /// being made may apply what an earlier one of its number had applied, before a restored table forgot that there was
    /// one. Of the build that is read, what is done and behind its position is lost, and for a rebuild to make good.
    pub(crate) async fn project(
        &self,
        build: Build<'_>,
        event: &RawEnvelope,
        run: &Run,
        holder: Holder,
    ) -> Result<Ran, RunError> {
        let had = holder.left(self.now());
        let fence = if build.is_read { Fence::NotDone } else { Fence::NotParked };
        for attempt in 1..=MAX_RUNS {
            let mut tx = self.tx_for(event, run, build.projection.name());
            let staged = self.in_time(&holder, stage(build, event, &mut tx)).await;
            let out_of_time = || RunError::out_of_time(had, Duration::ZERO, Blame::NotAsked);
            if let Turn::AppliedBefore = staged.ok_or_else(out_of_time)?? {
                return Ok(Ran::Duplicate);
            }
            match self.complete(tx, run.clone(), fence, None).await? {
                Settled::Committed => return Ok(Ran::Done),
                Settled::Parked { reason } => return Ok(Ran::Parked { reason }),
                Settled::LeaseLost => return Err(RunError::LeaseLost),
                // Done by somebody else is found by the position, which moved with it.
                Settled::AlreadyDone(_) | Settled::LostRace => self.back_off(attempt).await,
            }
        }
        Err(RunError::Contended { runs: MAX_RUNS })
    }

    /// What an event would change in `rows`, if these were a build: for a fold of the journal, which commits nothing.
    pub(crate) async fn fold(
        &self,
        build: Build<'_>,
        event: &RawEnvelope,
        rows: &MemoryStore,
    ) -> Result<Vec<ItemWrite>, Failure> {
        let ports = Ports { store: Arc::new(rows.clone()), ..self.ports.clone() };
        let (origin, name) = (Origin::of_message(event), build.projection.name());
        let reactions = Arc::clone(&self.reactions);
        let mut tx =
            Tx::begin(&ports, self.claims.clone(), reactions, origin, self.now(), name, event.hops);
        stage(build, event, &mut tx).await?;
        Ok(tx.into_writes())
    }

    /// How far a stream was applied to a build, as of now.
    pub(crate) async fn applied(
        &self,
        build: Build<'_>,
        wake_up: &WakeUp,
    ) -> Result<u64, ReadError> {
        let place = Position::start(build.projection.name(), &wake_up.stream).place();
        let place = place.in_generation(build.generation);
        let found = self.reader(&wake_up.tenant_id).get(&place).await?;
        Ok(found.map_or(0, |found| found.value.applied))
    }
}

async fn stage(build: Build<'_>, event: &RawEnvelope, tx: &mut Tx) -> Result<Turn, Failure> {
    let Build { projection, generation, .. } = build;
    let failed = |source: TxError| Failure {
        handler: projection.name(),
        verdict: source.verdict(),
        refusal: None,
        source: Box::new(source),
    };
    let stream = StreamId::from_stored(event.subject.clone());
    let version = event.stream_version.unwrap_or(0);
    let start = Position::start(projection.name(), &stream);
    let place = start.place().in_generation(generation);
    let mut position = tx.load(&place).await.map_err(failed)?.unwrap_or(start);
    if position.applied >= version {
        return Ok(Turn::AppliedBefore);
    }
    if position.applied + 1 != version {
        let source = OutOfTurn { stream, version, applied: position.applied };
        let (handler, verdict) = (projection.name(), Verdict::RETRY);
        return Err(Failure { handler, verdict, refusal: None, source: Box::new(source) });
    }
    projection.apply(event, &mut View::new(tx, build)).await?;
    position.applied = version;
    tx.save_at(&place, &position).map_err(failed)?;
    Ok(Turn::Staged)
}
