//! Claims under the service's own key: expiry, beginning, lifetime, issuer, audience, subject. Only the holder of the key can ask these,
//! but for what old tokens of the operator tell.
//!
//! `minter` signs the tokens; each other room owns the checks of its claims.

mod audience;
mod given;
mod kind;
mod minter;
mod subject;
mod times;

pub(super) use audience::{aud, iss};
pub(super) use given::{disabled, ended};
pub(super) use kind::{kind, single_use};
pub(super) use minter::{Minter, now};
pub(super) use subject::{sub_alias, sub_missing, sub_type};
pub(super) use times::{exp_missing, exp_type, expired, iat, leeway, lifetime, nbf};
