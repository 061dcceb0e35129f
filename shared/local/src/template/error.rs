//! Why the template cannot be run here.

use std::io;
use std::path::PathBuf;

/// Why a template could not be read, or a property in it has no value here.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file is missing or not readable.
    #[error("cannot read the template {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is not YAML, or not a template.
    #[error("{} is not a CloudFormation template: {reason}", path.display())]
    Invalid { path: PathBuf, reason: String },
    /// A value was given for a parameter that the template does not declare.
    #[error("the template has no parameter {name}")]
    UnknownParameter { name: String },
    /// The parameter has no default, and no value was given for it.
    #[error("parameter {name} has no value")]
    NoValue { name: String },
    /// An intrinsic function could not be evaluated.
    #[error("{owner}: {property} cannot be resolved: {reason}")]
    Unresolved { owner: String, property: String, reason: String },
    /// A property has a value that does not fit.
    #[error("{owner}: {property} is not valid: {reason}")]
    Property { owner: String, property: String, reason: String },
}
