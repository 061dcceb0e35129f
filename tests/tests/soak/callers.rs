//! Who orders, and what they know of it afterwards.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tests::{Reply, World, fixture};
use tokio::time::sleep;

use crate::accidents::Accidents;
use crate::book::{Book, Known, is_refusal, may_pass};
use crate::seed::Seed;

/// How often a command is sent under its key before its caller gives up.
const SENDINGS: u32 = 12;
/// A caller gives up after one failure in so many.
const GIVES_UP: u64 = 4;
/// One command in so many is sent twice at once.
const TWINS: u64 = 15;
/// One campaign in so many is unknown to the ad provider.
const DOOMED: u64 = 30;
/// One in so many times a caller moves money, and has no campaign.
const MONEY: u64 = 2;

/// What campaigns go through after they are created; most are only published.
const LIVES: [&[&str]; 6] = [
    &["publish"],
    &["publish"],
    &["publish"],
    &["publish", "pause"],
    &["publish", "pause", "resume"],
    &["publish", "pause", "complete"],
];

/// What a caller ended up with.
pub(crate) enum Answer {
    Acknowledged(Reply),
    Refused,
    GivenUp,
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

    /// One piece of work; `None` once no command is left.
    async fn life(&mut self, ordered: &mut usize) -> Option<()> {
        // A token for each: a long soak outlives one.
        let path = format!("/dev/token?tenant={}", self.tenant);
        let token = self.world.get(&path).await.expect(200).text("/token");
        if self.seed.once_in(MONEY) {
            self.money(&token, ordered).await
        } else {
            self.campaign(&token, ordered).await
        }
    }

    /// One campaign from its creation on.
    async fn campaign(&mut self, token: &str, ordered: &mut usize) -> Option<()> {
        let campaign = fixture("http/create_campaign.json");
        let created = self.command("/campaigns", Some(&campaign), token, ordered).await?;
        let Answer::Acknowledged(created) = created else {
            self.book().perhaps_created += 1;
            return Some(());
        };
        let id = created.text("/id");
        let doomed = self.seed.once_in(DOOMED) && self.accidents.doom(&self.world, &id).await;
        if !doomed {
            self.accidents.ail(&self.world, &id).await;
        }
        let tenant = self.tenant.clone();
        let mut known = Known { tenant, id, steps: Vec::new(), unknown: None, doomed };
        for &step in self.seed.of(&LIVES) {
            let path = format!("/campaigns/{}/{step}", known.id);
            match self.command(&path, None, token, ordered).await {
                Some(Answer::Acknowledged(_)) => known.steps.push(step),
                Some(Answer::Refused | Answer::GivenUp) => known.unknown = Some(step),
                None => break,
            }
            if known.unknown.is_some() {
                break;
            }
        }
        self.book().campaigns.push(known);
        Some(())
    }

    /// One command under one key, until it is decided or given up; `None`: there is none left.
    pub(crate) async fn command(
        &mut self,
        path: &str,
        body: Option<&Value>,
        token: &str,
        ordered: &mut usize,
    ) -> Option<Answer> {
        let one_less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).ok()?;
        *ordered += 1;
        let key = format!("{}-{ordered}", self.name);
        let answer = self.insist(path, body, token, &key).await;
        match &answer {
            Answer::Acknowledged(_) => self.book().acknowledged += 1,
            Answer::Refused => self.book().refused += 1,
            Answer::GivenUp => self.book().given_up += 1,
        }
        self.accidents.follow(&self.world).await;
        Some(answer)
    }

    async fn insist(&mut self, path: &str, body: Option<&Value>, token: &str, key: &str) -> Answer {
        for sending in 1..=SENDINGS {
            let reply = if sending == 1 && self.seed.once_in(TWINS) {
                let send = || self.send(path, body, token, key);
                let (one, other) = tokio::join!(send(), send());
                self.agree(&one, &other, path);
                // Of one that was refused and one that failed, the latter may still have been done.
                if one.status < 300 || (other.status >= 300 && may_pass(&one)) {
                    one
                } else {
                    other
                }
            } else {
                self.send(path, body, token, key).await
            };
            self.book().note(sending, path, &reply);
            if reply.status < 300 {
                return Answer::Acknowledged(reply);
            }
            if is_refusal(&reply) {
                return Answer::Refused;
            }
            if !may_pass(&reply) || self.seed.once_in(GIVES_UP) {
                return Answer::GivenUp;
            }
            sleep(Duration::from_millis(50) * sending).await;
        }
        Answer::GivenUp
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

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
