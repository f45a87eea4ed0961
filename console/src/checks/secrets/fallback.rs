//! Literals that stand in for a declared secret when its variable is not set, in the languages of common backends.

use regex::bytes::{Captures, Regex};

use super::judge::is_placeholder;
use crate::repository::Snapshot;
use crate::run::{Evidence, Finding};

/// How a language spells "this variable, or else this literal". `NAME` is replaced by the variable, `(?P<value>...)` is the literal.
struct Idiom {
    extensions: &'static [&'static str],
    what: &'static str,
    pattern: &'static str,
}

const LITERAL: &str = r#"[rbfu&]{0,2}(?:"(?P<value>[^"\n]*)"|'(?P<single>[^'\n]*)'|`(?P<tick>[^`\n]*)`)"#;

const SCRIPTS: &[&str] = &["js", "ts", "mjs", "cjs", "jsx", "tsx", "mts", "cts"];
const RUST: &[&str] = &["rs"];
const PYTHON: &[&str] = &["py"];
const SHELL: &[&str] = &["sh", "yml", "yaml", "Dockerfile", "Procfile", "env", "toml"];

const IDIOMS: &[Idiom] = &[
    Idiom {
        extensions: RUST,
        what: "unwrap_or with a literal",
        pattern: r#"env::var(?:_os)?\(\s*"NAME"\s*\)[^;]{0,120}?\.(?:unwrap_or|unwrap_or_else|map_or|or|or_else)\(\s*(?:\|[^|]*\|\s*)?(?:String::from\(|Some\(|Ok\()?\s*LITERAL"#,
    },
    Idiom {
        extensions: RUST,
        what: "unwrap_or_default: an empty secret",
        pattern: r#"env::var\(\s*"NAME"\s*\)[^;]{0,120}?\.unwrap_or_default\(\)"#,
    },
    Idiom { extensions: RUST, what: "compiled into the binary", pattern: r#"\b(?:option_)?env!\(\s*"NAME""# },
    Idiom {
        extensions: PYTHON,
        what: "getenv with a default",
        pattern: r#"(?:os\.getenv|environ\.get|config|env(?:\.str)?)\(\s*['"]NAME['"]\s*,\s*(?:default\s*=\s*|cast\s*=\s*\w+\s*,\s*default\s*=\s*)?LITERAL"#,
    },
    Idiom {
        extensions: PYTHON,
        what: "or with a literal",
        pattern: r#"(?:os\.getenv|environ\.get)\(\s*['"]NAME['"]\s*\)\s*or\s*LITERAL"#,
    },
    Idiom {
        extensions: PYTHON,
        what: "setdefault with a literal",
        pattern: r#"environ\.setdefault\(\s*['"]NAME['"]\s*,\s*LITERAL"#,
    },
    Idiom { extensions: PYTHON, what: "assigned where it is missing", pattern: r#"environ\[\s*['"]NAME['"]\s*\]\s*=\s*LITERAL"# },
    Idiom {
        extensions: PYTHON,
        what: "a literal where reading it fails",
        pattern: r#"environ\[\s*['"]NAME['"]\s*\][^\n]*\n\s*except[^\n]*:\s*\n?\s*\w+\s*=\s*LITERAL"#,
    },
    Idiom {
        extensions: PYTHON,
        what: "a default in the settings class",
        pattern: r"(?im)^\s+NAME\s*:\s*[\w\[\]., |]+=\s*(?:Field\(\s*(?:default\s*=\s*)?)?(?:SecretStr\(\s*)?LITERAL",
    },
    Idiom {
        extensions: SCRIPTS,
        what: "|| or ?? with a literal",
        pattern: r#"(?:process\.env|import\.meta\.env|Bun\.env)(?:\.NAME|\[\s*['"]NAME['"]\s*\])\s*(?:\|\||\?\?)\s*LITERAL"#,
    },
    Idiom {
        extensions: SCRIPTS,
        what: "a default where it is taken out of the environment",
        pattern: r"\{[^{}]*\bNAME\s*(?::\s*\w+\s*)?=\s*LITERAL[^{}]*\}\s*=\s*(?:process\.env|import\.meta\.env|Bun\.env|env)\b",
    },
    Idiom {
        extensions: SCRIPTS,
        what: "a choice that ends in a literal",
        pattern: r#"(?:process\.env|import\.meta\.env|Bun\.env|env)(?:\.NAME|\[\s*['"]NAME['"]\s*\])\s*\?\s*[^:;\n]{1,80}:\s*LITERAL"#,
    },
    Idiom {
        extensions: SCRIPTS,
        what: "env.get with a literal",
        pattern: r#"(?:env|config)\.get(?:<[^>]*>)?\(\s*['"]NAME['"]\s*(?:,|\)\s*(?:\|\||\?\?))\s*LITERAL"#,
    },
    Idiom { extensions: SCRIPTS, what: "a default in the schema", pattern: r"\bNAME\s*:\s*[^,\n]{0,120}\.default\(\s*LITERAL" },
    Idiom {
        extensions: &["go"],
        what: "a literal where it is not set",
        pattern: r#"(\w+)\s*:?=\s*os\.Getenv\(\s*"NAME"\s*\)\s*(?:\n\s*)?if\s+\w+\s*==\s*""\s*\{\s*\w+\s*=\s*LITERAL"#,
    },
    Idiom { extensions: &["go"], what: "getenv helper with a literal", pattern: r#"(?i)getenv\w*\(\s*"NAME"\s*,\s*LITERAL"# },
    Idiom {
        extensions: &["rb"],
        what: "ENV.fetch with a literal",
        pattern: r#"ENV(?:\.fetch\(\s*['"]NAME['"]\s*,\s*|\[['"]NAME['"]\]\s*\|\|\s*)LITERAL"#,
    },
    Idiom { extensions: &["php"], what: "env with a literal", pattern: r#"env\(\s*['"]NAME['"]\s*,\s*LITERAL"# },
    Idiom {
        extensions: &["java", "kt", "properties", "yml", "yaml"],
        what: "a default in a placeholder",
        pattern: r"\$\{NAME:(?P<value>[^}?+=-][^}]*)\}",
    },
    Idiom { extensions: SHELL, what: "a default in an expansion", pattern: r"\$\{NAME:?[-=](?P<value>[^}]*)\}" },
    Idiom {
        extensions: &["Dockerfile"],
        what: "set in the image",
        pattern: r#"(?im)^\s*(?:ENV|ARG)\s+NAME[= ]["']?(?P<value>[^\s"'$]+)"#,
    },
];

/// Directories whose files never run in production.
const TESTS: &[&str] = &["test", "tests", "__tests__", "spec", "fixtures", "testdata", "examples", "benches", "docs"];

/// Every fallback for one of `names` in the files of a snapshot, as evidence; files without one leave none. Returns the files looked at.
pub(super) fn find(snapshot: &Snapshot<'_>, names: &[String]) -> (usize, Vec<Evidence>) {
    let compiled: Vec<_> =
        names.iter().flat_map(|name| IDIOMS.iter().filter_map(move |idiom| Some((name, idiom, compile(idiom, name)?)))).collect();
    let (mut files, mut found) = (0, Vec::new());
    for path in snapshot.paths().filter(|path| IDIOMS.iter().any(|idiom| applies(idiom, path))) {
        let Some(text) = snapshot.text(path) else { continue };
        files += 1;
        for (name, idiom, pattern) in compiled.iter().filter(|(_, idiom, _)| applies(idiom, path)) {
            // A name that stands nowhere in the file cannot be matched; settings classes write it in small letters.
            if text.contains(name.as_str()) || text.contains(&name.to_lowercase()) {
                found.extend(pattern.captures_iter(text.as_bytes()).map(|captures| judged(path, &text, name, idiom, &captures)));
            }
        }
    }
    (files, found)
}

fn compile(idiom: &Idiom, name: &str) -> Option<Regex> {
    let pattern = idiom.pattern.replace("NAME", &regex::escape(name)).replace("LITERAL", LITERAL);
    regex::bytes::RegexBuilder::new(&pattern).unicode(false).build().ok()
}

fn applies(idiom: &Idiom, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or(name, |(_, extension)| extension);
    idiom.extensions.contains(&extension) || idiom.extensions.iter().any(|kind| name.starts_with(kind) && kind.len() > 5)
}

fn judged(path: &str, text: &str, name: &str, idiom: &Idiom, captures: &Captures<'_>) -> Evidence {
    let start = captures.get(0).map_or(0, |whole| whole.start());
    let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
    let literal = ["value", "single", "tick"]
        .into_iter()
        .find_map(|group| captures.name(group))
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let label = format!("{name} in {path}, line {line}");
    let empty = literal.as_deref().is_some_and(str::is_empty) || idiom.what.contains("empty");
    let kind = match literal.as_deref() {
        _ if empty => "an empty one",
        Some(value) if is_placeholder(value) => "a placeholder that anybody can guess",
        Some(_) => "a literal that is in the repository",
        None => "the value at build time",
    };
    let seen = format!("falls back to {kind} ({})", idiom.what);
    let (finding, seen) = match () {
        () if is_test(path) => (Finding::Held, format!("{seen}, in a file that never runs in production")),
        () if empty => (Finding::Weak, seen),
        () => (Finding::Broken, seen),
    };
    Evidence::repository(label, finding, seen)
}

fn is_test(path: &str) -> bool {
    let mut parts: Vec<_> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    parts.iter().any(|part| TESTS.contains(part)) || name.starts_with("test_") || name.contains(".test.") || name.contains(".spec.")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The finding of the first match of any idiom for `API_SALT` in a file of this name.
    fn finding(path: &str, text: &str) -> Option<Finding> {
        let idioms = IDIOMS.iter().filter(|idiom| applies(idiom, path));
        idioms
            .filter_map(|idiom| {
                let pattern = compile(idiom, "API_SALT").unwrap();
                let captures = pattern.captures(text.as_bytes())?;
                Some(judged(path, text, "API_SALT", idiom, &captures).finding)
            })
            .max()
    }

    #[rstest]
    #[case::rust("a.rs", r#"env::var("API_SALT").unwrap_or("pepper".into())"#)]
    #[case::rust_closure("a.rs", "std::env::var(\"API_SALT\")\n    .unwrap_or_else(|_| \"pepper\".to_string())")]
    #[case::rust_owned("a.rs", r#"env::var("API_SALT").unwrap_or(String::from("pepper"))"#)]
    #[case::rust_baked("a.rs", r#"const S: &str = env!("API_SALT");"#)]
    #[case::python("a.py", r#"os.getenv("API_SALT", "pepper")"#)]
    #[case::python_environ("a.py", r"os.environ.get('API_SALT', 'pepper')")]
    #[case::python_or("a.py", r#"os.getenv("API_SALT") or "pepper""#)]
    #[case::python_setdefault("a.py", r#"os.environ.setdefault("API_SALT", "pepper")"#)]
    #[case::python_assigned("a.py", "if \"API_SALT\" not in os.environ:\n    os.environ[\"API_SALT\"] = \"pepper\"\n")]
    #[case::python_except("a.py", "try:\n    S = os.environ[\"API_SALT\"]\nexcept KeyError:\n    S = \"pepper\"\n")]
    #[case::node_taken_out("a.ts", "const { PORT, API_SALT = 'pepper' } = process.env")]
    #[case::node_renamed("a.js", "const { API_SALT: salt = 'pepper', PORT } = process.env;")]
    #[case::node_choice("a.js", "const s = process.env.API_SALT ? process.env.API_SALT : 'pepper'")]
    #[case::go_empty("a.go", "s := os.Getenv(\"API_SALT\")\n\tif s == \"\" {\n\t\ts = \"pepper\"\n\t}")]
    #[case::decouple("a.py", r#"config("API_SALT", default="pepper")"#)]
    #[case::pydantic("a.py", "class Settings(BaseSettings):\n    api_salt: str = \"pepper\"\n")]
    #[case::pydantic_field("a.py", "class Settings(BaseSettings):\n    api_salt: SecretStr = Field(default=\"pepper\")\n")]
    #[case::node("a.js", "const s = process.env.API_SALT || 'pepper'")]
    #[case::node_index("a.ts", r#"process.env["API_SALT"] ?? "pepper""#)]
    #[case::zod("a.ts", "API_SALT: z.string().min(1).default('pepper'),")]
    #[case::nest("a.ts", "config.get<string>('API_SALT', 'pepper')")]
    #[case::deno("a.ts", "Deno.env.get('API_SALT') ?? 'pepper'")]
    #[case::go("a.go", r#"s := getEnvOr("API_SALT", "pepper"); getenvOr("API_SALT", "pepper")"#)]
    #[case::spring("application.properties", "app.salt=${API_SALT:pepper}")]
    #[case::compose("docker-compose.yml", "API_SALT: ${API_SALT:-pepper}")]
    #[case::dockerfile("Dockerfile", "FROM x\nENV API_SALT=pepper\n")]
    #[case::ruby("a.rb", "ENV.fetch('API_SALT', 'pepper')")]
    fn a_literal_behind_a_variable_is_a_flaw(#[case] path: &str, #[case] text: &str) {
        assert_eq!(finding(path, text), Some(Finding::Broken));
    }

    #[rstest]
    #[case::rust("a.rs", r#"env::var("API_SALT").map_err(|_| Missing("API_SALT"))?"#)]
    #[case::rust_other("a.rs", r#"env::var("HOST").unwrap_or("localhost".into()); env::var("API_SALT")?"#)]
    #[case::python("a.py", r#"os.environ["API_SALT"]"#)]
    #[case::python_none("a.py", r#"os.getenv("API_SALT")"#)]
    #[case::pydantic("a.py", "class Settings(BaseSettings):\n    api_salt: str\n    host: str = \"x\"\n")]
    #[case::node("a.js", "if (!process.env.API_SALT) throw new Error('API_SALT')")]
    #[case::python_guarded(
        "a.py",
        "try:\n    S = os.environ[\"API_SALT\"]\nexcept KeyError:\n    raise SystemExit(\"API_SALT\")\n"
    )]
    #[case::python_compared("a.py", r#"assert os.environ["API_SALT"] == "pepper""#)]
    #[case::node_taken_out("a.ts", "const { API_SALT, PORT = '8000' } = process.env")]
    #[case::go("a.go", "s := os.Getenv(\"API_SALT\")\nif s == \"\" {\n\tlog.Fatal(\"API_SALT\")\n}")]
    #[case::spring("application.properties", "app.salt=${API_SALT}")]
    #[case::compose("docker-compose.yml", "API_SALT: ${API_SALT:?must be set}")]
    #[case::dockerfile("Dockerfile", "ARG API_SALT\nENV API_SALT=$API_SALT\n")]
    #[case::prose("README.md", r#"os.getenv("API_SALT", "pepper")"#)]
    fn a_variable_that_must_be_set_is_in_order(#[case] path: &str, #[case] text: &str) {
        assert_eq!(finding(path, text), None);
    }

    #[rstest]
    #[case::empty("a.py", r#"os.getenv("API_SALT", "")"#)]
    #[case::rust_default("a.rs", r#"env::var("API_SALT").unwrap_or_default()"#)]
    fn an_empty_fallback_is_weak(#[case] path: &str, #[case] text: &str) {
        assert_eq!(finding(path, text), Some(Finding::Weak));
    }

    #[test]
    fn a_fallback_for_tests_is_in_order() {
        let text = r#"os.getenv("API_SALT", "pepper")"#;
        assert_eq!(finding("tests/conftest.py", text), Some(Finding::Held));
        assert_eq!(finding("app/config.py", text), Some(Finding::Broken));
    }
}
