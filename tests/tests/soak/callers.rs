//! Who orders, and what they know of it afterwards.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tests::{Reply, World, fixture};
use tokio::time::sleep;

use crate::accidents::Accidents;
use crate::seed::Seed;

/// How often a command is sent under its key before its caller gives up.
const SENDINGS: u32 = 12;
/// A caller gives up after one failure in so many.
const GIVES_UP: u64 = 4;
/// One command in so many is sent twice at once.
const TWINS: u64 = 15;
/// One campaign in so many is unknown to the ad provider.
const DOOMED: u64 = 30;

/// What campaigns go through after they are created; most are only published.
const LIVES: [&[&str]; 6] = [
    &["publish"],
    &["publish"],
    &["publish"],
    &["publish", "pause"],
    &["publish", "pause", "resume"],
    &["publish", "pause", "complete"],
];

/// What its caller knows of one campaign.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) tenant: String,
    pub(crate) id: String,
    /// The steps that were acknowledged.
    pub(crate) steps: Vec<&'static str>,
    /// The step that was given up: it was taken, or it was not.
    pub(crate) unknown: Option<&'static str>,
    pub(crate) doomed: bool,
}

/// What all callers know.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) campaigns: Vec<Known>,
    /// Campaigns whose creation was given up.
    pub(crate) perhaps_created: usize,
    pub(crate) acknowledged: usize,
    pub(crate) given_up: usize,
    /// Sendings after the first one of a command.
    pub(crate) repeats: usize,
    /// Acknowledgements that say that the command was done before.
    pub(crate) replayed: usize,
    /// Answers that no law allows.
    pub(crate) violations: Vec<String>,
}

impl Book {
    /// What one sending of a command came to.
    fn note(&mut self, sending: u32, path: &str, reply: &Reply) {
        self.repeats += usize::from(sending > 1);
        if reply.status < 300 {
            self.replayed += usize::from(reply.header("idempotent-replayed") == "true");
        } else if !may_pass(reply) {
            let answer = format!("{path} is answered {}: {}", reply.status, reply.body);
            self.violations.push(answer);
        }
    }
}

/// One caller, with numbers of its own.
pub(crate) struct Caller {
    pub(crate) world: Arc<World>,
    pub(crate) accidents: Arc<Accidents>,
    pub(crate) book: Arc<Mutex<Book>>,
    /// Commands that are left to all callers.
    pub(crate) left: Arc<AtomicUsize>,
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) seed: Seed,
}

impl Caller {
    /// Orders until nothing is left to order.
    pub(crate) async fn run(mut self) {
        let mut ordered = 0;
        while self.life(&mut ordered).await.is_some() {}
    }

    /// One campaign from its creation on; `None` once no command is left.
    async fn life(&mut self, ordered: &mut usize) -> Option<()> {
        // A token for each: a long soak outlives one.
        let path = format!("/dev/token?tenant={}", self.tenant);
        let token = self.world.get(&path).await.expect(200).text("/token");
        let campaign = fixture("http/create_campaign.json");
        let created = self.command("/campaigns", Some(&campaign), &token, ordered).await?;
        let Some(created) = created else {
            self.book().perhaps_created += 1;
            return Some(());
        };
        let id = created.text("/id");
        let doomed = self.seed.once_in(DOOMED) && self.accidents.doom(&self.world, &id).await;
        let tenant = self.tenant.clone();
        let mut known = Known { tenant, id, steps: Vec::new(), unknown: None, doomed };
        for &step in self.seed.of(&LIVES) {
            let path = format!("/campaigns/{}/{step}", known.id);
            match self.command(&path, None, &token, ordered).await {
                Some(Some(_)) => known.steps.push(step),
                Some(None) => known.unknown = Some(step),
                None => break,
            }
            if known.unknown.is_some() {
                break;
            }
        }
        self.book().campaigns.push(known);
        Some(())
    }

    /// One command under one key, until it is acknowledged or given up; `None`: there is none left.
    async fn command(
        &mut self,
        path: &str,
        body: Option<&Value>,
        token: &str,
        ordered: &mut usize,
    ) -> Option<Option<Reply>> {
        let one_less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).ok()?;
        *ordered += 1;
        let key = format!("{}-{ordered}", self.name);
        let acknowledged = self.insist(path, body, token, &key).await;
        match &acknowledged {
            Some(_) => self.book().acknowledged += 1,
            None => self.book().given_up += 1,
        }
        self.accidents.follow(&self.world).await;
        Some(acknowledged)
    }

    async fn insist(
        &mut self,
        path: &str,
        body: Option<&Value>,
        token: &str,
        key: &str,
    ) -> Option<Reply> {
        for sending in 1..=SENDINGS {
            let reply = if sending == 1 && self.seed.once_in(TWINS) {
                let send = || self.send(path, body, token, key);
                let (one, other) = tokio::join!(send(), send());
                self.agree(&one, &other, path);
                if one.status < 300 { one } else { other }
            } else {
                self.send(path, body, token, key).await
            };
            self.book().note(sending, path, &reply);
            if reply.status < 300 {
                return Some(reply);
            }
            if !may_pass(&reply) || self.seed.once_in(GIVES_UP) {
                return None;
            }
            sleep(Duration::from_millis(50) * sending).await;
        }
        None
    }

    /// Two answers to one command that was sent twice: where both acknowledge it, they are the same.
    fn agree(&self, one: &Reply, other: &Reply, path: &str) {
        if one.status < 300 && other.status < 300 && one.body != other.body {
            let answers = format!("{path} was done twice: {} and {}", one.body, other.body);
            self.book().violations.push(answers);
        }
    }

    async fn send(&self, path: &str, body: Option<&Value>, token: &str, key: &str) -> Reply {
        let request = self.world.request(Method::POST, path).bearer_auth(token);
        let request = request.header("idempotency-key", key);
        let request = body.iter().fold(request, reqwest::RequestBuilder::json);
        self.world.send(request).await
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an answer leaves it open what becomes of the command: it failed, or lost a race too often.
fn may_pass(reply: &Reply) -> bool {
    reply.status >= 500 || reply.body["type"] == "/problems/lost-race"
}
