//! Tokens for A, signed with the service's own key around the service's own clock. Owns how they differ from a good one, not what comes of it.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::checks::jwt::ask::{with, without};
use crate::checks::{Context, Forge};
use crate::http::Trouble;
use crate::token::{set, unset};

/// This machine's clock.
pub(in crate::checks::jwt) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Mints tokens for A around the target's own clock.
pub(in crate::checks::jwt) struct Minter<'a> {
    forge: &'a Forge,
    pub(super) subject: String,
    /// The target's clock as its `Date` tells it, in Unix seconds.
    pub(in crate::checks::jwt) now: i64,
}

impl<'a> Minter<'a> {
    /// Reads the target's clock from one good answer; without a `Date`, this machine's clock has to do.
    pub(in crate::checks::jwt) async fn of(cx: &'a Context) -> Result<Self, Trouble> {
        let a = cx.a()?;
        let (answer, age) = cx.once_in_turn(&cx.read(a), 0).await?;
        let date = answer.headers.text("date").and_then(|date| OffsetDateTime::parse(&date, &Rfc2822).ok()).map(|date| date + age);
        let subject = a.claimed_subject().ok_or_else(|| Trouble::NotGiven("the subject of A is not known".into()))?;
        Ok(Self { forge: cx.forge()?, subject, now: date.unwrap_or_else(now).unix_timestamp() })
    }

    /// The header of a good token.
    pub(in crate::checks::jwt) fn header(&self) -> Map<String, Value> {
        self.forge.header()
    }

    /// The claims of a good token of A.
    pub(in crate::checks::jwt) fn claims(&self) -> Map<String, Value> {
        let at = OffsetDateTime::from_unix_timestamp(self.now).unwrap_or_else(|_| now());
        self.forge.claims(&self.subject, at)
    }

    /// Signs claims under the good header.
    pub(in crate::checks::jwt) fn sign(&self, claims: &Value) -> String {
        self.forge.sign(&Value::Object(self.header()), claims)
    }

    /// A good token but for one claim.
    pub(super) fn with(&self, name: &str, value: impl Into<Value>) -> String {
        self.sign(&with(&self.claims(), name, value))
    }

    /// A good token without one claim.
    pub(super) fn without(&self, name: &str) -> String {
        self.sign(&without(&self.claims(), name))
    }

    /// A token that was good until `end`: issued a whole lifetime before it, so that a service with a shortest lifetime has nothing else to
    /// object to.
    pub(in crate::checks::jwt) fn ending(&self, end: i64) -> String {
        self.sign(&with(&self.aged(end), "exp", end))
    }

    /// The claims of A with a time of issue that goes with `end`, where they have one.
    pub(super) fn aged(&self, end: i64) -> Map<String, Value> {
        let mut claims = self.claims();
        if let Some(iat) = claims.get_mut("iat") {
            *iat = json!(end.saturating_sub_unsigned(self.forge.mint().lifetime_secs).max(0));
        }
        claims
    }

    /// The claim that holds the subject.
    fn subject_claim(&self) -> &str {
        &self.forge.mint().subject_claim
    }

    /// A good token of somebody else.
    pub(super) fn with_subject(&self, value: impl Into<Value>) -> String {
        let mut claims = self.claims();
        set(&mut claims, self.subject_claim(), value.into());
        self.sign(&Value::Object(claims))
    }

    /// A good token of nobody.
    pub(in crate::checks::jwt) fn without_subject(&self) -> String {
        let mut claims = self.claims();
        unset(&mut claims, self.subject_claim());
        self.sign(&Value::Object(claims))
    }

    /// A good token but for one claim, whose value is any text, JSON or not.
    pub(super) fn with_raw(&self, name: &str, raw: &str) -> String {
        self.raw(&self.claims(), name, raw)
    }

    /// The good header over `claims` but for one of them, whose value is any text.
    pub(super) fn raw(&self, claims: &Map<String, Value>, name: &str, raw: &str) -> String {
        const HOLE: &str = "postflight-raw-value";
        let text = with(claims, name, HOLE).to_string().replace(&format!("\"{HOLE}\""), raw);
        self.forge.sign_bytes(Value::Object(self.header()).to_string().as_bytes(), text.as_bytes())
    }
}
