//! The objects of one bucket: known in memory, kept in files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::S3Error;
use super::multipart::Multiparts;
use super::upload::{UNFINISHED, Uploaded};
use crate::template::BucketNotice;

/// The name space of the names of entries, which are made of keys: these may be longer than files' names.
const ENTRIES: Uuid = Uuid::from_u128(0x2b1f_6c80_6f0b_4f0e_9d53_7a1e_33c4_9a10);
const ENTRY: &str = "json";

/// A bucket, open.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) folder: PathBuf,
    /// Whether no earlier run had it.
    pub(super) is_new: bool,
    pub(super) notices: Vec<BucketNotice>,
    /// What is uploaded in parts and no object yet.
    pub(super) multiparts: Multiparts,
    objects: BTreeMap<String, Object>,
    /// The number of the last put.
    last: u64,
}

/// What an object is; its entry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size_bytes: u64,
    pub(super) etag: String,
    /// Grows with every put; also the name of the file with what it holds.
    pub(super) sequencer: String,
    pub(super) modified_at: Timestamp,
    pub(super) content_type: Option<String>,
    pub(super) metadata: Option<BTreeMap<String, String>>,
}

/// What its sender says of an object.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub(super) content_type: Option<String>,
    pub(super) metadata: Option<BTreeMap<String, String>>,
}

/// Which objects are listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
    /// Those behind this key.
    pub(super) after: &'a str,
    pub(super) most: usize,
}

/// Objects, and prefixes of those that the delimiter puts together, in the order of their keys.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) objects: Vec<Object>,
    pub(super) prefixes: BTreeSet<String>,
    /// Where the next page goes on, if there is one.
    pub(super) next: Option<String>,
}

impl Bucket {
    /// Opens a bucket's folder and removes what is no object.
    pub(super) fn open(folder: &Path, notices: Vec<BucketNotice>) -> Result<Self, S3Error> {
        let failed = |source| S3Error::Folder { path: folder.to_owned(), source };
        let is_new = !folder.exists();
        fs::create_dir_all(folder).map_err(failed)?;
        let (mut objects, mut bodies) = (BTreeMap::new(), BTreeSet::new());
        for file in fs::read_dir(folder).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == ENTRY) {
                let object = read(&path)?;
                objects.insert(object.key.clone(), object);
            } else {
                bodies.insert(path);
            }
        }
        for object in objects.values() {
            bodies.remove(&folder.join(&object.sequencer));
        }
        // Of puts that a kill has cut off.
        for path in bodies {
            fs::remove_file(&path).map_err(|source| S3Error::Folder { path, source })?;
        }
        let numbers = objects.values().map(|object| u64::from_str_radix(&object.sequencer, 16));
        let last = numbers.filter_map(Result::ok).max().unwrap_or(0);
        let (folder, multiparts) = (folder.to_owned(), Multiparts::default());
        Ok(Self { folder, is_new, notices, multiparts, objects, last })
    }

    /// Makes an object of a body that arrived, in the place of what was there.
    pub(super) fn put(
        &mut self,
        key: &str,
        uploaded: Uploaded,
        about: About,
        now: Timestamp,
    ) -> Result<Object, S3Error> {
        self.last = u64::try_from(now.as_microsecond()).unwrap_or(0).max(self.last + 1);
        let object = Object {
            key: key.to_owned(),
            size_bytes: uploaded.size_bytes,
            etag: uploaded.etag(),
            sequencer: format!("{:016X}", self.last),
            modified_at: now,
            content_type: about.content_type,
            metadata: about.metadata,
        };
        uploaded.rename(&self.folder.join(&object.sequencer))?;
        self.write(&object)?;
        if let Some(replaced) = self.objects.insert(key.to_owned(), object.clone()) {
            self.remove(&replaced.sequencer)?;
        }
        Ok(object)
    }

    pub(super) fn open_object(&self, key: &str) -> Result<Option<(Object, File)>, S3Error> {
        let Some(object) = self.objects.get(key) else { return Ok(None) };
        let path = self.folder.join(&object.sequencer);
        match File::open(&path) {
            Ok(file) => Ok(Some((object.clone(), file))),
            Err(source) => Err(S3Error::Folder { path, source }),
        }
    }

    /// What is not there is deleted.
    pub(super) fn delete(&mut self, key: &str) -> Result<(), S3Error> {
        let Some(object) = self.objects.remove(key) else { return Ok(()) };
        // The entry first: a body without one is removed by the next start.
        self.remove(&entry_of(key))?;
        self.remove(&object.sequencer)
    }

    pub(super) fn list(&self, wanted: &Wanted<'_>) -> Listed {
        let mut listed = Listed::default();
        let behind = (Bound::Excluded(wanted.after.to_owned()), Bound::Unbounded);
        let objects = self.objects.range::<String, _>(behind).map(|(_, object)| object);
        let mut last = None;
        for object in objects.filter(|object| object.key.starts_with(wanted.prefix)) {
            let common = wanted.delimiter.and_then(|delimiter| {
                let at = object.key[wanted.prefix.len()..].find(delimiter)?;
                Some(&object.key[..wanted.prefix.len() + at + delimiter.len()])
            });
            // The page before ended in the midst of what this prefix puts together.
            if common.is_some_and(|common| wanted.after.starts_with(common)) {
                continue;
            }
            if common.is_some_and(|common| listed.prefixes.contains(common)) {
                last = Some(&object.key);
                continue;
            }
            if listed.objects.len() + listed.prefixes.len() >= wanted.most {
                listed.next = last.cloned();
                break;
            }
            match common {
                Some(common) => drop(listed.prefixes.insert(common.to_owned())),
                None => listed.objects.push(object.clone()),
            }
            last = Some(&object.key);
        }
        listed
    }

    fn write(&self, object: &Object) -> Result<(), S3Error> {
        let path = self.folder.join(entry_of(&object.key));
        let unfinished = self.folder.join(format!("{UNFINISHED}{}", object.sequencer));
        let failed = |source: io::Error| S3Error::Folder { path: path.clone(), source };
        let entry = serde_json::to_vec(object)
            .map_err(|source| S3Error::Entry { path: path.clone(), source })?;
        fs::write(&unfinished, entry).map_err(failed)?;
        fs::rename(&unfinished, &path).map_err(failed)
    }

    fn remove(&self, name: &str) -> Result<(), S3Error> {
        let path = self.folder.join(name);
        fs::remove_file(&path).map_err(|source| S3Error::Folder { path, source })
    }
}

fn read(path: &Path) -> Result<Object, S3Error> {
    let entry =
        fs::read(path).map_err(|source| S3Error::Folder { path: path.to_owned(), source })?;
    serde_json::from_slice(&entry)
        .map_err(|source| S3Error::Entry { path: path.to_owned(), source })
}

fn entry_of(key: &str) -> String {
    format!("{}.{ENTRY}", Uuid::new_v5(&ENTRIES, key.as_bytes()))
}
