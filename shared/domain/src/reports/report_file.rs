//! Where the file of a report lies, and what it is called.

use postroom::{InvalidObjectName, ObjectKey, TenantId};

use crate::id::ReportId;
use crate::object_path::segment;
use crate::reports::{Report, ReportFormat, ReportKind};

/// All files of reports lie behind it.
pub const PREFIX: &str = "reports/";

/// The file of one report: `reports/TENANT/REPORT.csv` or `.json`, the tenant with `%`, `/` and `.` written `%25`, `%2F` and
/// `%2E`. Each run of a report's work writes the same object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportFile {
    report_id: ReportId,
    kind: ReportKind,
    format: ReportFormat,
}

impl From<&Report> for ReportFile {
    fn from(report: &Report) -> Self {
        let request = &report.request;
        Self { report_id: report.id, kind: request.kind, format: request.format }
    }
}

impl ReportFile {
    /// The file of a report of this kind and format.
    pub fn of(report_id: ReportId, kind: ReportKind, format: ReportFormat) -> Self {
        Self { report_id, kind, format }
    }

    /// Its key.
    ///
    /// # Errors
    /// None that any tenant and report can cause: the longest has 600 bytes.
    pub fn key(&self, tenant_id: &TenantId) -> Result<ObjectKey, InvalidObjectName> {
        let Self { report_id, format, .. } = self;
        format!("{PREFIX}{}/{report_id}.{}", segment(tenant_id), format.ending()).parse()
    }

    /// What it is saved as: `account_statement-0192….csv`.
    pub fn name(&self) -> String {
        format!("{}-{}.{}", self.kind, self.report_id, self.format.ending())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_file_is_its_tenants_whatever_they_are_called() {
        let id = Uuid::from_u128(1).into();
        let file = ReportFile::of(id, ReportKind::ImportSummary, ReportFormat::Json);
        let key = |tenant: &str| file.key(&tenant.parse().unwrap()).unwrap();

        assert_eq!(
            key("acme.example").as_str(),
            "reports/acme%2Eexample/00000000-0000-0000-0000-000000000001.json"
        );
        assert_eq!(file.name(), "import_summary-00000000-0000-0000-0000-000000000001.json");
        assert_ne!(key("a/b"), key("a%2Fb"));
        assert!(key(&"𝄞".repeat(128)).as_str().starts_with(PREFIX));
    }
}
