//! Turns the table `tokens` into where tokens come from, with keys and passwords from the environment; see [`super::select()`].

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use time::OffsetDateTime;

use super::entries::{
    AlgorithmEntry, CallEntry, DisabledEntry, ElsewhereEntry, EncodingEntry, GrantEntry, LoginUserEntry, MintEntry, SignupEntry,
    SubjectEntry, TokenAtEntry, TokensEntry,
};
use super::{
    Accounts, Call, Disabled, Environment, Grant, Mint, MissingVariable, NamedUser, OtherKeys, SelectError, Signup, TokenAt, Tokens,
};
use crate::token::{Algorithm, Compact, Encoding, Key, PublicKey};

/// What the table comes to: the source of tokens, the routes of accounts, and the keys beside the one that signs.
pub(super) type Credentials = (Tokens, Accounts, OtherKeys);

/// Reads the table of the target `name`.
pub(super) fn read(name: &str, entry: &TokensEntry, environment: &Environment) -> Result<Credentials, SelectError> {
    let reader = Reader { name, environment };
    let tokens = reader.tokens(entry)?;
    let beside = entry.mint.as_ref().filter(|_| !matches!(tokens, Tokens::Mint(_)));
    Ok((tokens, reader.accounts(entry)?, reader.other_keys(entry, beside)?))
}

struct Reader<'a> {
    name: &'a str,
    environment: &'a Environment,
}

