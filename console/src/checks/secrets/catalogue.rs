//! The cards of the suite. No behaviour.

use std::future::ready;

use super::ask;
use crate::checks::{Check, Need, Reference, Remedy, Suite};
use crate::run::Severity;

/// The checks of this suite, control first.
pub const CHECKS: &[Check] = &[CONTROL, VALUES, PATTERNS, FALLBACK, ENV_FILE, ENV_EXAMPLE, STRENGTH, FORM, REUSE];

const SHEET: Reference = Reference {
    name: "OWASP Secrets Management Cheat Sheet",
    url: "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
};
const HARD_CODED: Reference =
    Reference { name: "CWE-798: Use of hard-coded credentials", url: "https://cwe.mitre.org/data/definitions/798.html" };
const IN_SOURCE: Reference = Reference {
    name: "CWE-540: Inclusion of sensitive information in source code",
    url: "https://cwe.mitre.org/data/definitions/540.html",
};
const CONFIGURATION: Reference = Reference { name: "The Twelve-Factor App, III. Config", url: "https://12factor.net/config" };
const REMOVAL: Reference = Reference {
    name: "GitHub: removing sensitive data from a repository",
    url: "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository",
};
const KEY_SIZE: Reference =
    Reference { name: "RFC 7518, 3.2: key size of HMAC with SHA-2", url: "https://www.rfc-editor.org/rfc/rfc7518#section-3.2" };
const PATTERN_SET: Reference = Reference {
    name: "GitHub: supported secret scanning patterns",
    url: "https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns",
};

/// Rotation first: what was pushed once is known.
const ROTATE: &str = "Rotate the secret first, since whoever has a clone has it; then remove it from the history with git filter-repo and push \
                      every ref. Keep values in the platform's variables only.";

const CONTROL: Check = Check {
    id: "secrets.control",
    suite: Suite::Secrets,
    title: "The search finds what is known to be there",
    why: "A search that finds nothing proves nothing unless the same search, in the same run, finds something that is known to be there. Scanners \
          that fail to open a pack file or to compile a rule report a clean repository.",
    expectation: "Every rule finds a sample planted in memory, a planted value is found in every form, and a line taken from a tracked file is \
                  found in the blob that holds it.",
    severity: Severity::Info,
    references: &[SHEET],
    requirements: &["SC-002"],
    remedy: Remedy {
        axum: "Run from a complete clone of the repository that was deployed.",
        fastapi: "Run from a complete clone of the repository that was deployed.",
        express: "Run from a complete clone of the repository that was deployed.",
    },
    needs: &[],
    run: |cx| Box::pin(ask::control(cx)),
};

const VALUES: Check = Check {
    id: "secrets.values",
    suite: Suite::Secrets,
    title: "No declared secret's value is in the tree or in any commit",
    why: "A production secret that was ever committed is known to everybody who ever cloned, forked or cached the repository; deleting the line \
          later changes nothing. With the signing key anybody can be any user, with the database URL nobody needs the API.",
    expectation: "None of the declared values occurs in any blob of any commit that any ref reaches, in commit and tag messages, or in changed and \
                  untracked files: not as it is, URL-encoded, in base64, in hexadecimal, escaped for JSON, or as the password of a URL.",
    severity: Severity::Critical,
    references: &[HARD_CODED, IN_SOURCE, REMOVAL],
    requirements: &["SC-002", "US1"],
    remedy: Remedy { axum: ROTATE, fastapi: ROTATE, express: ROTATE },
    needs: &[Need::Repository, Need::DeclaredSecrets],
    run: |cx| Box::pin(ask::values(cx)),
};

const PATTERNS: Check = Check {
    id: "secrets.patterns",
    suite: Suite::Secrets,
    title: "No credential of a well-known form is in the tree or in any commit",
    why: "Not every secret is declared: tokens of package registries, cloud keys and private keys get committed by accident and are found by \
          bots within minutes of a push.",
    expectation: "No text of the tree or history has the published form of a live credential (AWS, GitHub, Slack, Stripe, Google, npm, PEM private keys, \
                  database URLs with passwords and others). Fixtures are accepted by path, rule and reason in .postflight-allow; test keys, JSON Web \
                  Tokens and generic assignments warn.",
    severity: Severity::High,
    references: &[PATTERN_SET, HARD_CODED, REMOVAL],
    requirements: &["SC-002"],
    remedy: Remedy { axum: ROTATE, fastapi: ROTATE, express: ROTATE },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::patterns(cx)),
};

