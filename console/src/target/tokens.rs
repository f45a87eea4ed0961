//! Where tokens come from and how they are carried. Holds secrets only in types that do not print.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::token::{Compact, Key, PublicKey};

/// Lifetime of minted tokens unless the target says otherwise: what Better Auth issues.
const LIFETIME_SECS: u64 = 900;

/// Tokens minted with the service's own key.
#[derive(Clone, Debug)]
pub struct Mint {
    /// The key, and with it the algorithm.
    pub key: Key,
    /// Variable that it came from, for evidence.
    pub variable: String,
    /// `kid` header, where the service needs one.
    pub kid: Option<String>,
    /// `typ` header; `None` for none.
    pub typ: Option<String>,
    /// Subjects of the two synthetic users; fixed synthetic ones when absent.
    pub subjects: Option<[String; 2]>,
    /// Whether tokens write subjects as numbers.
    pub numeric_subjects: bool,
    /// Claim that holds the subject: `sub`, another name, or a JSON pointer (RFC 6901) that begins with a slash.
    pub subject_claim: String,
    /// Further claims of every token; the text `{subject}` in them is filled in.
    pub claims: Map<String, Value>,
    /// Lifetime in seconds.
    pub lifetime_secs: u64,
    /// Whether tokens say when they were issued.
    pub iat: bool,
}

impl Mint {
    /// Tokens signed with `key` from `variable`: subject in `sub`, 900 seconds of life, nothing else.
    pub fn new(key: Key, variable: &str) -> Self {
        Self {
            key,
            variable: variable.to_owned(),
            kid: None,
            typ: Some("JWT".to_owned()),
            subjects: None,
            numeric_subjects: false,
            subject_claim: "sub".to_owned(),
            claims: Map::new(),
            lifetime_secs: LIFETIME_SECS,
            iat: true,
        }
    }

    /// The same key for tokens like `token`, which the service issued to `subject`: with its header, its claims, its lifetime, and the subject
    /// where it stands there. What the target declares itself goes before. Times of issue and expiry are made anew; `nbf` and `jti` stay.
    #[must_use]
    pub fn like(&self, token: &Compact, subject: &str) -> Self {
        let header = token.header_json().unwrap_or_default();
        let mut claims = token.claims().unwrap_or_default();
        let told = |name: &str| header.get(name).and_then(Value::as_str).map(str::to_owned);
        let times = ["iat", "exp"].map(|name| claims.shift_remove(name));
        let lived = match times.each_ref().map(|time| time.as_ref().and_then(Value::as_u64)) {
            [Some(issued), Some(ends)] => ends.checked_sub(issued).filter(|lifetime| *lifetime > 0),
            _ => None,
        };
        let names_subject = |value: &Value| value == subject || value.as_i64().is_some_and(|number| subject.parse() == Ok(number));
        let claimed = || claims.iter().find(|(_, value)| names_subject(value)).map(|(name, _)| name.clone());
        let subject_claim = if claims.contains_key(&self.subject_claim) { None } else { claimed() };
        let subject_claim = subject_claim.unwrap_or_else(|| self.subject_claim.clone());
        let numeric_subjects = self.numeric_subjects || claims.get(&subject_claim).is_some_and(Value::is_number);
        claims.extend(self.claims.clone());
        Self {
            kid: self.kid.clone().or_else(|| told("kid")),
            typ: told("typ"),
            numeric_subjects,
            subject_claim,
            claims,
            lifetime_secs: lived.unwrap_or(self.lifetime_secs),
            iat: self.iat && times[0].is_some(),
            ..self.clone()
        }
    }
}

/// Keys beside the source of tokens: the one that signs, those that must not verify anything, and the public half that anybody may know.
#[derive(Clone, Debug, Default)]
pub struct OtherKeys {
    /// The secret before the last rotation, with its variable.
    pub previous: Option<(String, SecretString)>,
    /// The signing key, where users get their tokens otherwise: it only forges.
    pub signing: Option<Box<Mint>>,
    /// Secrets of other stages, with their variables.
    pub foreign: Vec<(String, SecretString)>,
    /// The public key that verifies tokens, where it is given rather than published.
    pub public: Option<PublicKey>,
}

