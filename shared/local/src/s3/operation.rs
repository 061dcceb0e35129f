//! Which operation a request asks for, by its head.

use http::Method;
use http::request::Parts;

/// What can be asked of S3 here.
pub(crate) const OPERATIONS: [&str; 12] = [
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "ListBuckets",
    "ListObjectsV2",
    "PutObject",
    "UploadPart",
];
/// What is asked for and not here.
const OTHER: &str = "Other";

/// The operation, or `None` where the request is not for S3: no other service has its requests in paths and methods.
pub(crate) fn operation_of(parts: &Parts) -> Option<&'static str> {
    let path = parts.uri.path();
    if parts.headers.contains_key("x-amz-target") {
        return None;
    }
    let has_bucket_name =
        parts.headers.get("host").is_some_and(|host| bucket_of(host.as_bytes()).is_some());
    let mut segments = path.splitn(3, '/').skip(1).filter(|segment| !segment.is_empty());
    let (has_bucket, has_key) = if has_bucket_name {
        (true, path.len() > 1)
    } else {
        (segments.next().is_some(), segments.next().is_some())
    };
    let asks = |name: &str| {
        let query = parts.uri.query().unwrap_or_default();
        query.split('&').any(|pair| pair.split('=').next() == Some(name))
    };
    let (of_upload, is_part) = (asks("uploadId"), asks("partNumber"));
    Some(match (&parts.method, has_bucket, has_key) {
        // The query protocols of other services.
        (&Method::POST, false, _) => return None,
        (_, _, true) if parts.headers.contains_key("x-amz-copy-source") => OTHER,
        (&Method::POST, true, true) if asks("uploads") => "CreateMultipartUpload",
        (&Method::PUT, true, true) if of_upload && is_part => "UploadPart",
        (&Method::POST, true, true) if of_upload => "CompleteMultipartUpload",
        (&Method::DELETE, true, true) if of_upload => "AbortMultipartUpload",
        (_, _, true) if of_upload || is_part || asks("uploads") => OTHER,
        (&Method::GET, true, true) => "GetObject",
        (&Method::HEAD, true, true) => "HeadObject",
        (&Method::PUT, true, true) => "PutObject",
        (&Method::DELETE, true, true) => "DeleteObject",
        (&Method::POST, true, false) if asks("delete") => "DeleteObjects",
        (&Method::GET, true, false) if asks("list-type") => "ListObjectsV2",
        (&Method::HEAD, true, false) => "HeadBucket",
        (&Method::GET, false, false) => "ListBuckets",
        _ => OTHER,
    })
}

/// The bucket of `bucket.localhost:4566`, as SDKs have it for an endpoint that is a name.
pub(super) fn bucket_of(host: &[u8]) -> Option<&str> {
    let host = std::str::from_utf8(host).ok()?;
    let name = host.split(':').next().unwrap_or_default();
    name.strip_suffix(".localhost").filter(|bucket| !bucket.is_empty())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn operation(request: &str) -> Option<&'static str> {
        let (method, rest) = request.split_once(' ').unwrap();
        let (uri, host) = rest.split_once(' ').unwrap_or((rest, "127.0.0.1:4566"));
        let request = Request::builder().method(method).uri(uri).header("host", host).body(());
        operation_of(&request.unwrap().into_parts().0)
    }

    #[test]
    fn a_request_is_told_by_its_method_and_what_it_names() {
        let told = [
            ("GET /b/k", "GetObject"),
            ("GET /b/k/l?x-id=GetObject", "GetObject"),
            ("HEAD /b/k", "HeadObject"),
            ("PUT /b/k?X-Amz-Signature=0", "PutObject"),
            ("DELETE /b/k", "DeleteObject"),
            ("POST /b?delete", "DeleteObjects"),
            ("POST /b/?delete=", "DeleteObjects"),
            ("GET /b?list-type=2&prefix=a", "ListObjectsV2"),
            ("GET /?list-type=2 b.localhost:4566", "ListObjectsV2"),
            ("PUT /k b.localhost", "PutObject"),
            ("HEAD /b", "HeadBucket"),
            ("GET /", "ListBuckets"),
            ("GET /b", OTHER),
            ("POST /b/k?uploads", "CreateMultipartUpload"),
            ("PUT /b/k?partNumber=1&uploadId=2", "UploadPart"),
            ("POST /b/k?uploadId=2", "CompleteMultipartUpload"),
            ("DELETE /b/k?uploadId=2", "AbortMultipartUpload"),
            ("GET /b/k?uploadId=2", OTHER),
            ("GET /b/k?partNumber=1", OTHER),
            ("PUT /b/k?partNumber=1", OTHER),
            ("PUT /b", OTHER),
        ];
        for (request, expected) in told {
            assert_eq!(operation(request), Some(expected), "{request}");
        }
        for operation in OPERATIONS {
            assert!(told.iter().any(|(_, told)| *told == operation), "{operation}");
        }
        assert_eq!(operation("POST /"), None);
    }
}
