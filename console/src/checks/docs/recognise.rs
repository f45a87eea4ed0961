//! What a body is, by marks that no other body has.

use super::super::health::tells;
use crate::http::Answer;

/// Where Fastify's documentation has its page; the path in front of it only redirects there.
const FASTIFY: &str = "static/index.html";

/// A kind of content that should not be public, and the marks that give it away: any one set of marks, each in lower case.
struct Kind {
    name: &'static str,
    marks: &'static [&'static [&'static str]],
}

const KINDS: &[Kind] = &[
    Kind { name: "Swagger UI", marks: &[&["swagger-ui"], &["swaggeruibundle"]] },
    Kind { name: "ReDoc", marks: &[&["<redoc"], &["redoc.standalone"], &["redoc.init"]] },
    Kind {
        name: "API documentation",
        marks: &[&["<rapi-doc"], &["@scalar/api-reference"], &["<elements-api"], &["stoplight/elements"]],
    },
    Kind {
        name: "a GraphQL console",
        marks: &[&["graphiql"], &["graphql playground"], &["graphql-playground"], &["altair graphql"]],
    },
    Kind { name: "a GraphQL schema", marks: &[&["\"__schema\"", "querytype"]] },
    Kind {
        name: "an OpenAPI schema",
        marks: &[
            &["\"openapi\"", "\"paths\""],
            &["\"swagger\"", "\"paths\""],
            &["openapi: ", "paths:"],
            &["swagger: ", "paths:"],
            &["\"asyncapi\"", "\"channels\""],
        ],
    },
    Kind { name: "metrics", marks: &[&["# help ", "# type "], &["# type ", " counter"], &["process_cpu_seconds_total"]] },
    Kind {
        name: "Spring Boot's actuator",
        marks: &[&["\"_links\"", "actuator"], &["\"propertysources\""], &["java profile 1.0."]],
    },
    Kind { name: "a profiler", marks: &[&["/debug/pprof"], &["\"memstats\""], &["goroutine profile"], &["symfony profiler"]] },
    Kind {
        name: "a debug console",
        marks: &[
            &["werkzeug", "debugger"],
            &["interactive console"],
            &["h2 console"],
            &["django debug toolbar"],
            &["laravel telescope"],
        ],
    },
    Kind {
        name: "a status page of the server",
        marks: &[&["apache server status"], &["phpinfo()"], &["rails.root"], &["php version", "php credits"]],
    },
    Kind { name: "a git directory", marks: &[&["[core]", "repositoryformatversion"]] },
    Kind {
        name: "a private key or credentials",
        marks: &[&["-----begin", "private key-----"], &["aws_secret_access_key"], &["_authtoken="]],
    },
    Kind {
        name: "environment variables",
        marks: &[
            &["\"database_url\""],
            &["\"jwt_secret\""],
            &["\"secret_key\""],
            &["\"better_auth_secret\""],
            &["\"path\":", "\"home\":", "\"pwd\":"],
        ],
    },
    Kind {
        name: "a database",
        marks: &[&["sqlite format 3"], &["create table", "insert into"], &["-- postgresql database dump"], &["-- mysql dump"]],
    },
    Kind {
        name: "a build file",
        marks: &[
            &["from ", "\ncmd"],
            &["from ", "\nentrypoint"],
            &["services:", "image:"],
            &["[package]", "edition"],
            &["\"dependencies\"", "\"version\""],
            &["[project]", "dependencies"],
            &["[tool.poetry]"],
        ],
    },
];

/// What the body of a success is, if it is one of the kinds; a redirect to what is known by its path is served as well.
pub(super) fn recognised(path: &str, answer: &Answer) -> Option<&'static str> {
    let redirected = answer.headers.text("location").filter(|_| matches!(answer.status, 301 | 302 | 307 | 308));
    if path.ends_with("documentation") && redirected.is_some_and(|to| to.ends_with(FASTIFY)) {
        return Some("interactive documentation");
    }
    if !answer.is_success() || answer.body.is_empty() {
        return None;
    }
    let text = answer.raw_text().to_ascii_lowercase();
    let shown = |kind: &&Kind| kind.marks.iter().any(|set| set.iter().all(|mark| text.contains(mark)));
    let kind = KINDS.iter().find(shown).map(|kind| kind.name);
    let told = || answer.json().and_then(|json| tells(&answer.raw_text(), Some(&json))).map(|_| "what belongs inside the service");
    kind.or_else(|| by_name(path, text.trim())).or_else(told)
}

/// Files whose form tells only together with their name.
fn by_name(path: &str, text: &str) -> Option<&'static str> {
    if text.starts_with('<') {
        return None;
    }
    let assignment = |line: &str| {
        line.split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    let hash = text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit());
    match path {
        _ if path.rsplit('/').next().is_some_and(|name| name.starts_with(".env")) && text.lines().any(assignment) => {
            Some("an environment file")
        }
        "/.git/HEAD" if text.starts_with("ref: ") || hash => Some("a git directory"),
        "/Procfile" if text.lines().any(|line| line.starts_with("web:")) => Some("a build file"),
        "/requirements.txt" if text.lines().any(|line| line.contains("==")) => Some("a build file"),
        "/.npmrc" if text.lines().any(assignment) => Some("a build file"),
        "/.DS_Store" if text.contains("bud1") => Some("a directory listing"),
        "/.svn/entries" if text.lines().next().is_some_and(|line| line.parse::<u32>().is_ok()) => Some("a repository"),
        _ => None,
    }
}
