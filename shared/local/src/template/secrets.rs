//! Secrets of the template.

use super::TemplateError;
use super::resource::Resource;

/// A secret, as it is until somebody puts another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    pub name: String,
    pub text: String,
}

/// Reads a secret. One that AWS would make up is refused: nobody here would know it.
pub(super) fn read(resource: &Resource<'_>) -> Result<Secret, TemplateError> {
    Ok(Secret { name: resource.name("Name")?, text: resource.required("SecretString")? })
}
