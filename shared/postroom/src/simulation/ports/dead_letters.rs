//! Dead letters.

use crate::BoxFuture;
use crate::id::{CorrelationId, TenantId};
use crate::port::{DeadLetter, DeadLetters, LetterFile, LetterHead, Page, StoreError};
use crate::simulation::Sabotage;
use crate::simulation::ports::{Simulated, unavailable};
use crate::simulation::world::WRITE;

impl DeadLetters for Simulated {
    fn prepare<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<(), StoreError>> {
        // A memory store has no parts.
        self.memory.prepare(letter)
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            if letter.handler.is_none() && self.is(Sabotage::DropUnread) {
                return Ok(true);
            }
            let late = || -> BoxFuture<'static, ()> {
                let (ports, letter) = (self.clone(), letter.clone());
                Box::pin(async move {
                    ports.world.turn(&[]).await;
                    let _ = ports.memory.park(&letter).await;
                })
            };
            let parked = async {
                self.world.note(|| format!("parked {}", letter.id));
                self.memory.park(letter).await
            };
            self.world.write(WRITE, parked, late).await.map_err(unavailable("park"))?
        })
    }

    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<DeadLetter>, StoreError>> {
        Box::pin(async move {
            let found = self.world.read(DeadLetters::find(&self.memory, id)).await;
            found.map_err(unavailable("find a dead letter"))?
        })
    }
}

impl LetterFile for Simulated {
    fn open<'a>(
        &'a self,
        shard: u8,
        before: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        Box::pin(async move {
            let open = self.world.read(self.memory.open(shard, before)).await;
            open.map_err(unavailable("list dead letters"))?
        })
    }

    fn chain<'a>(
        &'a self,
        tenant: &'a TenantId,
        correlation_id: &'a CorrelationId,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Page<LetterHead>, StoreError>> {
        Box::pin(async move {
            let chain = LetterFile::chain(&self.memory, tenant, correlation_id, after);
            self.world.read(chain).await.map_err(unavailable("chain"))?
        })
    }
}

impl Simulated {
    /// Writes the dead letters that sabotage has kept back until their messages were gone.
    pub(in crate::simulation) async fn write_late_letters(&self, actor: u64) {
        let mut unwritten: Vec<DeadLetter> = Vec::new();
        self.tampering().unwritten.retain(|(of, letter)| {
            if *of == actor {
                unwritten.push(letter.clone());
            }
            *of != actor
        });
        for letter in unwritten {
            self.world.turn(WRITE).await;
            let _ = self.memory.park(&letter).await;
        }
    }
}
