//! The answer leaves before Lambda ends the invocation: what still runs then is given up.

use std::pin::pin;
use std::time::Duration;

use axum::extract::Request;
use futures_util::future::{Either, select};
use jiff::Timestamp;
use lambda_http::RequestExt;
use postroom::{Clock, between};
use postroom_aws::deadline_of;

/// What is left of the invocation when a request is given up: time for the answer to be written and to leave.
const MARGIN: Duration = Duration::from_millis(500);
/// How long a request may run where the invocation names no deadline that can be believed.
const TIME_WITHOUT_DEADLINE: Duration = Duration::from_secs(9);

/// A request was given up, or not begun, for want of time. What it was about to do may or may not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimedOut;

/// How long a request may run, from now on.
pub(super) fn time_left(request: &Request, now: Timestamp) -> Duration {
    let context = request.lambda_context_ref();
    let Some(deadline) = context.and_then(|context| deadline_of(context, now)) else {
        return TIME_WITHOUT_DEADLINE;
    };
    between(now, deadline).saturating_sub(MARGIN)
}

/// What `work` comes to, if it does so in time.
///
/// # Errors
/// It did not, and was dropped where it stood; or there was no time left to begin it.
pub(super) async fn within<T>(
    left: Duration,
    clock: &dyn Clock,
    work: impl Future<Output = T>,
) -> Result<T, TimedOut> {
    if left.is_zero() {
        return Err(TimedOut);
    }
    match select(pin!(work), clock.sleep(left)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(((), _)) => Err(TimedOut),
    }
}
