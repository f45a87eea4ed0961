//! Flaws of the suites `secrets` and `procfile`. They need no running twin: each is a repository made for the purpose.

use std::fs;
use std::path::Path;
use std::process::Command;

use secrecy::SecretString;
use tempfile::TempDir;

use super::{Flaw, flaw};

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw("secrets.value-in-tree", "a configuration file holds the signing key", &["secrets.values"], &[]),
    flaw("secrets.value-in-history", "the signing key was committed and removed again", &["secrets.values"], &[]),
    flaw("secrets.value-on-a-branch", "only another branch holds the signing key", &["secrets.values"], &[]),
    flaw("secrets.value-in-base64", "a manifest holds `user:key` in base64", &["secrets.values"], &[]),
    flaw("secrets.value-url-encoded", "a script holds the signing key in a query string", &["secrets.values"], &[]),
    flaw("secrets.value-in-a-message", "a commit message quotes the signing key", &["secrets.values"], &[]),
    flaw("secrets.value-in-a-tag", "an annotated tag quotes the signing key", &["secrets.values"], &[]),
    flaw("secrets.value-untracked", "an untracked file that git does not ignore holds the signing key", &["secrets.values"], &[]),
    flaw("secrets.database-password", "the password of the database URL stands alone in a script", &["secrets.values"], &[]),
    flaw("secrets.token-in-tree", "a GitHub token is in a workflow", &["secrets.patterns"], &[]),
    flaw("secrets.token-in-history", "an npm token was committed and removed again", &["secrets.patterns"], &[]),
    flaw("secrets.private-key", "a PEM private key is tracked", &["secrets.patterns"], &[]),
    flaw("secrets.database-url", "the documentation shows a database URL with its password", &["secrets.patterns"], &[]),
    flaw("secrets.fallback-in-rust", "a missing signing key becomes a literal", &["secrets.fallback"], &[]),
    flaw("secrets.fallback-in-python", "getenv has a default for the signing key", &["secrets.fallback"], &[]),
    flaw("secrets.fallback-in-javascript", "|| puts a literal in the signing key's place", &["secrets.fallback"], &[]),
    flaw("secrets.fallback-in-the-image", "a build file sets the signing key", &["secrets.fallback"], &[]),
    flaw("secrets.env-tracked", "a .env with real values is tracked", &["secrets.env-file"], &["secrets.patterns"]),
    flaw("secrets.env-in-history", "a .env with real values was tracked once", &["secrets.env-file"], &["secrets.patterns"]),
    flaw("secrets.example-with-values", "the .env.example holds a real value", &["secrets.env-example"], &["secrets.patterns"]),
    flaw("secrets.short-key", "the signing key has 20 bytes", &["secrets.strength"], &[]),
    flaw("secrets.placeholder", "the signing key is a placeholder", &["secrets.strength"], &["secrets.values"]),
    flaw("secrets.quoted", "the signing key stands in quotes", &["secrets.form"], &[]),
    flaw("secrets.line-break", "the signing key ends with a line break", &["secrets.form"], &[]),
    flaw("secrets.reused", "the signing key also opens the webhook", &["secrets.reuse"], &[]),
    flaw("secrets.not-rotated", "the previous signing key is the current one", &["secrets.reuse"], &[]),
    flaw("procfile.missing", "there is no Procfile", &["procfile.web"], &[]),
    flaw("procfile.misnamed", "the file is called procfile", &["procfile.web"], &[]),
    flaw("procfile.no-web", "the Procfile declares only a worker", &["procfile.web"], &["procfile.processes"]),
    flaw("procfile.target-directory", "web starts ./target/release/server", &["procfile.program"], &[]),
    flaw("procfile.cargo-run", "web runs cargo", &["procfile.program"], &[]),
    flaw("procfile.member-order", "another member comes first in the workspace", &["procfile.program"], &[]),
    flaw("procfile.fixed-port", "web passes a fixed port", &["procfile.port"], &[]),
    flaw("procfile.loopback", "web listens on 127.0.0.1", &["procfile.port"], &[]),
    flaw("procfile.dockerfile", "a Dockerfile makes the Procfile dead", &["procfile.shadowed"], &[]),
    flaw("procfile.railpack-start", "railpack.json names another start command", &["procfile.shadowed"], &[]),
    flaw("procfile.release-phase", "migrations are declared as a release process", &["procfile.processes"], &[]),
    flaw("procfile.no-toolchain", "the builder's default Rust is older than the project needs", &["procfile.toolchain"], &[]),
];

