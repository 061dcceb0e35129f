//! Where the file of an import is uploaded to, and what that place says to whoever finds something there.

use postroom::{CorrelationId, InvalidObjectName, ObjectKey, ObjectOwner, TenantId};

use crate::id::ContactImportId;
use crate::object_path::{segment, tenant_of};

/// All uploads of imports lie behind it.
pub const PREFIX: &str = "imports/";
const ENDING: &str = ".csv";

/// The file of one import: `imports/TENANT/IMPORT.CORRELATION.csv`, the tenant with `%`, `/` and `.` written `%25`, `%2F`
/// and `%2E`.
///
/// A bucket says of what was put there no more than its key. So the key names whose it is, and the chain in which the import
/// was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// Whose import.
    pub tenant_id: TenantId,
    /// Which.
    pub import_id: ContactImportId,
    /// The chain it was asked for in.
    pub correlation_id: CorrelationId,
}

impl UploadedFile {
    /// Its key.
    ///
    /// # Errors
    /// None that any tenant, import and chain can cause: the longest has 700 bytes.
    pub fn key(&self) -> Result<ObjectKey, InvalidObjectName> {
        let Self { tenant_id, import_id, correlation_id } = self;
        let tenant = segment(tenant_id);
        format!("{PREFIX}{tenant}/{import_id}.{correlation_id}{ENDING}").parse()
    }

    /// What a key says; `None`: it is that of no import.
    pub fn of_key(key: &ObjectKey) -> Option<Self> {
        let (tenant, name) = key.as_str().strip_prefix(PREFIX)?.split_once('/')?;
        let (import_id, correlation_id) = name.strip_suffix(ENDING)?.split_once('.')?;
        Some(Self {
            tenant_id: tenant_of(tenant)?,
            import_id: import_id.parse().ok()?,
            correlation_id: correlation_id.parse().ok()?,
        })
    }

    /// Whose an uploaded object is, for whoever is told of it.
    pub fn owner_of(key: &ObjectKey) -> Option<ObjectOwner> {
        let Self { tenant_id, correlation_id, .. } = Self::of_key(key)?;
        Some(ObjectOwner { tenant_id, correlation_id: Some(correlation_id) })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn of(tenant: &str, correlation: &str) -> UploadedFile {
        UploadedFile {
            tenant_id: tenant.parse().unwrap(),
            import_id: Uuid::from_u128(1).into(),
            correlation_id: correlation.parse().unwrap(),
        }
    }

    #[test]
    fn a_key_says_whose_file_it_is_whatever_they_are_called() {
        let long = "𝄞".repeat(128);
        for tenant in ["demo", "a/b", "..", ".", "%2F", "50%25/.", "Größe & Co", "/", long.as_str()]
        {
            let file = of(tenant, "..-req_1.2");

            let key = file.key().unwrap();

            assert_eq!(UploadedFile::of_key(&key), Some(file));
        }
        assert_eq!(
            of("acme.example", "req-1").key().unwrap().as_str(),
            "imports/acme%2Eexample/00000000-0000-0000-0000-000000000001.req-1.csv"
        );
    }

    #[test]
    fn two_tenants_never_have_one_key() {
        assert_ne!(of("a/b", "x").key(), of("a%2Fb", "x").key());
        assert_ne!(of("a", "x").key(), of("b", "x").key());
    }

    #[test]
    fn other_objects_are_no_imports() {
        for key in [
            "imports/demo.csv",
            "reports/demo/1.csv",
            "imports/demo/1.req-1.csv",
            "imports/a/b/c.csv",
        ] {
            assert_eq!(UploadedFile::of_key(&key.parse().unwrap()), None, "{key}");
        }
    }
}
