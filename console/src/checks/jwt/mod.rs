//! The suite `jwt`: whether the service lets in exactly those who hold a token that it issued, that is meant for it and that is current.
//!
//! Metadata stands in [`catalogue`], behaviour beside it: [`presence`] and [`carrier`] ask how a token is demanded and carried, [`forgery`]
//! and [`keys`] forge without the signing key, [`secret`] guesses it, [`claims`] and [`hostile`] mint with it, [`errors`] reads refusals,
//! [`accounts`] and [`sessions`] sign in and out. [`tampered`] and the doors are asked of opaque tokens too.
//! A forged token counts as accepted only when one cheap authenticated GET answers 2xx to it, while the control shows that a good token
//! does and nothing else has to.

mod accounts;
mod ask;
mod attacker;
mod attempts;
mod carried_out;
mod carrier;
mod catalogue;
mod claims;
mod contents;
mod doors;
mod errors;
mod fetched;
mod fixation;
mod forgery;
mod guesses;
mod hostile;
mod issued;
mod joins;
mod keys;
mod listener;
mod password;
mod presence;
mod public_key;
mod required;
mod secret;
mod sessions;
mod signed_in;
mod tampered;
mod variants;
mod writes;

use super::Check;
use catalogue::{
    accounts as of_accounts, claims as of_claims, door, forgery as of_forgery, hostile as of_hostile, keys as of_keys,
};

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[
    door::CONTROL,
    door::REQUIRED_READ,
    door::REQUIRED_WRITE,
    door::VERIFIED,
    door::REQUIRED_PATH,
    door::REQUIRED_IDENTITY,
    door::CHALLENGE,
    door::LITERAL,
    door::SCHEME,
    door::DUPLICATE,
    door::QUERY,
    door::COOKIE,
    door::HEADER,
    door::BODY,
    door::CSRF,
    door::TAMPERED,
    of_forgery::NONE,
    of_forgery::ALG_MISSING,
    of_forgery::ALG_UNKNOWN,
    of_forgery::ALG_SWAPPED,
    of_forgery::PAYLOAD,
    of_forgery::STRIPPED,
    of_forgery::ALTERED,
    of_forgery::ENCODING,
    of_forgery::STRUCTURE,
    of_forgery::JWE,
    of_keys::PSYCHIC,
    of_keys::CONFUSION,
    of_keys::PUBLISHED,
    of_keys::JWK,
    of_keys::JKU,
    of_keys::X5C,
    of_keys::KID,
    of_keys::GUESSED,
    of_keys::DEFAULT,
    of_keys::FOREIGN,
    of_keys::LENGTH,
    of_claims::EXPIRED,
    of_claims::ENDED,
    of_claims::EXP_MISSING,
    of_claims::EXP_TYPE,
    of_claims::LEEWAY,
    of_claims::LIFETIME,
    of_claims::NBF,
    of_claims::IAT,
    of_claims::AUD,
    of_claims::ISS,
    of_claims::SUB_MISSING,
    of_claims::SUB_TYPE,
    of_claims::SUB_ALIAS,
    of_claims::KIND,
    of_claims::SINGLE_USE,
    of_claims::DISABLED,
    of_hostile::ALG_PINNED,
    of_hostile::MEANING,
    of_hostile::DUPLICATE,
    of_hostile::MALFORMED,
    of_hostile::SIZE,
    of_hostile::ERRORS,
    of_accounts::CONTENTS,
    of_accounts::ANSWER,
    of_accounts::PASSWORD,
    of_accounts::FIXATION,
    of_accounts::UNIFORM,
    of_accounts::REVOKED,
    of_accounts::REFRESH,
    of_accounts::LIMIT,
];
