//! Jars of sweets: an aggregate for the kit's tests, whose events have an older and a newer version than this code writes.

use std::sync::Mutex;

use postroom::doc_example::{Order, ShopError};
use postroom::{
    Aggregate, BoxFuture, Command, DecodeError, Event, Executed, Folded, Message, Origin, StreamId,
    Tx,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shop::Shop;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JarFilled {
    pub(crate) jar: String,
    pub(crate) sweets: u32,
}

/// The second version, which says who took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SweetTaken {
    pub(crate) jar: String,
    pub(crate) by: String,
}

/// As it was written first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OlderSweetTaken {
    pub(crate) jar: String,
}

/// As a newer program writes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NewerSweetTaken {
    pub(crate) jar: String,
}

/// Something that happens to jars, and that a jar does not know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JarAdmired {
    pub(crate) jar: String,
}

impl Message for JarFilled {
    const TYPE: &'static str = "jar.filled";
}

impl Message for SweetTaken {
    const TYPE: &'static str = "sweet.taken";
    const VERSION: u32 = 2;

    fn upcast(from: u32, mut data: Value) -> Result<Value, DecodeError> {
        match from {
            1 => {
                data["by"] = json!("nobody");
                Ok(data)
            }
            _ => Err(DecodeError::NoUpcast { r#type: Self::TYPE, from }),
        }
    }
}

impl Message for OlderSweetTaken {
    const TYPE: &'static str = SweetTaken::TYPE;
}

impl Message for NewerSweetTaken {
    const TYPE: &'static str = SweetTaken::TYPE;
    const VERSION: u32 = 3;
}

impl Message for JarAdmired {
    const TYPE: &'static str = "jar.admired";
}

macro_rules! of_jar {
    ($($Event:ident)*) => {$(
        impl Event for $Event {
            fn stream(&self) -> StreamId {
                Jar::stream(&self.jar)
            }
        }
    )*};
}

of_jar!(JarFilled SweetTaken OlderSweetTaken NewerSweetTaken JarAdmired);

postroom::reactions! {
    /// Nothing follows.
    pub(crate) fn reactions(settings: ());

    JarFilled {}
    SweetTaken {}
    OlderSweetTaken {}
    NewerSweetTaken {}
    JarAdmired {}
}

postroom::events! {
    /// What can happen to a jar.
    pub(crate) enum JarEvent { JarFilled, SweetTaken }
}

postroom::events! {
    /// What can happen to it, as a newer program knows it.
    pub(crate) enum NewerJarEvent { JarFilled, NewerSweetTaken }
}

/// A jar: how many sweets are in it, and who took the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Jar {
    pub(crate) sweets: u32,
    pub(crate) last: Option<String>,
}

impl Aggregate for Jar {
    const STREAM: &'static str = "jars";
    const SNAPSHOT: u32 = 1;
    type Event = JarEvent;

    fn begin(first: &JarEvent) -> Option<Self> {
        match first {
            JarEvent::JarFilled(filled) => Some(Self { sweets: filled.sweets, last: None }),
            JarEvent::SweetTaken(_) => None,
        }
    }

    fn apply(&mut self, next: &JarEvent) {
        match next {
            JarEvent::JarFilled(filled) => self.sweets += filled.sweets,
            JarEvent::SweetTaken(taken) => {
                self.sweets -= 1;
                self.last = Some(taken.by.clone());
            }
        }
    }
}

/// The same jar in a program that keeps snapshots of another shape: it reads none of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Replayed(pub(crate) Jar);

impl Aggregate for Replayed {
    const STREAM: &'static str = Jar::STREAM;
    const SNAPSHOT: u32 = 2;
    type Event = JarEvent;

    fn begin(first: &JarEvent) -> Option<Self> {
        Jar::begin(first).map(Self)
    }

    fn apply(&mut self, next: &JarEvent) {
        self.0.apply(next);
    }
}

/// The same jar in a newer program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewerJar;

impl Aggregate for NewerJar {
    const STREAM: &'static str = Jar::STREAM;
    const SNAPSHOT: u32 = 3;
    type Event = NewerJarEvent;

    fn begin(_: &NewerJarEvent) -> Option<Self> {
        Some(Self)
    }

