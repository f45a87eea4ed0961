//! The file `postflight.toml`.

use thiserror::Error;

/// A parsed `postflight.toml`.
#[derive(Debug)]
pub struct File {}

/// An accepted finding.
#[derive(Debug)]
pub struct Accepted {}

/// What is wrong with the file.
#[derive(Debug, Error)]
pub enum FileError {}
