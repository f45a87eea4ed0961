//! Flaws of the suite `docs`.

use super::{Flaw, flaw, weakness};

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw("docs.swagger", "Swagger UI at /docs.", &["docs.interactive"], &["docs.variants"]),
    flaw("docs.swagger-elsewhere", "Swagger UI at its other usual places.", &["docs.interactive"], &[]),
    flaw("docs.redoc", "ReDoc at /redoc.", &["docs.interactive"], &[]),
    flaw("docs.openapi", "The schema at /openapi.json.", &["docs.schema"], &["docs.variants"]),
    flaw("docs.openapi-elsewhere", "The schema at its other usual places.", &["docs.schema"], &[]),
    flaw("docs.openapi-of-comments", "The schema that swagger-jsdoc makes of comments, at /api-docs.json.", &["docs.schema"], &[]),
    flaw("docs.under-prefix", "Swagger UI under the prefix of the API.", &["docs.interactive"], &[]),
    flaw("docs.swagger-ui", "Swagger UI where Flask extensions have it.", &["docs.interactive"], &[]),
    flaw("docs.trailing-slash", "/docs is closed, /docs/ is open.", &["docs.variants"], &["docs.interactive"]),
    flaw("docs.other-case", "/docs is closed, /DOCS is open.", &["docs.variants"], &[]),
    flaw("docs.encoded", "/docs is closed, its percent-encoded form is open.", &["docs.variants"], &[]),
    flaw("docs.doubled-slash", "/docs is closed, //docs is open.", &["docs.variants"], &[]),
    flaw("docs.head", "GET /docs is closed, HEAD is open.", &["docs.variants"], &[]),
    flaw("docs.internal-host", "/docs is open to whoever says Host: localhost.", &["docs.variants"], &[]),
    flaw("docs.graphiql", "A GraphQL console.", &["docs.graphql"], &[]),
    flaw("docs.metrics", "Metrics on the public port.", &["docs.metrics"], &[]),
    flaw("docs.home-made", "A debug route of the developers' own lists the users.", &["docs.debug"], &[]),
    flaw("docs.root-tells", "The root shows the secret that signs tokens.", &["docs.debug"], &[]),
    flaw("docs.actuator", "Spring Boot's actuator.", &["docs.debug"], &[]),
    flaw("docs.debug", "Profiles and debug pages.", &["docs.debug"], &[]),
    flaw("docs.dotenv", "An .env file among the static files.", &["docs.files"], &[]),
    flaw("docs.git-head", "The .git directory among the static files: HEAD.", &["docs.files"], &[]),
    flaw("docs.git-config", "The .git directory among the static files: config.", &["docs.files"], &[]),
    flaw("docs.forbidden", "/docs answers 403 and so tells that it is there.", &["docs.existence"], &[]),
    flaw("docs.telling-missing", "/docs answers a 404 of its own and so tells that it is there.", &["docs.existence"], &[]),
    weakness(
        "docs.everything-found",
        "Every unknown path answers 200 with the page of a front end.",
        &["docs.unknown-path"],
        &["robustness.method.connect"],
    ),
    flaw(
        "docs.reflected-path",
        "The 404 repeats the path as markup.",
        &["docs.unknown-path"],
        &["docs.control", "robustness.errors"],
    ),
    flaw(
        "docs.traceback",
        "A malformed body is answered with a traceback.",
        &["docs.errors"],
        &["robustness.slow.body", "robustness.json.malformed", "robustness.media-type", "robustness.errors"],
    ),
    flaw("docs.trace-beyond-limit", "A body over the limit is answered with a stack trace.", &["docs.errors"], &[]),
    flaw("docs.trace-on-wish", "Whoever wishes to debug is told where an error came from.", &["docs.errors"], &[]),
    flaw("docs.trace-before-first-page", "A page before the first brings a stack trace.", &["docs.errors"], &[]),
    flaw("docs.panic-text", "A malformed body is answered with the text of a panic.", &["docs.errors"], &["robustness.errors"]),
];
