//! `.env` files: which are tracked, whether git would ignore one, and whether an example holds more than placeholders.

use super::judge::{entropy, is_placeholder};
use super::rules::RULES;

/// What a file of environment variables is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Holds values: `.env`, `.env.production`, `config/.env.local`.
    Values,
    /// Shows names: `.env.example`, `env.sample`, `.env.production.template`.
    Example,
}

impl Kind {
    /// What the file at `path` is, if it is one.
    pub(super) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let parts: Vec<_> = name.split('.').collect();
        let family = parts.contains(&"env") || name == ".envrc";
        let example = parts.iter().any(|part| ["example", "sample", "template", "dist", "defaults"].contains(part));
        // `.env.production` and `prod.env` hold values; `env.ts` is code.
        let values = name.starts_with('.') || parts.last() == Some(&"env");
        match (family, example, values) {
            (true, true, _) => Some(Self::Example),
            (true, false, true) => Some(Self::Values),
            _ => None,
        }
    }
}

/// Names (never values) of the variables in `text` whose values look like real secrets.
pub(super) fn real_secrets(text: &str) -> Vec<String> {
    let assignments = text.lines().filter_map(assignment);
    assignments.filter(|(name, value)| is_real(name, value)).map(|(name, _)| crate::http::clean(name)).collect()
}

/// `export NAME="value" # comment` as name and value.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let value = value.split(" #").next().unwrap_or_default().trim();
    let unquoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    plain.then_some((name, unquoted.unwrap_or(value)))
}

fn is_real(name: &str, value: &str) -> bool {
    if is_placeholder(value) {
        return false;
    }
    let known = RULES.iter().filter(|rule| rule.finding == crate::run::Finding::Broken).any(|rule| {
        let found =
            rule.compiled().and_then(|pattern| pattern.captures(value.as_bytes())?.get(1).map(|secret| secret.as_bytes().to_vec()));
        found.is_some_and(|secret| entropy(&secret) >= rule.entropy && !is_placeholder(&String::from_utf8_lossy(&secret)))
    });
    let upper = name.to_ascii_uppercase();
    let named = ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "PRIVATE", "_KEY", "APIKEY", "CREDENTIAL", "SALT"]
        .iter()
        .any(|word| upper.contains(word));
    known || (named && value.len() >= 16 && entropy(value.as_bytes()) >= 3.5 && !value.contains("://"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(".env", Some(Kind::Values))]
    #[case("server/.env.production", Some(Kind::Values))]
    #[case("prod.env", Some(Kind::Values))]
    #[case(".env.example", Some(Kind::Example))]
    #[case(".env.production.sample", Some(Kind::Example))]
    #[case("env.template", Some(Kind::Example))]
    #[case("src/env.ts", None)]
    #[case("environment.md", None)]
    fn env_files_are_told_by_name(#[case] path: &str, #[case] kind: Option<Kind>) {
        assert_eq!(Kind::of(path), kind);
    }

    #[test]
    fn real_values_are_named_and_placeholders_and_settings_are_not() {
        let text = format!(
            "# comment\nPORT=8080\nJWT_SECRET=\nAPI_TOKEN=changeme-please\nexport AUTH_SECRET=\"{0}\" # real\nDATABASE_URL=postgresql://app:{0}@ep-1.eu.neon.tech/app\nLOG_KEY=info\nJWKS_URL=https://auth.internal/api/auth/jwks\n",
            "k3Vq9TzLw0Xp7RmB2nYs"
        );
        assert_eq!(real_secrets(&text), ["AUTH_SECRET", "DATABASE_URL"]);
    }
}
