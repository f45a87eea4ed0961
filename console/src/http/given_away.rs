//! Secrets that a service gives away by itself, known by their form alone: an audit proves that they are given away without giving them
//! away once more.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Hashes of passwords: the first group is how they begin.
const HASHES: [&str; 3] = [
    // Modular crypt: bcrypt, Argon2, SHA-crypt, yescrypt.
    r"(\$(?:2[abxy]?|argon2(?:id|i|d)|5|6|7|y|gy|scrypt|pbkdf2[a-z0-9-]*)\$)[A-Za-z0-9./+=,$-]{16,}",
    // Werkzeug and Django.
    r"((?:pbkdf2|scrypt)(?::[a-z0-9]+)+\$)[^\s$\x22]+\$[0-9a-f]{32,}",
    r"((?:pbkdf2_sha(?:1|256)|bcrypt_sha256|scrypt|argon2)\$)[^\s\x22]{8,}",
];

/// All of them.
static HASH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&HASHES.join("|")).ok());

/// How a hash of a password in `text` begins, if one looks to be there: `$2b$`.
pub(crate) fn hash_in(text: &str) -> Option<&str> {
    // Every form has one, and few answers do.
    let found = HASH.as_ref().filter(|_| text.contains('$'))?.captures(text)?;
    found.iter().skip(1).flatten().next().map(|beginning| beginning.as_str())
}

/// Forms, and what stands for them.
static FORMS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let forms = [
        // RFC 7468; a key without its end was cut off.
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?", "<private key>"),
        (HASHES[0], "<password hash>"),
        (HASHES[1], "<password hash>"),
        (HASHES[2], "<password hash>"),
        (r"(://[^\s/:@\x22'<>]{1,64}:)[^\s/@\x22'<>]{1,256}@", "${1}<password>@"),
        // Lines of an environment file.
        (r"(?im)^((?:export )?[A-Z0-9_]*(?:SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY)[A-Z0-9_]*=).+$", "${1}<redacted>"),
    ];
    compiled(&forms)
});

/// Members of a key that are its private half (RFC 7517, 9.3; RFC 7518, 6).
static PRIVATE_MEMBERS: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| compiled(&[(r#"("(?:d|p|q|dp|dq|qi|k)"\s*:\s*")[A-Za-z0-9_-]{8,}"#, "${1}<private>")]));

fn compiled<'a>(forms: &[(&str, &'a str)]) -> Vec<(Regex, &'a str)> {
    forms.iter().filter_map(|(form, name)| Some((Regex::new(form).ok()?, *name))).collect()
}

/// `text` with what stands for each secret in its place.
pub(super) fn without_given_away(text: &str) -> Cow<'_, str> {
    let text = replaced(Cow::Borrowed(text), &FORMS);
    if text.contains("\"kty\"") { replaced(text, &PRIVATE_MEMBERS) } else { text }
}

fn replaced<'t>(text: Cow<'t, str>, forms: &[(Regex, &str)]) -> Cow<'t, str> {
    forms.iter().fold(text, |text, (form, name)| match form.replace_all(&text, *name) {
        Cow::Borrowed(_) => text,
        Cow::Owned(now) => Cow::Owned(now),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_compiles() {
        assert_eq!((FORMS.len(), PRIVATE_MEMBERS.len()), (6, 1));
    }

    #[rstest::rstest]
    #[case::bcrypt(r#"{"hash":"$2b$12$C6UzMDM.H6dfI/f/IKcEeO5vY3kEJ8m0w9T2H1c2B0z8hZ2o6i7mK"}"#, r#"{"hash":"<password hash>"}"#)]
    #[case::argon2("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7b+w", "<password hash>")]
    #[case::werkzeug("scrypt:32768:8:1$Fq3x$0123456789abcdef0123456789abcdef0123456789", "<password hash>")]
    #[case::django("pbkdf2_sha256$600000$abcd$2Yx3hN4k5l6m7n8o9p0q=", "<password hash>")]
    #[case::key("-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEE\\n-----END EC PRIVATE KEY-----\\n", "<private key>\\n")]
    #[case::cut_off("-----BEGIN PRIVATE KEY-----\nMHcCAQEE", "<private key>")]
    #[case::key_set(
        r#"{"kty":"OKP","x":"11qYAYKxCrfVS","d":"nWGxne_9WmC6hEr0"}"#,
        r#"{"kty":"OKP","x":"11qYAYKxCrfVS","d":"<private>"}"#
    )]
    #[case::environment("PORT=80\nJWT_SECRET=abcdefgh\nDEBUG=1", "PORT=80\nJWT_SECRET=<redacted>\nDEBUG=1")]
    fn what_a_service_gives_away_is_not_said_again(#[case] said: &str, #[case] kept: &str) {
        assert_eq!(without_given_away(said), kept);
    }

    /// Put together here: the whole is what the run's own checks look for in a source.
    #[test]
    fn the_password_of_a_database_is_hidden() {
        let said = ["DATABASE_URL=postgres://app", "hunter2hunter2@db.internal/app"].join(":");
        assert_eq!(without_given_away(&said), "DATABASE_URL=postgres://app:<password>@db.internal/app");
    }

    #[rstest::rstest]
    #[case::bcrypt(r#"{"hash":"$2b$12$C6UzMDM.H6dfI/f/IKcEeO5vY3kEJ8m0w9T2H1c2B0z8hZ2o6i7mK"}"#, Some("$2b$"))]
    #[case::werkzeug("pbkdf2:sha256:1000$Fq3x$0123456789abcdef0123456789abcdef", Some("pbkdf2:sha256:1000$"))]
    #[case::django("pbkdf2_sha256$600000$abcd$2Yx3hN4k5l6m7n8o9p0q=", Some("pbkdf2_sha256$"))]
    #[case::a_price(r#"{"price":"$2$"}"#, None)]
    #[case::a_word("salted with argon2, not scrypt", None)]
    fn a_hash_is_known_by_its_form(#[case] said: &str, #[case] begins: Option<&str>) {
        assert_eq!(hash_in(said), begins);
    }

    #[rstest::rstest]
    #[case::an_object(r#"{"id":7,"title":"d","k":"a text of the user"}"#)]
    #[case::an_origin("https://tasks.vercel.app@evil.example, http://localhost:3000")]
    #[case::a_public_key("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0C\n-----END PUBLIC KEY-----")]
    #[case::a_price("it costs $5$ or $6$ each")]
    fn other_text_stays_as_it_is(#[case] said: &str) {
        assert_eq!(without_given_away(said), said);
    }
}