    fn apply(&mut self, _: &NewerJarEvent) {}
}

/// What a command does, one after the other.
pub(crate) enum Step {
    Fill(&'static str, u32),
    Take(&'static str),
    /// Takes as the program did that came before this one.
    TakeOlder(&'static str),
    /// Takes as the next program will.
    TakeNewer(&'static str),
    /// Takes without having looked.
    TakeBlindly(&'static str),
    Admire(&'static str),
    Look(&'static str),
    /// Looks at all events, whatever snapshots say.
    Replay(&'static str),
    /// Writes something else.
    Order(&'static str),
    /// Waits for what happens elsewhere, once.
    Meanwhile(Mutex<Option<BoxFuture<'static, ()>>>),
}

/// A command of such steps. It answers what jars it saw last, with their versions.
pub(crate) struct Steps(pub(crate) Vec<Step>);

impl Step {
    pub(crate) fn meanwhile(happens: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::Meanwhile(Mutex::new(Some(Box::pin(happens))))
    }

    async fn take(&self, tx: &mut Tx) -> Result<Option<(u64, Jar)>, ShopError> {
        let jar = |name: &str| name.to_owned();
        match *self {
            Self::Fill(name, sweets) => {
                tx.aggregate::<Jar>(name).await?;
                tx.emit(JarFilled { jar: jar(name), sweets })?;
            }
            Self::Take(name) => {
                tx.aggregate::<Jar>(name).await?;
                tx.emit(SweetTaken { jar: jar(name), by: "ann".to_owned() })?;
            }
            Self::TakeOlder(name) => {
                tx.aggregate::<Jar>(name).await?;
                tx.emit(OlderSweetTaken { jar: jar(name) })?;
            }
            Self::TakeNewer(name) => {
                tx.aggregate::<NewerJar>(name).await?;
                tx.emit(NewerSweetTaken { jar: jar(name) })?;
                return Ok(None);
            }
            Self::TakeBlindly(name) => {
                tx.emit(SweetTaken { jar: jar(name), by: "bob".to_owned() })?;
            }
            Self::Admire(name) => {
                tx.aggregate::<Jar>(name).await?;
                tx.emit(JarAdmired { jar: jar(name) })?;
            }
            Self::Look(name) => return Ok(seen(tx.aggregate::<Jar>(name).await?)),
            Self::Replay(name) => {
                let found = tx.aggregate::<Replayed>(name).await?;
                return Ok(found.map(|Folded { version, state }| (version, state.0)));
            }
            Self::Order(id) => {
                tx.put_view(&Order { id: id.to_owned(), paid: false })?;
            }
            Self::Meanwhile(ref happens) => {
                let happens = happens.lock().unwrap().take();
                if let Some(happens) = happens {
                    happens.await;
                }
            }
        }
        Ok(None)
    }
}

fn seen(found: Option<Folded<Jar>>) -> Option<(u64, Jar)> {
    found.map(|Folded { version, state }| (version, state))
}

impl Command for Steps {
    const NAME: &'static str = "steps";
    type Output = Vec<(u64, Jar)>;
    type Error = ShopError;

    async fn handle(&self, tx: &mut Tx) -> Result<Vec<(u64, Jar)>, ShopError> {
        let mut looks = Vec::new();
        for step in &self.0 {
            looks.extend(step.take(tx).await?);
        }
        Ok(looks)
    }
}

pub(crate) fn shop() -> Shop {
    Shop::with(reactions(()))
}

impl Shop {
    /// Runs these steps as one command; answers what they saw.
    pub(crate) async fn steps(
        &self,
        steps: impl IntoIterator<Item = Step>,
    ) -> Result<Vec<(u64, Jar)>, postroom::ExecuteError<ShopError>> {
        let steps = Steps(steps.into_iter().collect());
        let done = self.runtime.execute(&steps, &self.origin()).await;
        done.map(|Executed { output, .. }| output)
    }

    /// The same, to be done while another command waits.
    pub(crate) fn elsewhere(&self, steps: Vec<Step>) -> Step {
        let (runtime, origin): (_, Origin) = (self.runtime.clone(), self.origin());
        Step::meanwhile(async move {
            runtime.execute(&Steps(steps), &origin).await.unwrap();
        })
    }
}
