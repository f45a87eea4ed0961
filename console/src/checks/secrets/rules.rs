//! Well-known forms of credentials: a table of what vendors publish, with a sample of each that proves the rule.
//!
//! The forms are those that GitHub secret scanning, gitleaks and the vendors' own pages document. The whole rule sets of such tools are not
//! used: the maintained one in Rust needs a newer compiler than this project is built with, and hundreds of rules for services that
//! nobody here uses cost more in false alarms than they find. A sample is kept in pieces, so that this file does not match itself.

use regex::bytes::Regex;
use sha2::{Digest as _, Sha256};

use crate::run::Finding;

/// One form of credential.
pub(super) struct Rule {
    /// Stable id, as allowlists name it.
    pub(super) id: &'static str,
    /// What it is, in a few words.
    pub(super) what: &'static str,
    /// Matches bytes; the first group is the credential.
    pub(super) pattern: &'static str,
    /// Texts (any case), one of which stands wherever the pattern matches. Looked for first, all rules at once.
    pub(super) keywords: &'static [&'static str],
    /// Least Shannon entropy of the credential, in bits a character.
    pub(super) entropy: f64,
    /// How many of its first characters are the vendor's prefix and may be shown.
    pub(super) prefix: usize,
    /// What a match means: a flaw, or something to look at.
    pub(super) finding: Finding,
    /// Pieces of a text that must match.
    sample: &'static [Piece],
}

