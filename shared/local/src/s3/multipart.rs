//! Uploads in parts: what has arrived of each, and which parts become one body.
//!
//! They end with the system: parts are files that are removed with it, and the next run knows of no upload of this one.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::bucket::About;
use super::upload::Uploaded;

/// The most uploads in parts that a bucket has under way. S3 has no such limit; a disk here has.
const MOST_UPLOADS: usize = 1_000;
/// Parts have numbers from 1 to this.
// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>, from memory 2026-11-22.
const MOST_PARTS: u16 = 10_000;
/// The least bytes of each part but the last: as above.
const LEAST_BYTES: u64 = 5 * 1024 * 1024;

/// The uploads in parts of a bucket, by their ids.
#[derive(Debug, Default)]
pub(super) struct Multiparts {
    uploads: BTreeMap<String, Multipart>,
}

/// One of them.
#[derive(Debug)]
struct Multipart {
    key: String,
    about: About,
    parts: BTreeMap<u16, Uploaded>,
}

/// A part as whoever completes an upload names it.
#[derive(Debug)]
pub(super) struct NamedPart {
    pub(super) number: u16,
    pub(super) etag: String,
}

/// What an upload becomes.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) about: About,
    /// At least one, in their order.
    pub(super) parts: Vec<Uploaded>,
}

/// Why something is not done; by the names of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartRefused {
    /// There are too many uploads.
    SlowDown,
    /// There is none of this id for this key: it was completed, aborted, or never begun.
    NoSuchUpload,
    /// No part has this number.
    InvalidArgument,
    /// No part is named at all.
    MalformedXML,
    /// The parts that are named do not go up.
    InvalidPartOrder,
    /// One of them did not arrive, or is another.
    InvalidPart,
    /// One that is not the last is too small.
    EntityTooSmall,
}

impl Multiparts {
    /// Begins one; its id.
    pub(super) fn begin(&mut self, key: &str, about: About) -> Result<String, PartRefused> {
        if self.uploads.len() >= MOST_UPLOADS {
            return Err(PartRefused::SlowDown);
        }
        let id = Uuid::now_v7().simple().to_string();
        let upload = Multipart { key: key.to_owned(), about, parts: BTreeMap::new() };
        self.uploads.insert(id.clone(), upload);
        Ok(id)
    }

    /// Whether a part may be sent, asked before its body is read.
    pub(super) fn takes(&mut self, key: &str, id: &str, number: i32) -> Result<u16, PartRefused> {
        self.upload(key, id)?;
        let number = u16::try_from(number).ok().filter(|number| (1..=MOST_PARTS).contains(number));
        number.ok_or(PartRefused::InvalidArgument)
    }

    /// Keeps a part, in the place of one that had its number.
    pub(super) fn keep(
        &mut self,
        key: &str,
        id: &str,
        number: u16,
        part: Uploaded,
    ) -> Result<(), PartRefused> {
        self.upload(key, id)?.parts.insert(number, part);
        Ok(())
    }

    /// Takes out the upload that these parts complete. Parts that are not named are dropped with it; where it cannot be
    /// completed it stays as it is.
    pub(super) fn complete(
        &mut self,
        key: &str,
        id: &str,
        named: &[NamedPart],
    ) -> Result<Whole, PartRefused> {
        let upload = self.upload(key, id)?;
        if named.is_empty() {
            return Err(PartRefused::MalformedXML);
        }
        if !named.is_sorted_by(|one, next| one.number < next.number) {
            return Err(PartRefused::InvalidPartOrder);
        }
        let sizes = named.iter().map(|part| {
            let arrived = upload.parts.get(&part.number).filter(|found| found.etag() == part.etag);
            arrived.map(|arrived| arrived.size_bytes).ok_or(PartRefused::InvalidPart)
        });
        let sizes: Vec<_> = sizes.collect::<Result<_, _>>()?;
        if sizes.split_last().is_some_and(|(_, rest)| rest.iter().any(|&size| size < LEAST_BYTES)) {
            return Err(PartRefused::EntityTooSmall);
        }
        let Some(Multipart { about, mut parts, .. }) = self.uploads.remove(id) else {
            return Err(PartRefused::NoSuchUpload);
        };
        let parts = named.iter().filter_map(|part| parts.remove(&part.number)).collect();
        Ok(Whole { about, parts })
    }

    /// Drops one with all that has arrived of it.
    pub(super) fn abort(&mut self, key: &str, id: &str) -> Result<(), PartRefused> {
        self.upload(key, id)?;
        self.uploads.remove(id);
        Ok(())
    }

    fn upload(&mut self, key: &str, id: &str) -> Result<&mut Multipart, PartRefused> {
        let upload = self.uploads.get_mut(id).filter(|upload| upload.key == key);
        upload.ok_or(PartRefused::NoSuchUpload)
    }
}
