//! Starts the console.
fn main() {}
