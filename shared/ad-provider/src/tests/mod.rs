//! What the client makes of every kind of answer, against a server that gives one and is gone.

mod server;
mod insights;
mod push;
