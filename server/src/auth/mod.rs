//! Who is calling: from the `Authorization` header to an [`Owner`].
//!
//! This room owns authentication. Its parts, in the order a token meets them: `bearer` (the header, RFC 6750), `jws` (the
//! compact form and the protected header, RFC 7515), the signature (`verifier`, with `jsonwebtoken`), `claims` (RFC 7519).
//! What an owner may do is not decided here: every query of the store names its owner, which is all the authorisation
//! this API has.
//!
//! Isolation is structural. The field of [`Owner`] is private and its only constructor is visible in this room alone, so
//! no handler, store or test helper of the crate can make one from a string that a client sent.

mod bearer;
mod claims;
mod jws;
mod unique;
mod verifier;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

pub(crate) use self::claims::Expectations;
pub(crate) use self::verifier::Verifier;
use crate::problem::Problem;

/// A verified subject: proof that this request carried a token of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner(Arc<str>);

impl Owner {
    fn verified(subject: &str) -> Self {
        Self(Arc::from(subject))
    }

    /// The subject, to bind to a query.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The subject, to remember beyond the request.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

/// Why a caller is nobody. Clients see one answer for all of these; the log names the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// There is no `Authorization` header.
    #[error("no token")]
    NoToken,
    /// More than one header, another scheme, or not exactly one space (RFC 6750 section 2.1).
    #[error("the Authorization header is not `Bearer <token>`")]
    NotBearer,
    /// Longer than we are willing to decode.
    #[error("the token is too long")]
    TooLong,
    /// One dot: the shape of an opaque session token, such as Better Auth's.
    #[error("two segments: this is a session token, not a JWT")]
    SessionToken,
    /// Not three segments of canonical base64url.
    #[error("not a compact JWS")]
    NotCompact,
    /// The protected header is not what we issue: another algorithm, an extension, an embedded key.
    #[error("the token's header is not acceptable")]
    Header,
    /// None of our keys made the signature.
    #[error("the signature does not verify")]
    Signature,
    /// The claims are not the JSON that we accept.
    #[error("the claims are malformed")]
    Claims,
    /// `exp` has passed.
    #[error("expired")]
    Expired,
    /// `nbf` or `iat` lies in the future.
    #[error("not valid yet")]
    NotYet,
    /// `iss` or `aud` is not what is configured.
    #[error("issuer or audience do not match")]
    NotForUs,
    /// A refresh or identity token, or one bound to a key, used as a bearer access token.
    #[error("not a bearer access token")]
    WrongKind,
}

/// What the verifier said about the request; put into its extensions before routing.
pub(crate) type Identity = Result<Owner, Refusal>;

impl<S: Sync> FromRequestParts<S> for Owner {
    type Rejection = Problem;

    /// A route that asks for an [`Owner`] is closed to everybody else. A request that never met the verifier is nobody's.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.remove::<Identity>().unwrap_or(Err(Refusal::NoToken)).map_err(Problem::Unauthorized)
    }
}
