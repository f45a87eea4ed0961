//! Canned answers.