/// The signing key of the repository's service, and the password of its database: random, and nowhere else.
const KEY: &str = "wV3+nQ8/rT1yLk6Zs0Hd9Xb4Jc7Mf2Gp5Ae";
const PASSWORD: &str = "vR7mKq2Xz9Lw";
/// What only looks like a credential: random characters for tokens that no vendor gave out.
const NOISE: &str = "q7Lm2Vx9Kd4Rt8Wz3Hn6Bp1Jc5Gf0SyQ7uTe2aZr8XkM4vNc6LbP9wDh1YgF3jS5oUiE";

/// A git repository with, at most, one flaw, and the values that the operator's environment holds for it.
pub(crate) struct Files {
    directory: TempDir,
    /// Declared secrets: names and values.
    pub(crate) secrets: Vec<(String, SecretString)>,
}

impl Files {
    /// A repository in order, with `flaw` put in.
    ///
    /// # Panics
    /// When git cannot be run, or the flaw is in no table.
    pub(crate) fn with(flaw: Option<&str>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = format!("postgresql://app:{PASSWORD}@ep-cool-1-pooler.eu-central-1.aws.neon.tech/app?sslmode=require");
        let secrets = [("JWT_SECRET", KEY.to_owned()), ("DATABASE_URL", url)];
        let secrets = secrets.map(|(name, value)| (name.to_owned(), SecretString::from(value))).into();
        let mut files = Self { directory, secrets };
        files.git(&["init", "--quiet", "--initial-branch=main"]);
        for (path, text) in BASE {
            files.write(path, text);
        }
        files.commit("Start");
        if let Some(name) = flaw {
            files.spoil(name);
        }
        files
    }

    /// The root of the work tree.
    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The commit of HEAD.
    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Writes a file below the root.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    /// Commits everything that is not ignored.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// Runs git in the repository, without anybody's configuration, and returns what it prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let who = [
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.com"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ];
        let mut git = Command::new("git");
        git.current_dir(self.root())
            .args(arguments)
            .envs(who)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        let output = git.output().expect("git, which `.ci/setup` installs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Commits a file.
    fn add(&self, path: &str, text: &str) {
        self.write(path, text);
        self.commit("Change");
    }

    /// Commits a file and removes it in the next commit.
    fn add_and_remove(&self, path: &str, text: &str) {
        self.add(path, text);
        self.remove(path);
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root().join(path)).expect("the file is there");
        self.commit("Remove");
    }

    fn set(&mut self, name: &str, value: &str) {
        self.secrets.retain(|(known, _)| known != name);
        self.secrets.push((name.to_owned(), value.into()));
    }

    fn spoil(&mut self, name: &str) {
        let rest = name.split_once('.').map_or("", |(_, rest)| rest);
        match name.split('.').next() {
            Some("procfile") => self.spoil_start(rest),
            _ if rest.starts_with("value") || rest == "database-password" => self.spoil_values(rest),
            _ if rest.starts_with("fallback") => self.spoil_code(rest),
            _ if FORMS.contains(&rest) => self.spoil_forms(rest),
            _ => self.spoil_environment(rest),
        }
    }

    fn spoil_values(&self, rest: &str) {
        use base64::Engine as _;
        match rest {
            "value-in-tree" => self.add("server/config.yaml", &format!("signing: {KEY}\n")),
            "value-in-history" => self.add_and_remove("notes.txt", &format!("key is {KEY}\n")),
            "value-on-a-branch" => {
                self.git(&["checkout", "--quiet", "-b", "experiment"]);
                self.add("notes.txt", KEY);
                self.git(&["checkout", "--quiet", "main"]);
            }
            "value-in-base64" => {
                let encoded = base64::engine::general_purpose::STANDARD.encode(format!("user:{KEY}\n"));
                self.add("deploy/manifest.yaml", &format!("data: {encoded}\n"));
            }
            "value-url-encoded" => {
                self.add("try.sh", &format!("curl http://localhost/?k={}\n", KEY.replace('+', "%2B").replace('/', "%2F")));
            }
            "value-in-a-message" => self.commit(&format!("Try with {KEY}")),
            "value-in-a-tag" => drop(self.git(&["tag", "--annotate", "v1", "--message", KEY])),
            "value-untracked" => self.write("scratch.txt", KEY),
            "database-password" => self.add("dump.sh", &format!("PGPASSWORD={PASSWORD} pg_dump\n")),
            other => panic!("no such flaw: {other}"),
        }
    }

    fn spoil_forms(&self, rest: &str) {
        let noise = |from: usize, length: usize| NOISE.get(from..from + length).expect("enough noise");
        match rest {
            "token-in-tree" => self.add(".github/workflows/ci.yml", &format!("token: ghp_{}\n", noise(0, 36))),
            "token-in-history" => self.add_and_remove(".npmrc", &format!("//registry.example/:_auth=npm_{}\n", noise(3, 36))),
            "private-key" => {
                self.add("server/key.pem", &format!("-----BEGIN {} KEY-----\n{}\n-----END\n", "PRIVATE", noise(0, 64)));
            }
            "database-url" => {
                self.add("docs/setup.md", &format!("psql postgresql://app:{}@ep-1.eu-central-1.aws.neon.tech/app\n", noise(5, 14)));
            }
            other => panic!("no such flaw: {other}"),
        }
    }

