//! Rebuilding a read model: the next build of it is made beside the one that is read, and takes its place at once.

mod builds;

pub(crate) use builds::Builds;
