//! Where things lie that should not be public, by the habits of frameworks and tools.

/// Interactive documentation.
pub(super) const INTERACTIVE: &[&str] = &[
    "/docs",
    "/docs/",
    "/redoc",
    "/swagger",
    "/swagger-ui",
    "/swagger-ui.html",
    "/swagger-ui/index.html",
    "/swagger/index.html",
    "/api-docs",
    "/api/docs",
    "/api/redoc",
    "/api/v1/docs",
    "/api/swagger",
    "/documentation",
    "/scalar",
    "/rapidoc",
];

/// Descriptions of the interface.
pub(super) const SCHEMAS: &[&str] = &[
    "/openapi.json",
    "/openapi.yaml",
    "/swagger.json",
    "/swagger/v1/swagger.json",
    "/v2/api-docs",
    "/v3/api-docs",
    "/api/openapi.json",
    "/api/schema",
    "/api/schema/",
    "/api-docs/openapi.json",
    "/asyncapi.json",
];

/// GraphQL endpoints and their consoles, with a harmless introspection for those that answer GET.
pub(super) const GRAPHQL: &[&str] =
    &["/graphql?query=%7B__schema%7BqueryType%7Bname%7D%7D%7D", "/graphql", "/api/graphql", "/graphiql", "/playground", "/altair"];

/// Numbers about the inside.
pub(super) const METRICS: &[&str] = &["/metrics", "/api/metrics", "/prometheus", "/actuator/prometheus", "/_metrics"];

/// Debuggers, profilers and consoles.
pub(super) const DEBUG: &[&str] = &[
    "/actuator",
    "/actuator/env",
    "/actuator/heapdump",
    "/debug",
    "/debug/",
    "/debug/env",
    "/api/debug",
    "/env",
    "/debug/pprof",
    "/debug/pprof/",
    "/debug/vars",
    "/_debug",
    "/__debug__/",
    "/_profiler",
    "/console",
    "/server-status",
    "/phpinfo.php",
    "/h2-console",
];

/// Files of the repository or the machine.
pub(super) const FILES: &[&str] = &[
    "/.env",
    "/.env.local",
    "/.env.production",
    "/.git/HEAD",
    "/.git/config",
    "/.DS_Store",
    "/.npmrc",
    "/.aws/credentials",
    "/Dockerfile",
    "/docker-compose.yml",
    "/Procfile",
    "/package.json",
    "/requirements.txt",
    "/id_rsa",
    "/backup.sql",
    "/db.sqlite3",
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
        capital,
        format!("/{path}"),
        path.replacen("/d", "/%64", 1).replacen("/o", "/%6f", 1),
        format!("{path};a=b"),
        format!("{path}?a=b"),
    ]
}
