//! The host: invokes functions by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::environment::Surroundings;
use super::pool::Pool;
use super::registry::Registry;
use super::{HostError, InvokeError, Launch, Log, Processes, runtime_api};
use crate::server::{self, Server};

/// The largest event and the largest answer of a synchronous invocation.
// 6 MB each way: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, read
// 2026-11-21.
pub(crate) const PAYLOAD_BYTES: usize = 6 * 1024 * 1024;
/// Invocations at the same time, running and waiting together.
const INVOCATIONS: usize = 1_000;

/// Invokes functions: what mappings and schedules need of the host.
pub(crate) trait Invoke: fmt::Debug + Send + Sync {
    /// Invokes a function and waits for its answer.
    fn invoke<'a>(
        &'a self,
        function: &'a str,
        payload: Bytes,
    ) -> BoxFuture<'a, Result<Response, InvokeError>>;
}

/// What a function answered.
#[derive(Debug, Clone)]
pub struct Response {
    pub request_id: String,
    pub payload: Bytes,
}

/// A handle to the running Lambda service; clones share it.
#[derive(Debug, Clone)]
pub struct Host {
    shared: Arc<Shared>,
}

impl Invoke for Host {
    fn invoke<'a>(
        &'a self,
        function: &'a str,
        payload: Bytes,
    ) -> BoxFuture<'a, Result<Response, InvokeError>> {
        Box::pin(Self::invoke(self, function, payload))
    }
}

#[derive(Debug)]
struct Shared {
    pools: BTreeMap<String, Arc<Pool>>,
    surroundings: Arc<Surroundings>,
    invocations: Mutex<JoinSet<()>>,
    server: Mutex<Option<Server>>,
}

impl Host {
    /// Serves the Runtime API for these functions; no process is started yet.
    ///
    /// # Errors
    /// [`HostError::Listen`] if the loopback address has no free port.
    pub async fn start(
        functions: Vec<Launch>,
        processes: Processes,
        log: Log,
    ) -> Result<Self, HostError> {
        for launch in &functions {
            processes.announce(&launch.function);
        }
        let registry = Arc::new(Registry::default());
        let listener = server::bind(0).await.map_err(HostError::Listen)?;
        let server = Server::start(listener, runtime_api::router(Arc::clone(&registry)))
            .map_err(HostError::Listen)?;
        let runtime_api = server.url();
        let pools = functions
            .into_iter()
            .map(|launch| (launch.function.clone(), Arc::new(Pool::new(launch))))
            .collect();
        Ok(Self {
            shared: Arc::new(Shared {
                pools,
                surroundings: Arc::new(Surroundings { registry, runtime_api, processes, log }),
                invocations: Mutex::default(),
                server: Mutex::new(Some(server)),
            }),
        })
    }

    /// Starts one process of every function, all at once, and names those that do not start.
    pub async fn warm(&self) -> Vec<InvokeError> {
        let starts = self.shared.pools.values().map(|pool| pool.warm(&self.shared.surroundings));
        join_all(starts).await.into_iter().filter_map(Result::err).collect()
    }

    /// Invokes a function and waits for its answer.
    ///
    /// The invocation goes on to its end even if the caller stops waiting, as on AWS.
    ///
    /// # Errors
    /// Every [`InvokeError`]; no answer means that nothing is known of what the function did,
    /// except for [`InvokeError::Throttled`], [`InvokeError::InitFailed`],
    /// [`InvokeError::PayloadTooLarge`] and [`InvokeError::UnknownFunction`]: then it did nothing.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Result<Response, InvokeError> {
        let function = function.to_owned();
        let Some(pool) = self.shared.pools.get(&function).cloned() else {
            return Err(InvokeError::UnknownFunction { function });
        };
        if payload.len() > PAYLOAD_BYTES {
            return Err(InvokeError::PayloadTooLarge { function, bytes: payload.len() });
        }

        let request_id = Uuid::now_v7().to_string();
        let (sender, answer) = oneshot::channel();
        {
            let mut invocations = self.invocations();
            while invocations.try_join_next().is_some() {}
            if invocations.len() >= INVOCATIONS {
                return Err(InvokeError::Throttled { function });
            }
            let surroundings = Arc::clone(&self.shared.surroundings);
            let request_id = request_id.clone();
            invocations.spawn(async move {
                // The caller may have gone; the answer is then nobody's.
                let _ = sender.send(pool.invoke(&request_id, payload, &surroundings).await);
            });
        }
        let payload = answer.await.unwrap_or(Err(InvokeError::Stopped))?;
        Ok(Response { request_id, payload })
    }

    /// Ends all processes and refuses what comes later; returns when no process is left.
    pub async fn stop(&self) {
        let pools = self.shared.pools.values();
        pools.clone().for_each(|pool| pool.close());
        let mut invocations = std::mem::take(&mut *self.invocations());
        // Dropping an invocation drops its environment, which kills the process.
        invocations.shutdown().await;
        join_all(pools.map(|pool| pool.end_idle())).await;
        let server = self.shared.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            server.stop().await;
        }
    }

    fn invocations(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.shared.invocations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