impl Reader<'_> {
    fn variable(&self, variable: &str, purpose: &str) -> Result<SecretString, SelectError> {
        let missing = |error: MissingVariable| SelectError::Missing(self.name.to_owned(), error);
        self.environment.require(variable, purpose).map_err(missing)
    }

    fn wrong(&self, key: &str, why: impl Into<String>) -> SelectError {
        SelectError::Token(self.name.to_owned(), key.to_owned(), why.into())
    }

    fn tokens(&self, entry: &TokensEntry) -> Result<Tokens, SelectError> {
        let users = entry.login.as_ref().is_some_and(|login| login.users.is_some());
        let sources = [entry.a.is_some(), users, entry.signup.is_some()];
        match (&entry.a, &entry.mint) {
            _ if sources.into_iter().filter(|source| *source).count() > 1 => Err(SelectError::Tokens(self.name.to_owned())),
            (None, _) if entry.b.is_some() => Err(self.wrong("b", "give `a` as well; B is the other user")),
            (Some(a), _) => self.given(a, entry),
            _ if entry.signup.is_some() => Ok(Tokens::Signup),
            _ if users => Ok(Tokens::Login),
            (None, Some(mint)) => Ok(Tokens::Mint(Box::new(self.mint(mint)?))),
            (None, None) if entry.login.is_some() => Err(self.wrong("login", "name the two `users` who sign in, or a `signup`")),
            (None, None) => Ok(Tokens::None),
        }
    }

    fn given(&self, a: &str, entry: &TokensEntry) -> Result<Tokens, SelectError> {
        let token = |variable: &str, user| self.variable(variable, &format!("it holds the token of user {user}"));
        Ok(Tokens::Given {
            a: token(a, "A")?,
            b: entry.b.as_ref().map(|b| token(b, "B")).transpose()?,
            subjects: entry.subjects.as_ref().map(|[a, b]| [text(a), text(b)]),
        })
    }

    fn mint(&self, entry: &MintEntry) -> Result<Mint, SelectError> {
        let algorithm = algorithm(entry.algorithm);
        let ((Some(variable), None) | (None, Some(variable))) = (&entry.secret, &entry.key) else {
            return Err(self.wrong("mint", "give one of `secret` (HS256, HS384, HS512) and `key` (RS256, ES256, EdDSA)"));
        };
        let value = self.variable(variable, "it holds the key that tokens are minted with")?;
        if entry.secret.is_some() && value.expose_secret().trim_start().starts_with("-----BEGIN") {
            let words =
                format!("variable {variable} holds a key in PEM form, no shared secret: name it under `key`, with its `algorithm`");
            return Err(self.wrong("mint", words));
        }
        let key = Key::read(algorithm, &value, encoding(entry.encoding));
        let key = key.map_err(|error| self.wrong("mint", format!("variable {variable}: {error}")))?;
        let fresh = Mint::new(key, variable);
        Ok(Mint {
            kid: entry.kid.clone(),
            typ: entry.typ.clone().or(fresh.typ).filter(|typ| !typ.is_empty()),
            subjects: entry.subjects.as_ref().map(|[a, b]| [text(a), text(b)]),
            numeric_subjects: matches!(&entry.subjects, Some([SubjectEntry::Number(_), SubjectEntry::Number(_)])),
            subject_claim: entry.subject_claim.clone().unwrap_or(fresh.subject_claim),
            claims: entry.claims.clone(),
            lifetime_secs: self.lifetime(entry, fresh.lifetime_secs)?,
            iat: entry.iat.unwrap_or(fresh.iat),
            ..fresh
        })
    }

    /// The declared lifetime, or the default moved into the window that the service takes.
    fn lifetime(&self, entry: &MintEntry, default: u64) -> Result<u64, SelectError> {
        let (least, most) = (entry.lifetime_min.unwrap_or(1), entry.lifetime_max.unwrap_or(u64::MAX));
        let lifetime = entry.lifetime.unwrap_or(default.max(least).min(most));
        let fits = (least..=most).contains(&lifetime);
        let why = || self.wrong("mint", format!("a lifetime of {lifetime} s is not within lifetime_min and lifetime_max"));
        fits.then_some(lifetime).ok_or_else(why)
    }

    fn accounts(&self, entry: &TokensEntry) -> Result<Accounts, SelectError> {
        let users = entry.login.as_ref().and_then(|login| login.users.as_ref());
        let grant = |key: &str, entry: &Option<GrantEntry>| entry.as_ref().map(|entry| self.grant(key, entry)).transpose();
        let call = |key: &str, method: &str, entry: &Option<CallEntry>| {
            entry.as_ref().map(|entry| self.call(key, method, entry)).transpose()
        };
        let accounts = Accounts {
            signup: entry.signup.as_ref().map(|signup| self.signup(signup)).transpose()?,
            login: grant("login", &entry.login)?,
            users: users.map(|[a, b]| Ok::<_, SelectError>([self.user(a)?, self.user(b)?])).transpose()?,
            delete: call("delete", "DELETE", &entry.delete)?,
            logout: call("logout", "POST", &entry.logout)?,
            refresh: grant("refresh", &entry.refresh)?,
            password: call("password", "POST", &entry.password)?,
            disabled: entry.disabled.as_ref().map(|entry| self.disabled(entry)).transpose()?,
            expired: entry.expired.as_ref().map(|variable| self.expired(variable)).transpose()?,
        };
        let tokenless = accounts.signup.as_ref().is_some_and(|signup| signup.grant.token.is_none()) && accounts.login.is_none();
        if tokenless {
            return Err(self.wrong("signup", "say where its answer holds the `token`, or declare `login` as well"));
        }
        if accounts.login.as_ref().is_some_and(|login| login.token.is_none()) {
            return Err(self.wrong("login", "say where the answer holds the `token`"));
        }
        Ok(accounts)
    }

    fn disabled(&self, entry: &DisabledEntry) -> Result<Disabled, SelectError> {
        Ok(match entry {
            DisabledEntry::Token(variable) => {
                Disabled::Token(self.variable(variable, "it holds a token of an account that was disabled")?)
            }
            DisabledEntry::Subject(subject) => Disabled::Subject(text(subject)),
        })
    }

    fn expired(&self, variable: &str) -> Result<SecretString, SelectError> {
        let token = self.variable(variable, "it holds a token that has ended")?;
        let end = Compact::parse(token.expose_secret()).and_then(|token| token.end());
        let end = end.ok_or_else(|| self.wrong("expired", format!("variable {variable} holds no JWT that says when it ends")))?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let left = || {
            self.wrong(
                "expired",
                format!("the token in {variable} is good until {end} (seconds since 1970): give one that has ended"),
            )
        };
        (end < now).then_some(token).ok_or_else(left)
    }

    fn user(&self, entry: &LoginUserEntry) -> Result<NamedUser, SelectError> {
        let password = self.variable(&entry.password, &format!("it holds the password of `{}`", entry.username))?;
        Ok(NamedUser { username: entry.username.clone(), password })
    }

    fn call(&self, key: &str, method: &str, entry: &CallEntry) -> Result<Call, SelectError> {
        if !entry.path.starts_with('/') {
            return Err(self.wrong(key, "`path` must begin with `/`; the prefix belongs into `url`"));
        }
        Ok(Call {
            method: entry.method.clone().unwrap_or_else(|| method.to_owned()),
            path: entry.path.clone(),
            body: entry.body.clone().map_or(Value::Null, Value::Object),
            form: entry.form,
            headers: entry.headers.clone().into_iter().collect(),
        })
    }

    fn grant(&self, key: &str, entry: &GrantEntry) -> Result<Grant, SelectError> {
        let call = CallEntry {
            method: entry.method.clone(),
            path: entry.path.clone(),
            body: entry.body.clone(),
            form: entry.form,
            headers: entry.headers.clone(),
        };
        Ok(Grant {
            call: self.call(key, "POST", &call)?,
            token: entry.token.as_ref().map(token_at),
            subject: entry.subject.clone(),
            refresh_token: entry.refresh_token.as_ref().map(token_at),
        })
    }

    fn signup(&self, entry: &SignupEntry) -> Result<Signup, SelectError> {
        let grant = GrantEntry {
            method: entry.method.clone(),
            path: entry.path.clone(),
            body: Some(entry.body.clone()),
            form: entry.form,
            headers: entry.headers.clone(),
            token: entry.token.clone(),
            subject: entry.subject.clone(),
            refresh_token: entry.refresh_token.clone(),
            users: None,
        };
        let password = entry.password.as_ref().map(|variable| self.variable(variable, "it holds the password of new accounts"));
        if entry.names.is_some() && entry.password.is_none() {
            return Err(self.wrong("signup", "fixed `names` need a `password` (a variable), or a later run could not sign in"));
        }
        Ok(Signup {
            grant: self.grant("signup", &grant)?,
            names: entry.names.clone(),
            domain: entry.domain.clone().unwrap_or_else(|| "example.com".to_owned()),
            password: password.transpose()?,
        })
    }

    fn other_keys(&self, entry: &TokensEntry, signing: Option<&MintEntry>) -> Result<OtherKeys, SelectError> {
        let named =
            |variable: &String| Ok((variable.clone(), self.variable(variable, "it holds a secret that must not sign here")?));
        let public = entry.public_key.as_ref().map(|variable| {
            let text = self.variable(variable, "it holds the public key of the service")?;
            let none = || self.wrong("public_key", format!("variable {variable} holds neither PEM nor a JWK"));
            PublicKey::read(text.expose_secret()).ok_or_else(none)
        });
        Ok(OtherKeys {
            previous: entry.previous_secret.as_ref().map(named).transpose()?,
            foreign: entry.foreign_secrets.iter().map(named).collect::<Result<_, SelectError>>()?,
            public: public.transpose()?,
            signing: signing.map(|mint| self.mint(mint).map(Box::new)).transpose()?,
        })
    }
}

