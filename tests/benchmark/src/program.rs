//! What is measured: the functions as the template deploys them, and the peers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use local::template::{Function, REGION, Stack, Template};
use tests::{program, root};

/// The functions' programs and their peers, built in the profile that we run in.
#[derive(Debug)]
pub struct Programs {
    stack: Stack,
}

/// A program and the environment that Lambda would give it.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Programs {
    /// Builds everything and reads the template.
    ///
    /// # Errors
    /// The template cannot be used.
    ///
    /// # Panics
    /// The workspace does not compile.
    pub fn build() -> anyhow::Result<Self> {
        let template = Template::load(&root().join("infra/template.yaml"))?;
        // As deployed: endpoints with TLS, which a cold start has to prepare for.
        let stack = template.resolve(&BTreeMap::new(), "https://sqs.us-east-1.amazonaws.com")?;
        Ok(Self { stack })
    }

    /// Every function of the template.
    pub(crate) fn functions(&self) -> Vec<Program> {
        let functions = self.stack.functions.iter();
        functions.map(|function| as_deployed(&function.binary, function)).collect()
    }

    /// A function of the template.
    pub(crate) fn function(&self, name: &str) -> anyhow::Result<Program> {
        Ok(as_deployed(name, self.deployed(name)?))
    }

    /// A program of `tests/peers` in the place of a function.
    pub(crate) fn peer(&self, name: &str, in_place_of: &str) -> anyhow::Result<Program> {
        Ok(as_deployed(name, self.deployed(in_place_of)?))
    }

    fn deployed(&self, name: &str) -> anyhow::Result<&Function> {
        let mut functions = self.stack.functions.iter();
        let found = functions.find(|function| function.name == name);
        found.with_context(|| format!("the template has no function {name}"))
    }
}

impl Program {
    /// The program with other values of some variables.
    pub(crate) fn with<'a>(
        mut self,
        variables: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.environment.extend(variables);
        self
    }
}

fn as_deployed(name: &str, function: &Function) -> Program {
    let mut environment = function.environment.clone();
    let given = [
        ("AWS_ACCESS_KEY_ID", "benchmark".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "benchmark".to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.full_name.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.full_name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "benchmark".to_owned()),
    ];
    environment.extend(given.map(|(variable, value)| (variable.to_owned(), value)));
    environment.extend(
        function.log_format.clone().map(|as_is| ("AWS_LAMBDA_LOG_FORMAT".to_owned(), as_is)),
    );
    environment
        .extend(function.log_level.clone().map(|as_is| ("AWS_LAMBDA_LOG_LEVEL".to_owned(), as_is)));
    Program { name: name.to_owned(), path: program(name), environment }
}
