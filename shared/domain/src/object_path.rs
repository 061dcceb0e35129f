//! Names of tenants in the keys of objects.

use postroom::TenantId;

/// What a tenant's name may contain and a segment of a key may not, or not alone; the sign that replaces them first.
const ESCAPES: [(&str, &str); 3] = [("%", "%25"), ("/", "%2F"), (".", "%2E")];

/// A tenant as one segment of a key, with `%`, `/` and `.` written `%25`, `%2F` and `%2E`: no two tenants have one.
pub(crate) fn segment(tenant_id: &TenantId) -> String {
    let escape = |text: String, (plain, escaped)| text.replace(plain, escaped);
    ESCAPES.into_iter().fold(tenant_id.to_string(), escape)
}

/// The tenant whose segment this is, if it is one's.
pub(crate) fn tenant_of(segment: &str) -> Option<TenantId> {
    let unescape = |text: String, (plain, escaped)| text.replace(escaped, plain);
    ESCAPES.into_iter().rev().fold(segment.to_owned(), unescape).parse().ok()
}
