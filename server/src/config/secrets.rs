//! Which secrets are fit to sign with.
//!
//! HS256 is as strong as its key: RFC 7518 section 3.2 wants at least 256 bits. Length alone is not entropy, so words that
//! people leave in templates, repetitions, sequences and poor alphabets are refused too. The rules only ever see the value,
//! the messages never do.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::Secrets;
use super::reader::Reader;
use crate::database::Engine;

/// RFC 7518 section 3.2: a key of the size of the hash output or larger.
const BYTES: usize = 32;
/// Bits by the frequencies of the secret's own characters. 32 random hexadecimal digits have about 115.
const BITS: f64 = 90.0;
/// Fragments of template values, in lower case. Each is long enough not to turn up in random text.
const PLACEHOLDERS: [&str; 17] = [
    "changeme",
    "change-me",
    "change_me",
    "change-this",
    "change_this",
    "placeholder",
    "replace-me",
    "replace_me",
    "replaceme",
    "your-secret",
    "your_secret",
    "yoursecret",
    "supersecret",
    "super-secret",
    "super_secret",
    "example",
    "insecure",
];

impl Reader<'_> {
    /// The signing secrets: exactly one current, perhaps a previous, all different, all strong.
    pub(super) fn secrets(&mut self, engine: Option<&Engine>) -> Option<Secrets> {
        self.refuse_jwks();
        let name = match (self.get("JWT_SECRET"), self.get("BETTER_AUTH_SECRET")) {
            (Some(_), Some(_)) => {
                self.wrong("BETTER_AUTH_SECRET", "is set beside JWT_SECRET: keep the one that signs the tokens, remove the other");
                "JWT_SECRET"
            }
            (Some(_), None) => "JWT_SECRET",
            (None, Some(_)) => "BETTER_AUTH_SECRET",
            (None, None) => {
                self.wrong(
                    "JWT_SECRET",
                    "is missing: the secret that signs the tokens, 32 random bytes or more (or BETTER_AUTH_SECRET)",
                );
                ""
            }
        };
        let current = self.secret(name);
        let previous = self.secret("JWT_SECRET_PREVIOUS");
        self.refuse_reuse(engine);
        Some(Secrets { current: current?, previous })
    }

    /// One secret. A weak one is still returned, so that the checks after this one see it.
    fn secret(&mut self, name: &str) -> Option<SecretString> {
        let value = self.get(name)?;
        if let Some(weakness) = weakness(value) {
            self.wrong(name, weakness);
        }
        Some(value.into())
    }

    /// Keys by URL are not supported yet: refused rather than ignored, since ignoring would accept other tokens than intended.
    fn refuse_jwks(&mut self) {
        let fix = "is for verification with public keys (JWKS), which this release does not support: remove it and sign HS256 with JWT_SECRET";
        match self.get("JWT_MODE") {
            Some("hs256") => {}
            Some("jwks") => self.wrong("JWT_MODE", fix),
            Some(_) => self.wrong("JWT_MODE", "is not hs256"),
            None => {
                let set = ["JWKS_URL", "BETTER_AUTH_URL"].map(|name| (name, self.get(name)));
                for (name, _) in set.into_iter().filter(|(_, value)| value.is_some()) {
                    self.wrong(name, format!("{fix}, or set JWT_MODE=hs256 to say that tokens are HS256 although it is set"));
                }
            }
        }
    }

    /// One secret for two purposes: whoever learns one has the other.
    fn refuse_reuse(&mut self, engine: Option<&Engine>) {
        let signing = ["JWT_SECRET", "BETTER_AUTH_SECRET", "JWT_SECRET_PREVIOUS"];
        let mut uses: Vec<(&str, &str)> = signing.into_iter().filter_map(|name| Some((name, self.get(name)?))).collect();
        if let Some(Engine::Postgres { pooled, .. }) = engine {
            uses.push(("the password of DATABASE_URL", pooled.password().expose_secret()));
        }
        let mut first: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, value) in uses {
            if let Some(before) = first.insert(value, name) {
                self.wrong(before, format!("is the same secret as {name}: make them different"));
            }
        }
    }
}

/// What makes a secret unfit, if anything.
fn weakness(value: &str) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    if PLACEHOLDERS.iter().any(|word| lower.contains(word)) || value.starts_with('<') || value.contains("${") {
        Some("is a placeholder: generate a secret, for example with `openssl rand -base64 48`")
    } else if value.len() < BYTES {
        Some("is shorter than 32 bytes: generate a secret, for example with `openssl rand -base64 48`")
    } else if repeats(value.as_bytes()) || runs(value.as_bytes()) || bits(value.as_bytes()) < BITS {
        Some("is easy to guess (too few different characters, a repetition or a sequence): generate a random secret")
    } else {
        None
    }
}

/// A shorter text written several times.
fn repeats(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b))
}

/// Mostly neighbours in the alphabet: `abcdef...`, `987654...`.
fn runs(bytes: &[u8]) -> bool {
    let neighbours = bytes.iter().zip(bytes.iter().skip(1)).filter(|(a, b)| a.abs_diff(**b) <= 1).count();
    neighbours * 2 > bytes.len()
}

/// Shannon's estimate over the secret's own characters, in bits for the whole.
fn bits(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let each = |count: u32| f64::from(count) * (total / f64::from(count)).log2();
    counts.into_iter().filter(|count| *count > 0).map(each).sum()
}