fn text(subject: &SubjectEntry) -> String {
    match subject {
        SubjectEntry::Text(text) => text.clone(),
        SubjectEntry::Number(number) => number.to_string(),
    }
}

const fn algorithm(entry: AlgorithmEntry) -> Algorithm {
    match entry {
        AlgorithmEntry::Hs256 => Algorithm::Hs256,
        AlgorithmEntry::Hs384 => Algorithm::Hs384,
        AlgorithmEntry::Hs512 => Algorithm::Hs512,
        AlgorithmEntry::Rs256 => Algorithm::Rs256,
        AlgorithmEntry::Es256 => Algorithm::Es256,
        AlgorithmEntry::EdDsa => Algorithm::EdDsa,
    }
}

const fn encoding(entry: EncodingEntry) -> Encoding {
    match entry {
        EncodingEntry::Text => Encoding::Text,
        EncodingEntry::Base64 => Encoding::Base64,
        EncodingEntry::Base64Url => Encoding::Base64Url,
        EncodingEntry::Hex => Encoding::Hex,
    }
}

pub(super) fn token_at(entry: &TokenAtEntry) -> TokenAt {
    match entry {
        TokenAtEntry::Body(pointer) => TokenAt::Body(pointer.clone()),
        TokenAtEntry::Elsewhere(ElsewhereEntry::Cookie(name)) => TokenAt::Cookie(name.clone()),
        TokenAtEntry::Elsewhere(ElsewhereEntry::Header(name)) => TokenAt::Header(name.to_ascii_lowercase()),
    }
}
