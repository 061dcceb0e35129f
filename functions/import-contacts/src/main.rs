//! `import-contacts`: SQS in; imports contacts from uploaded files, in chunks.

use std::sync::Arc;

use domain::contact_imports::jobs::ImportContacts;
use domain::contact_imports::{ImportChunk, ImportSpread, UploadedFile};
use domain::{Settings, reactions};
use postroom::{ObjectCreated, Runtime, Worker};
use postroom_aws::{Aws, Env, ObjectNotices, logging, run_told_worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let mut env = Env::of_process();
    logging::start(&mut env);
    let reactions = reactions(&Settings::default());
    let aws = Aws::connect(&mut env);
    // The chunks of a file, which it sends to itself.
    let ports = aws.ports(&mut env, &[ImportContacts::NAME]);
    let claims = aws.claims(&mut env);
    let dead_letters = Arc::new(aws.dead_letters(&mut env));
    let visibility = aws.visibility(&mut env, ImportContacts::NAME);
    let objects = Arc::new(aws.objects(&mut env));
    let notices = ObjectNotices::of(env.text("OBJECTS_BUCKET"), UploadedFile::owner_of);
    env.check()?;

    let job = ImportContacts::new(objects);
    let runtime = Runtime::new(ports, reactions).with_claims(claims);
    let worker = Worker::new(ImportContacts::NAME, runtime, dead_letters)
        .job::<ObjectCreated, _>(job.clone())
        .job::<ImportSpread, _>(job.clone())
        .job::<ImportChunk, _>(job);
    run_told_worker(worker, visibility, notices).await
}
