//! Other ways in: odd forms of the id, overridden methods, other versions of the API, bulk and administrative routes, and requests that no
//! service can read. Each has a room of its own.

mod admin;
mod bulk;
mod ids;
mod malformed;
mod method_override;
mod versions;

pub(super) use admin::{admin, closed_to_users, names_of_a};
pub(super) use bulk::bulk;
pub(super) use ids::id_forms;
pub(super) use malformed::errors;
pub(super) use method_override::method_override;
pub(super) use versions::versions;