/// Where the tokens of users A and B come from.
#[derive(Clone, Debug)]
pub enum Tokens {
    /// None: public checks only.
    None,
    /// Two tokens from named variables; `b` may be absent, then isolation cannot be judged.
    Given {
        /// Token of user A.
        a: SecretString,
        /// Token of user B.
        b: Option<SecretString>,
        /// Subjects of both, where the tokens themselves do not say.
        subjects: Option<[String; 2]>,
    },
    /// Obtained by signing in with the accounts that the target names; see [`Accounts`](super::Accounts).
    Login,
    /// Obtained by signing up first; needs consent to write.
    Signup,
    /// Minted with the signing key: every JWT check can be asked.
    Mint(Box<Mint>),
}

impl OtherKeys {
    /// The secret ones, each with the name that stands for it.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (String, SecretString)> {
        let all = self.previous.iter().chain(&self.foreign);
        all.map(|(variable, secret)| (format!("${variable}"), secret.clone()))
    }
}

impl Tokens {
    /// What of it was given rather than obtained, with the names that stand for it.
    pub(super) fn secrets(&self) -> Vec<(String, SecretString)> {
        let token = |name: &str, token: &SecretString| (format!("$POSTFLIGHT_TOKEN_{name}"), token.clone());
        match self {
            Self::None | Self::Login | Self::Signup => Vec::new(),
            Self::Given { a, b, .. } => std::iter::once(token("A", a)).chain(b.iter().map(|b| token("B", b))).collect(),
            Self::Mint(mint) => mint.key.shared_text().map(|secret| (format!("${}", mint.variable), secret)).into_iter().collect(),
        }
    }

    /// The word for reports: `none`, `environment`, `login`, `sign-up` or `minted`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Given { .. } => "environment",
            Self::Login => "login",
            Self::Signup => "sign-up",
            Self::Mint(_) => "minted",
        }
    }
}

/// How a token travels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// `Authorization: Bearer` (RFC 6750).
    #[default]
    Bearer,
    /// `Authorization` under another scheme (RFC 9110, 11.1), such as `Token` or `JWT`.
    Scheme(String),
    /// A cookie of this name.
    Cookie(String),
    /// A header of this name, the bare token as its value.
    Header(String),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::token::encode;

    fn issued(header: &Value, claims: &Value) -> Compact {
        Compact { header: encode(header.to_string()), payload: encode(claims.to_string()), signature: String::new() }
    }

    #[test]
    fn a_mint_takes_after_an_issued_token_and_keeps_what_the_target_declares() {
        let token = issued(
            &json!({ "alg": "HS256", "kid": "k1" }),
            &json!({ "user_id": 7, "email": "ann@x.example", "iat": 100, "exp": 460, "aud": "old", "jti": "j" }),
        );
        let declared = json!({ "aud": "new" }).as_object().unwrap().clone();
        let mint = Mint { claims: declared, ..Mint::new(Key::hs256(&"k".into()), "KEY") }.like(&token, "7");
        assert_eq!((mint.kid.as_deref(), mint.typ.as_deref()), (Some("k1"), None));
        assert_eq!(
            (mint.subject_claim.as_str(), mint.numeric_subjects, mint.lifetime_secs, mint.iat),
            ("user_id", true, 360, true)
        );
        assert_eq!(Value::Object(mint.claims), json!({ "user_id": 7, "email": "ann@x.example", "aud": "new", "jti": "j" }));
    }

    #[test]
    fn a_token_without_times_gives_no_lifetime() {
        let mint =
            Mint::new(Key::hs256(&"k".into()), "KEY").like(&issued(&json!({ "typ": "JWT" }), &json!({ "sub": "ann" })), "ann");
        assert_eq!((mint.lifetime_secs, mint.iat, mint.subject_claim.as_str()), (LIFETIME_SECS, false, "sub"));
    }
}