    fn spoil_code(&self, rest: &str) {
        match rest {
            "fallback-in-rust" => {
                self.add(
                    "server/src/config.rs",
                    "let key = std::env::var(\"JWT_SECRET\").unwrap_or_else(|_| \"pepper\".into());\n",
                );
            }
            "fallback-in-python" => self.add("app/settings.py", "import os\nKEY = os.getenv(\"JWT_SECRET\", \"pepper\")\n"),
            "fallback-in-javascript" => self.add("src/config.js", "export const key = process.env.JWT_SECRET || 'pepper';\n"),
            "fallback-in-the-image" => self.add("deploy/Dockerfile", "FROM scratch\nENV JWT_SECRET=pepper\n"),
            other => panic!("no such flaw: {other}"),
        }
    }

    fn spoil_environment(&mut self, rest: &str) {
        let real = format!("AUTH_TOKEN={}\n", NOISE.get(..40).expect("enough noise"));
        match rest {
            "env-tracked" | "env-in-history" => {
                self.write("server/.env", &real);
                self.git(&["add", "--force", "server/.env"]);
                self.commit("Configure");
                if rest == "env-in-history" {
                    self.remove("server/.env");
                }
            }
            "example-with-values" => self.add(".env.example", &real),
            "short-key" => self.set("JWT_SECRET", NOISE.get(..20).expect("enough noise")),
            "placeholder" => self.set("JWT_SECRET", "your-secret-key-change-me-in-production"),
            "quoted" => self.set("JWT_SECRET", &format!("\"{KEY}\"")),
            "line-break" => self.set("JWT_SECRET", &format!("{KEY}\n")),
            "reused" => self.set("WEBHOOK_TOKEN", KEY),
            "not-rotated" => self.set("JWT_SECRET_PREVIOUS", KEY),
            other => panic!("no such flaw: {other}"),
        }
    }

    fn spoil_start(&self, rest: &str) {
        match rest {
            "missing" => self.remove("Procfile"),
            "misnamed" => drop((self.git(&["mv", "Procfile", "procfile"]), self.commit("Rename"))),
            "no-web" => self.add("Procfile", "worker: ./bin/server\n"),
            "target-directory" => self.add("Procfile", "web: ./target/release/server\n"),
            "cargo-run" => self.add("Procfile", "web: cargo run --release -p server\n"),
            "member-order" => self.add("Cargo.toml", &WORKSPACE.replace("\"server\", \"console\"", "\"console\", \"server\"")),
            "fixed-port" => self.add("Procfile", "web: ./bin/server --port 8080\n"),
            "loopback" => self.add("Procfile", "web: ./bin/server --host 127.0.0.1\n"),
            "dockerfile" => self.add("Dockerfile", "FROM scratch\n"),
            "railpack-start" => self.add("railpack.json", "{\"deploy\": {\"startCommand\": \"./bin/console\"}}\n"),
            "release-phase" => self.add("Procfile", "web: ./bin/server\nrelease: ./bin/server migrate\n"),
            "no-toolchain" => self.remove("rust-toolchain.toml"),
            other => panic!("no such flaw: {other}"),
        }
    }
}

const FORMS: &[&str] = &["token-in-tree", "token-in-history", "private-key", "database-url"];

const WORKSPACE: &str = "[workspace]\nmembers = [\"server\", \"console\"]\n\n[workspace.package]\nrust-version = \"1.95\"\n";

/// A repository without a flaw.
const BASE: &[(&str, &str)] = &[
    ("README.md", "# A service that is in order\n\nMake a signing key with `openssl rand -base64 48`.\n"),
    ("Cargo.toml", WORKSPACE),
    ("Procfile", "web: ./bin/server\n"),
    (".railway/railway.ts", "export default { services: {} };\n"),
    ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n"),
    (".gitignore", "/target/\n.env\n.env.*\n!.env.example\n"),
    (".env.example", "PORT=8080\nJWT_SECRET=\nDATABASE_URL=postgresql://user:password@localhost/app\n"),
    ("server/Cargo.toml", "[package]\nname = \"server\"\n"),
    ("server/src/main.rs", "fn main() {\n    let (port, key) = (std::env::var(\"PORT\"), std::env::var(\"JWT_SECRET\"));\n}\n"),
    ("console/Cargo.toml", "[package]\nname = \"console\"\n"),
    ("console/src/main.rs", "fn main() {}\n"),
];