#[derive(Clone, Copy)]
enum Piece {
    Text(&'static str),
    Fill(&'static str, usize),
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";

use Piece::{Fill, Text};

const fn flaw(
    id: &'static str,
    what: &'static str,
    pattern: &'static str,
    keywords: &'static [&'static str],
    entropy: f64,
    prefix: usize,
    sample: &'static [Piece],
) -> Rule {
    Rule { id, what, pattern, keywords, entropy, prefix, finding: Finding::Broken, sample }
}

impl Rule {
    const fn doubtful(self) -> Self {
        Self { finding: Finding::Weak, ..self }
    }
}

/// Every rule.
pub(super) const RULES: &[Rule] = &[
    flaw(
        "aws.access-key",
        "AWS access key id",
        r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b",
        &["akia", "asia"],
        3.0,
        4,
        &[Text("AKIA"), Fill(BASE32, 16)],
    ),
    flaw(
        "aws.secret-key",
        "AWS secret access key",
        r#"(?i)aws.{0,20}(?:secret|private).{0,20}['"=:\s]([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
        &["aws"],
        4.0,
        0,
        &[Text("aws_secret_access_key = "), Fill(ALNUM, 40)],
    ),
    flaw(
        "github.token",
        "GitHub token",
        r"\b(gh[pousr]_[A-Za-z0-9]{36,255})\b",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        3.0,
        4,
        &[Text("ghp_"), Fill(ALNUM, 36)],
    ),
    flaw(
        "github.fine-grained",
        "GitHub fine-grained token",
        r"\b(github_pat_[A-Za-z0-9_]{60,})",
        &["github_pat_"],
        3.0,
        11,
        &[Text("github_pat_"), Fill(ALNUM, 82)],
    ),
    flaw("gitlab.token", "GitLab token", r"\b(glpat-[A-Za-z0-9_-]{20,})", &["glpat-"], 3.0, 6, &[Text("glpat-"), Fill(ALNUM, 20)]),
    flaw(
        "slack.token",
        "Slack token",
        r"\b(xox[abeoprs]-[A-Za-z0-9-]{20,})",
        &["xox"],
        3.0,
        5,
        &[Text("xoxb-"), Fill(DIGITS, 12), Text("-"), Fill(ALNUM, 24)],
    ),
    flaw(
        "slack.webhook",
        "Slack webhook",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Z0-9]{8,}/[A-Z0-9]{8,}/[A-Za-z0-9]{20,})",
        &["hooks.slack.com"],
        3.0,
        0,
        &[Text("https://hooks.slack.com/services/"), Fill(UPPER, 9), Text("/"), Fill(UPPER, 9), Text("/"), Fill(ALNUM, 24)],
    ),
    flaw(
        "stripe.live-key",
        "Stripe live key",
        r"\b((?:sk|rk)_live_[A-Za-z0-9]{16,})",
        &["_live_"],
        3.0,
        8,
        &[Text("sk_live_"), Fill(ALNUM, 24)],
    ),
    flaw(
        "stripe.test-key",
        "Stripe test key",
        r"\b((?:sk|rk)_test_[A-Za-z0-9]{16,})",
        &["_test_"],
        3.0,
        8,
        &[Text("sk_test_"), Fill(ALNUM, 24)],
    ).doubtful(),
    flaw(
        "stripe.webhook",
        "webhook signing secret",
        r"\b(whsec_[A-Za-z0-9+/]{32,})",
        &["whsec_"],
        3.5,
        6,
        &[Text("whsec_"), Fill(ALNUM, 32)],
    ),
    flaw(
        "private-key.pem",
        "private key",
        r"-----BEGIN (?:[A-Z0-9]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\r|\\n)*((?:[A-Za-z0-9+/=:, -]|\s|\\r|\\n){64,})",
        &["private key"],
        3.5,
        0,
        &[Text("-----BEGIN PRIVATE"), Text(" KEY-----\n"), Fill(ALNUM, 64)],
    ),
    flaw(
        "database.url",
        "database URL with a password",
        r#"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?)(?:\+[a-z0-9]+)?://[^\s:/@"'<>`]*:([^\s@"'<>`/]{8,})@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"#,
        &["postgres", "mysql://", "mysql+", "mariadb", "mongodb", "redis", "amqp"],
        2.5,
        0,
        &[Text("postgresql://app:"), Fill(ALNUM, 16), Text("@ep-blue-1.eu-central-1.aws.neon"), Text(".tech/app")],
    ),
    flaw("neon.password", "Neon password", r"\b(npg_[A-Za-z0-9]{10,})\b", &["npg_"], 2.5, 4, &[Text("npg_"), Fill(ALNUM, 12)]),
    flaw("neon.api-key", "Neon API key", r"\b(napi_[a-z0-9]{32,})\b", &["napi_"], 3.0, 5, &[Text("napi_"), Fill(LOWER, 64)]),
    flaw(
        "jwt",
        "JSON Web Token",
        r"\b(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,})",
        &["eyj"],
        3.5,
        3,
        &[Text("eyJ"), Fill(ALNUM, 20), Text(".eyJ"), Fill(ALNUM, 30), Text("."), Fill(ALNUM, 43)],
    ).doubtful(),
    flaw(
        "vercel.token",
        "Vercel token",
        r#"(?i)vercel[a-z_]{0,20}token["']?\s*[:=]\s*["']?([A-Za-z0-9_]{24,})\b"#,
        &["vercel"],
        3.5,
        0,
        &[Text("VERCEL_TOKEN="), Fill(ALNUM, 24)],
    ),
    flaw(
        "railway.token",
        "Railway token",
        r#"(?i)railway[a-z_]{0,20}token["']?\s*[:=]\s*["']?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b"#,
        &["railway"],
        3.0,
        0,
        &[
            Text("RAILWAY_TOKEN="),
            Fill(HEX, 8),
            Text("-"),
            Fill(HEX, 4),
            Text("-"),
            Fill(HEX, 4),
            Text("-"),
            Fill(HEX, 4),
            Text("-"),
            Fill(HEX, 12),
        ],
    ),
    flaw("npm.token", "npm token", r"\b(npm_[A-Za-z0-9]{36})\b", &["npm_"], 3.0, 4, &[Text("npm_"), Fill(ALNUM, 36)]),
    flaw(
        "pypi.token",
        "PyPI token",
        r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,})",
        &["pypi-ageicHlw"],
        3.0,
        5,
        &[Text("pypi-AgEI"), Text("cHlwaS5vcmc"), Fill(ALNUM, 60)],
    ),
    flaw("crates.token", "crates.io token", r"\b(cio[A-Za-z0-9]{32})\b", &["cio"], 3.5, 3, &[Text("cio"), Fill(ALNUM, 32)]),
    flaw("google.api-key", "Google API key", r"\b(AIza[A-Za-z0-9_-]{35})", &["aiza"], 3.0, 4, &[Text("AIza"), Fill(ALNUM, 35)]),
    flaw(
        "google.oauth-secret",
        "Google OAuth client secret",
        r"\b(GOCSPX-[A-Za-z0-9_-]{28})",
        &["gocspx-"],
        3.0,
        7,
        &[Text("GOCSPX-"), Fill(ALNUM, 28)],
    ),
    flaw(
        "openai.key",
        "OpenAI key",
        r"\b(sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,})",
        &["t3blbkfj"],
        3.5,
        3,
        &[Text("sk-proj-"), Fill(ALNUM, 20), Text("T3Blbk"), Text("FJ"), Fill(ALNUM, 20)],
    ),
    flaw(
        "anthropic.key",
        "Anthropic key",
        r"\b(sk-ant-[a-z]{3,6}\d\d-[A-Za-z0-9_-]{80,})",
        &["sk-ant-"],
        3.5,
        7,
        &[Text("sk-ant-"), Text("api03-"), Fill(ALNUM, 93)],
    ),
    flaw(
        "sendgrid.key",
        "SendGrid key",
        r"\b(SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50})",
        &["sg."],
        3.5,
        3,
        &[Text("SG."), Fill(ALNUM, 22), Text("."), Fill(ALNUM, 43)],
    ),
    flaw(
        "digitalocean.token",
        "DigitalOcean token",
        r"\b(do[opr]_v1_[a-f0-9]{64})\b",
        &["_v1_"],
        3.0,
        7,
        &[Text("dop_v1_"), Fill(HEX, 64)],
    ),
    flaw(
        "docker.token",
        "Docker Hub token",
        r"\b(dckr_pat_[A-Za-z0-9_-]{27})",
        &["dckr_pat_"],
        3.0,
        9,
        &[Text("dckr_pat_"), Fill(ALNUM, 27)],
    ),
    flaw("huggingface.token", "Hugging Face token", r"\b(hf_[A-Za-z]{34})\b", &["hf_"], 3.0, 3, &[Text("hf_"), Fill(LETTERS, 34)]),
    flaw(
        "supabase.secret-key",
        "Supabase secret key",
        r"\b(sb_secret_[A-Za-z0-9_-]{20,}|sbp_[a-f0-9]{40})",
        &["sb_secret_", "sbp_"],
        3.0,
        4,
        &[Text("sb_secret_"), Fill(ALNUM, 31)],
    ),
    flaw(
        "cloudflare.token",
        "Cloudflare token",
        r"\b(cf(?:k|ut|at)_[A-Za-z0-9]{40,})\b",
        &["cfk_", "cfut_", "cfat_"],
        3.0,
        4,
        &[Text("cfut_"), Fill(ALNUM, 48)],
    ),
    flaw(
        "generic.assignment",
        "something assigned to a name like SECRET",
        r#"(?i)\b[a-z0-9_]*(?:secret|passw(?:or)?d|api_?key|private_?key|access_?token|auth_?token)[a-z0-9_]*["']?\s*[:=]{1,2}\s*["']([^\s"'<>{}$]{20,})["']"#,
        &[
            "secret",
            "passw",
            "api_key",
            "apikey",
            "private_key",
            "privatekey",
            "access_token",
            "accesstoken",
            "auth_token",
            "authtoken",
        ],
        4.0,
        0,
        &[Text("JWT_SECRET = \""), Fill(ALNUM, 40), Text("\"")],
    ).doubtful(),
];

