//! Imports: how they are counted, and how they run over the kit.

mod counting;
