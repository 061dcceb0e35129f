//! Requests that say what is asked for, and nothing of who asks.

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::disable_interceptor;
use aws_smithy_runtime_api::client::orchestrator::Metadata;

const CAUSE: &str = "nobody reads it, and it is made, signed and sent with every call";

/// Leaves out what the SDK tells of itself: versions, features in use, an id and a count for each attempt.
///
/// That is a twentieth of what a call costs its function.
// Counted with callgrind on `aws-sdk-dynamodb` 1.136, 2026-11-21.
#[derive(Debug)]
pub(crate) struct PlainRequests;

impl Intercept for PlainRequests {
    fn name(&self) -> &'static str {
        "PlainRequests"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config
            .interceptor_state()
            .store_put(disable_interceptor::<UserAgentInterceptor>(CAUSE))
            .store_put(disable_interceptor::<InvocationIdInterceptor>(CAUSE))
            .store_put(disable_interceptor::<RequestInfoInterceptor>(CAUSE))
            // The difference between the clocks is for the request info alone.
            .store_put(disable_interceptor::<ServiceClockSkewInterceptor>(CAUSE))
            // The SDK's own metrics are kept under it, and nobody has asked for them.
            .unset::<Metadata>();
        Ok(())
    }
}