impl Rule {
    /// The compiled pattern, for bytes. `None` only for a table that its own test would not pass.
    pub(super) fn compiled(&self) -> Option<Regex> {
        regex::bytes::RegexBuilder::new(self.pattern).unicode(false).size_limit(4 << 20).build().ok()
    }

    /// A text that the rule must find: the same one every time, made of characters of the right kind that name nothing.
    pub(super) fn sample(&self) -> String {
        let mut text = String::new();
        for piece in self.sample {
            match piece {
                Piece::Text(words) => text.push_str(words),
                Piece::Fill(alphabet, length) => text.push_str(&filler(self.id, alphabet, *length)),
            }
        }
        text
    }
}

/// The rule with this id.
pub(super) fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// `length` characters of `alphabet` that depend only on `seed`.
fn filler(seed: &str, alphabet: &str, length: usize) -> String {
    let blocks = (0_u32..).flat_map(|block| Sha256::digest(format!("{seed}/{block}")).to_vec());
    let letters = alphabet.as_bytes();
    blocks
        .take(length)
        .filter_map(|byte| letters.get(usize::from(byte) % letters.len()))
        .map(|letter| char::from(*letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles_finds_its_own_sample_and_has_a_keyword_in_it() {
        for rule in RULES {
            let (sample, pattern) = (rule.sample(), rule.compiled().expect(rule.id));
            let found = pattern.captures(sample.as_bytes()).unwrap_or_else(|| panic!("{} does not match {sample}", rule.id));
            assert!(found.get(1).is_some(), "{} has no group", rule.id);
            assert!(
                rule.keywords.iter().any(|word| sample.to_lowercase().contains(&word.to_lowercase())),
                "{} has no keyword",
                rule.id
            );
        }
    }

    #[test]
    fn ids_are_unique() {
        for rule in RULES {
            assert_eq!(RULES.iter().filter(|other| other.id == rule.id).count(), 1, "{}", rule.id);
        }
    }
}
