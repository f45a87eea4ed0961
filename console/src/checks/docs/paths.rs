//! Where things lie that should not be public, by the habits of frameworks and tools.

/// Interactive documentation.
pub(super) const INTERACTIVE: &[&str] = &[
    "/docs",
    "/redoc",
    "/swagger",
    "/swagger-ui",
    "/swagger-ui/index.html",
    "/api-docs",
    "/api/docs",
    "/apidocs/",
    "/api/v1/docs",
    "/documentation",
    "/docs/",
    "/api/swagger",
    "/reference",
    "/scalar",
    "/swagger/index.html",
    "/swagger-ui.html",
    "/api/redoc",
    "/rapidoc",
];

/// Descriptions of the interface.
pub(super) const SCHEMAS: &[&str] = &[
    "/openapi.json",
    "/openapi.yaml",
    "/swagger.json",
    "/api-docs.json",
    "/apispec_1.json",
    "/docs-json",
    "/docs/json",
    "/api/schema/",
    "/v3/api-docs",
    "/v2/api-docs",
    "/api/openapi.json",
    "/swagger/v1/swagger.json",
    "/api-json",
    "/docs.json",
    "/api/schema",
    "/api-docs/openapi.json",
    "/api/v1/openapi.json",
    "/documentation/json",
    "/asyncapi.json",
];

/// GraphQL endpoints and their consoles, with a harmless introspection for those that answer GET.
pub(super) const GRAPHQL: &[&str] =
    &["/graphql?query=%7B__schema%7BqueryType%7Bname%7D%7D%7D", "/graphql", "/api/graphql", "/graphiql", "/playground", "/altair"];

/// Numbers about the inside.
pub(super) const METRICS: &[&str] = &["/metrics", "/api/metrics", "/prometheus", "/actuator/prometheus", "/_metrics"];

/// Debuggers, profilers and consoles.
pub(super) const DEBUG: &[&str] = &[
    "/debug",
    "/api/debug",
    "/debug/env",
    "/api/debug/env",
    "/env",
    "/api/env",
    "/console",
    "/debug/pprof/",
    "/actuator",
    "/debug/vars",
    "/_debug",
    "/__debug__/",
    "/actuator/env",
    "/_profiler",
    "/server-status",
    "/debug/",
    "/actuator/heapdump",
    "/debug/pprof",
    "/phpinfo.php",
    "/h2-console",
];

/// What developers build to see what is wrong, and forget; the root, which all of them answer, among them.
pub(super) const HOME_MADE: &[&str] = &["/", "/debug/db", "/debug/users", "/test-db", "/config", "/api/config", "/logs", "/routes"];

/// Whether a path says itself that what it shows is for developers alone.
pub(super) fn is_for_developers(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "debug" | "_debug" | "test-db"))
}

/// Files of the repository or the machine.
pub(super) const FILES: &[&str] = &[
    "/.env",
    "/.env.bak",
    "/.env.local",
    "/.env.production",
    "/static/.env",
    "/.git/HEAD",
    "/.git/config",
    "/package.json",
    "/requirements.txt",
    "/db.sqlite3",
    "/Dockerfile",
    "/docker-compose.yml",
    "/backup.sql",
    "/.npmrc",
    "/.aws/credentials",
    "/Procfile",
    "/id_rsa",
    "/.DS_Store",
    "/assets/.env",
    "/public/.env",
    "/uploads/.env",
    "/instance/app.db",
    "/logs/app.log",
];

/// Paths whose mere existence tells how the service is built.
pub(super) const TELLING: &[&str] = &[
    "/docs",
    "/redoc",
    "/openapi.json",
    "/swagger.json",
    "/swagger-ui/index.html",
    "/api-docs",
    "/metrics",
    "/actuator",
    "/graphql",
];

/// Other names under which servers and proxies find `path`.
pub(super) fn variants(path: &str) -> Vec<String> {
    let first = path.get(1..2).unwrap_or_default();
    let rest = path.get(2..).unwrap_or_default();
    let capital = format!("/{}{rest}", first.to_ascii_uppercase());
    vec![
        format!("{path}/"),
        path.to_ascii_uppercase(),
        format!("/{path}"),
        path.replacen("/d", "/%64", 1).replacen("/o", "/%6f", 1),
        capital,
        format!("{path};a=b"),
        format!("{path}?a=b"),
    ]
}
