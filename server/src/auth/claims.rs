//! The claims of a token whose signature has been verified (RFC 7519 section 4), read strictly.
//!
//! `exp` and `sub` are required always, `iss` and `aud` as soon as they are configured. `jsonwebtoken`'s own validation is
//! not used: it rounds fractional times, accepts tokens that lack a configured issuer or audience, and does not look at
//! an empty subject. Unknown claims are allowed (Better Auth puts the whole user in), unknown *types* of known ones are not.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Owner, Refusal, unique};
use crate::json::present;

/// What a token must say to be for us.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expectations {
    /// The exact `iss`, if tokens carry one.
    pub(crate) issuer: Option<String>,
    /// The exact audience that `aud` must be or contain.
    ///
    /// Without one, a token that carries `aud` is refused: it was made for somebody who identifies with an audience, and we
    /// do not (RFC 7519 section 4.1.3).
    pub(crate) audience: Option<String>,
    /// Tolerated clock difference for `exp`, `nbf` and `iat`.
    pub(crate) leeway: Duration,
    /// How far ahead `exp` may be at most; a stolen token is worth no more than that.
    pub(crate) max_lifetime: Option<Duration>,
}

#[derive(Deserialize)]
struct Claims<'c> {
    #[serde(borrow)]
    sub: std::borrow::Cow<'c, str>,
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aud: Option<Audience>,
    #[serde(default, deserialize_with = "present", rename = "jti")]
    _jti: Option<String>,
    /// Proof of possession (RFC 7800): such a token must not be used as a bearer token.
    #[serde(default, deserialize_with = "present")]
    cnf: Option<IgnoredAny>,
    /// The kinds of token, as Amazon Cognito, Keycloak and hand-made issuers spell them.
    #[serde(default, deserialize_with = "present")]
    token_use: Option<String>,
    #[serde(default, deserialize_with = "present")]
    token_type: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
}

/// `aud` is one string or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The last second of the year 9999: later times are mistakes, and many clocks cannot hold them.
const END_OF_TIME: u64 = 253_402_300_799;
/// Longest subject, in bytes; the column that holds it says the same.
const SUBJECT_BYTES: usize = 255;

impl Expectations {
    /// The owner that the claims name, judged at `now` (seconds since 1970).
    pub(super) fn owner(&self, payload: &[u8], now: u64) -> Result<Owner, Refusal> {
        unique::keys(payload).map_err(|_| Refusal::Claims)?;
        let claims: Claims<'_> = serde_json::from_slice(payload).map_err(|_| Refusal::Claims)?;
        self.judge_time(&claims, now)?;
        self.judge_parties(&claims)?;
        judge_kind(&claims)?;
        if sane(&claims.sub) { Ok(Owner::verified(&claims.sub)) } else { Err(Refusal::Claims) }
    }

    /// `exp` is the first second in which the token is *not* valid (RFC 7519 section 4.1.4).
    fn judge_time(&self, claims: &Claims<'_>, now: u64) -> Result<(), Refusal> {
        let leeway = self.leeway.as_secs();
        let begins = [claims.nbf, claims.iat];
        if claims.exp > END_OF_TIME || self.outlives(claims.exp, now) {
            return Err(Refusal::Claims);
        }
        if claims.exp.saturating_add(leeway) <= now {
            return Err(Refusal::Expired);
        }
        if begins.into_iter().flatten().any(|begin| begin > now.saturating_add(leeway)) { Err(Refusal::NotYet) } else { Ok(()) }
    }

    /// Who made the token, and for whom.
    /// Whether a token that ends at `exp` lives longer than is allowed. What counts is the time that is left: `iat` is the issuer's
    /// word alone.
    fn outlives(&self, exp: u64, now: u64) -> bool {
        let longest = self.max_lifetime.unwrap_or(Duration::MAX).saturating_add(self.leeway);
        exp > now.saturating_add(longest.as_secs())
    }

    fn judge_parties(&self, claims: &Claims<'_>) -> Result<(), Refusal> {
        let issuer = self.issuer.as_ref().is_none_or(|wanted| claims.iss.as_ref() == Some(wanted));
        let audience = match (&self.audience, &claims.aud) {
            (None, aud) => aud.is_none(),
            (Some(wanted), Some(Audience::One(one))) => one == wanted,
            (Some(wanted), Some(Audience::Many(many))) => many.contains(wanted),
            (Some(_), None) => false,
        };
        if issuer && audience { Ok(()) } else { Err(Refusal::NotForUs) }
    }
}

/// A token that says what it is for must say that it is for this (RFC 8725 section 3.12, cross-JWT confusion).
fn judge_kind(claims: &Claims<'_>) -> Result<(), Refusal> {
    let access = |kind: &String| ["access", "bearer", "jwt"].iter().any(|known| kind.eq_ignore_ascii_case(known));
    let kinds = [&claims.token_use, &claims.token_type, &claims.typ];
    if claims.cnf.is_none() && kinds.into_iter().flatten().all(access) { Ok(()) } else { Err(Refusal::WrongKind) }
}

/// Printable ASCII without spaces: identifiers of every issuer we know fit, and no two subjects can look alike or differ
/// only in whitespace.
fn sane(subject: &str) -> bool {
    (1..=SUBJECT_BYTES).contains(&subject.len()) && subject.bytes().all(|byte| byte.is_ascii_graphic())
}
