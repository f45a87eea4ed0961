//! The cors suite: which origins the service lets in, and how (Fetch standard, CORS protocol).
//!
//! What counts is what a browser would do with the answer. A foreign origin is let in when `Access-Control-Allow-Origin` is, byte for
//! byte, that origin, or `*`: a page can then read the answer to a request that carries a bearer token (which it would have to have) or,
//! with `Access-Control-Allow-Credentials: true` as well, the visitor's cookies. Everything else is a leftover without effect. Refusing
//! with 403 is not asked for; running the handler without granting the answer is how stock frameworks refuse.

mod access;
mod asked;
mod caching;
mod catalogue;
mod dangling;
mod foreign;
mod grants;
mod left_in;
mod preflights;
mod protocol;
mod raw;
mod surface;
mod writes;

#[cfg(test)]
mod tests;

pub use catalogue::CHECKS;
