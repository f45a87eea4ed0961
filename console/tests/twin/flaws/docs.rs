//! Flaws of the suite `docs`.

use super::{Flaw, flaw};

/// The table.
pub(crate) const FLAWS: &[Flaw] = &[
    flaw("docs.swagger", "Swagger UI at /docs.", &[], &[]),
    flaw("docs.swagger-elsewhere", "Swagger UI at its other usual places.", &[], &[]),
    flaw("docs.redoc", "ReDoc at /redoc.", &[], &[]),
    flaw("docs.openapi", "The schema at /openapi.json.", &[], &[]),
    flaw("docs.openapi-elsewhere", "The schema at its other usual places.", &[], &[]),
    flaw("docs.under-prefix", "Swagger UI under the prefix of the API.", &[], &[]),
    flaw("docs.trailing-slash", "/docs is closed, /docs/ is open.", &[], &[]),
    flaw("docs.other-case", "/docs is closed, /DOCS is open.", &[], &[]),
    flaw("docs.encoded", "/docs is closed, its percent-encoded form is open.", &[], &[]),
    flaw("docs.doubled-slash", "/docs is closed, //docs is open.", &[], &[]),
    flaw("docs.head", "GET /docs is closed, HEAD is open.", &[], &[]),
    flaw("docs.internal-host", "/docs is open to whoever says Host: localhost.", &[], &[]),
    flaw("docs.graphiql", "A GraphQL console.", &[], &[]),
    flaw("docs.metrics", "Metrics on the public port.", &[], &[]),
    flaw("docs.actuator", "Spring Boot's actuator.", &[], &[]),
    flaw("docs.debug", "Profiles and debug pages.", &[], &[]),
    flaw("docs.dotenv", "An .env file among the static files.", &[], &[]),
    flaw("docs.git-head", "The .git directory among the static files: HEAD.", &[], &[]),
    flaw("docs.git-config", "The .git directory among the static files: config.", &[], &[]),
    flaw("docs.forbidden", "/docs answers 403 and so tells that it is there.", &[], &[]),
    flaw("docs.telling-missing", "/docs answers a 404 of its own and so tells that it is there.", &[], &[]),
    flaw("docs.everything-found", "Every unknown path answers 200 with the page of a front end.", &[], &[]),
    flaw("docs.reflected-path", "The 404 repeats the path, in HTML and unescaped.", &[], &[]),
    flaw("docs.traceback", "A malformed body is answered with a traceback.", &[], &[]),
    flaw("docs.panic-text", "A malformed body is answered with the text of a panic.", &[], &[]),
];
