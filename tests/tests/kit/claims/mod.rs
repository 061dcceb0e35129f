//! Claim checks: what is too large to travel lies in a bucket, and is there before its message and when that comes.

mod press;
mod sending;
mod receiving;
mod hostile;
mod letters;