const FALLBACK: Check = Check {
    id: "secrets.fallback",
    suite: Suite::Secrets,
    title: "No literal stands in for a secret that is not set",
    why: "A default makes a missing variable silent: the service starts, signs with a key that is in the repository, and accepts every token that \
          anybody forges with it. It surfaces after a variable is renamed or an environment is cloned.",
    expectation: "The source reads each declared secret without a default, so that a missing one stops the start. Empty defaults and those in tests warn.",
    severity: Severity::Critical,
    references: &[HARD_CODED, CONFIGURATION],
    requirements: &["US1", "SC-002", "EC-2"],
    remedy: Remedy {
        axum: "Read with `env::var(\"NAME\")?` and name every missing variable at once; no `unwrap_or`, no `env!`.",
        fastapi: "Declare the field of the settings class without a default, or read `os.environ[\"NAME\"]`.",
        express: "Throw at start-up when `process.env.NAME` is undefined; no `||` or `??` with a literal.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::fallback(cx)),
};

const ENV_FILE: Check = Check {
    id: "secrets.env-file",
    suite: Suite::Secrets,
    title: "No .env file with values is tracked, and git ignores .env",
    why: "The file that developers keep their secrets in lies in the work tree. Unless git ignores it, one `git add .` publishes it.",
    expectation: "`.env` is ignored, and no commit holds a file of environment variables with values that look real.",
    severity: Severity::High,
    references: &[CONFIGURATION, IN_SOURCE],
    requirements: &["SC-002"],
    remedy: Remedy {
        axum: "Put `.env` and `.env.*` into .gitignore with `!.env.example` after them; `git rm --cached .env`; rotate what it held.",
        fastapi: "Put `.env` and `.env.*` into .gitignore with `!.env.example` after them; `git rm --cached .env`; rotate what it held.",
        express: "Put `.env` and `.env.*` into .gitignore with `!.env.example` after them; `git rm --cached .env`; rotate what it held.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::env_file(cx)),
};

const ENV_EXAMPLE: Check = Check {
    id: "secrets.env-example",
    suite: Suite::Secrets,
    title: "Example environment files hold placeholders only",
    why: "Examples are written by copying the real file. What was not replaced is published with the best of intentions.",
    expectation: "Every secret in `.env.example` and its kin is empty or a placeholder, now and in every commit.",
    severity: Severity::High,
    references: &[CONFIGURATION, HARD_CODED],
    requirements: &["SC-002", "US3"],
    remedy: Remedy {
        axum: "Leave the value empty and say in a comment how to make one: `openssl rand -base64 48`.",
        fastapi: "Leave the value empty and say in a comment how to make one: `openssl rand -base64 48`.",
        express: "Leave the value empty and say in a comment how to make one: `openssl rand -base64 48`.",
    },
    needs: &[Need::Repository],
    run: |cx| Box::pin(ask::env_example(cx)),
};

const STRENGTH: Check = Check {
    id: "secrets.strength",
    suite: Suite::Secrets,
    title: "Declared secrets are no placeholders, and keys have at least 32 bytes",
    why: "A signing key that is a word is found offline from one token in seconds, without a single request that the service could notice.",
    expectation: "No value is a placeholder; keys that sign or encrypt have at least 32 bytes with enough distinct characters.",
    severity: Severity::High,
    references: &[KEY_SIZE, SHEET],
    requirements: &["US1", "EC-2"],
    remedy: Remedy {
        axum: "Make a new one with `openssl rand -base64 48`, set it as a platform variable, and keep the old one as the previous key while tokens live.",
        fastapi: "Make a new one with `openssl rand -base64 48` and set it as a platform variable.",
        express: "Make a new one with `openssl rand -base64 48` and set it as a platform variable.",
    },
    needs: &[Need::DeclaredSecrets],
    run: |cx| Box::pin(ready(Ok(ask::strength(&cx)))),
};

const FORM: Check = Check {
    id: "secrets.form",
    suite: Suite::Secrets,
    title: "Declared secrets have no stray blanks, quotes or line breaks",
    why: "A value pasted with a line break or in quotes is another value: tokens signed elsewhere do not verify, URLs do not parse, and the error \
          shows far from its cause.",
    expectation: "No value begins or ends with white space, stands in quotes, has a line break inside (PEM keys aside) or repeats its own name.",
    severity: Severity::Medium,
    references: &[CONFIGURATION],
    requirements: &["US1", "EC-2"],
    remedy: Remedy {
        axum: "Set the bare value in the platform's variables: no quotes, no trailing line break (`printf %s`, not `echo`).",
        fastapi: "Set the bare value in the platform's variables: no quotes, no trailing line break (`printf %s`, not `echo`).",
        express: "Set the bare value in the platform's variables: no quotes, no trailing line break (`printf %s`, not `echo`).",
    },
    needs: &[Need::DeclaredSecrets],
    run: |cx| Box::pin(ready(Ok(ask::form(&cx)))),
};

const REUSE: Check = Check {
    id: "secrets.reuse",
    suite: Suite::Secrets,
    title: "No secret serves under two names",
    why: "A value that signs sessions and also opens a webhook leaks with the weaker of its two uses, and cannot be rotated for one alone.",
    expectation: "Every declared secret has a value of its own.",
    severity: Severity::Low,
    references: &[SHEET],
    requirements: &["US1"],
    remedy: Remedy {
        axum: "Make a value for each purpose and rotate both.",
        fastapi: "Make a value for each purpose and rotate both.",
        express: "Make a value for each purpose and rotate both.",
    },
    needs: &[Need::DeclaredSecrets],
    run: |cx| Box::pin(ready(Ok(ask::reuse(&cx)))),
};
