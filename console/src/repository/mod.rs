//! Reads a git work tree and its history.
