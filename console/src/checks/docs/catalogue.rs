//! The cards of the docs suite.

use futures::future::BoxFuture;

use super::super::{Check, Checked, Context, Reference, Remedy, Suite};
use super::{asked, errors, paths};
use crate::run::Severity::{self, Critical, High, Info, Low, Medium};

/// The checks of this suite, control first.
pub const CHECKS: &[Check] =
    &[CONTROL, INTERACTIVE, SCHEMA, GRAPHQL, METRICS, DEBUG, FILES, VARIANTS, EXISTENCE, UNKNOWN_PATH, ERRORS];

const API9: Reference = Reference {
    name: "OWASP API9:2023, improper inventory management",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa9-improper-inventory-management/",
};
const API8: Reference = Reference {
    name: "OWASP API8:2023, security misconfiguration",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
};
const WSTG_FILES: Reference = Reference {
    name: "OWASP WSTG, Review Old Backup and Unreferenced Files",
    url: "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/02-Configuration_and_Deployment_Management_Testing/04-Review_Old_Backup_and_Unreferenced_Files_for_Sensitive_Information",
};
const WSTG_ERRORS: Reference = Reference {
    name: "OWASP WSTG, Testing for Improper Error Handling",
    url: "https://owasp.org/www-project-web-security-testing-guide/latest/4-Web_Application_Security_Testing/08-Testing_for_Error_Handling/01-Testing_For_Improper_Error_Handling",
};
const CWE_200: Reference =
    Reference { name: "CWE-200, exposure of information", url: "https://cwe.mitre.org/data/definitions/200.html" };
const CWE_204: Reference =
    Reference { name: "CWE-204, observable discrepancy", url: "https://cwe.mitre.org/data/definitions/204.html" };
const CWE_209: Reference =
    Reference { name: "CWE-209, errors with sensitive information", url: "https://cwe.mitre.org/data/definitions/209.html" };
const CWE_489: Reference = Reference { name: "CWE-489, active debug code", url: "https://cwe.mitre.org/data/definitions/489.html" };
const CWE_538: Reference = Reference {
    name: "CWE-538, sensitive information in accessible files",
    url: "https://cwe.mitre.org/data/definitions/538.html",
};
const CWE_79: Reference = Reference { name: "CWE-79, cross-site scripting", url: "https://cwe.mitre.org/data/definitions/79.html" };

const NO_DOCS: Remedy = Remedy {
    axum: "Merge SwaggerUi and the schema route only when the configuration says so, never in production.",
    fastapi: "FastAPI(docs_url=None, redoc_url=None, openapi_url=None) in production.",
    express: "Mount swagger-ui-express and the schema only outside production.",
};
const NO_DEBUG: Remedy = Remedy {
    axum: "Serve metrics and profiles on another port that the platform does not publish.",
    fastapi: "Mount metrics on another port or behind authentication; debug=False.",
    express: "Serve metrics on another port that the platform does not publish; NODE_ENV=production.",
};
const NO_FILES: Remedy = Remedy {
    axum: "ServeDir only a directory made for it, never the working directory.",
    fastapi: "StaticFiles(directory=...) only for a directory made for it, never the project root.",
    express: "express.static only for a directory made for it, with dotfiles: 'deny'.",
};
const ONE_NOT_FOUND: Remedy = Remedy {
    axum: "One fallback for everything: Router::fallback; no route of its own for what is switched off.",
    fastapi: "Do not register routes that are switched off; one handler for 404.",
    express: "Do not register routes that are switched off; one 404 handler at the end that answers JSON.",
};
const PLAIN_ERRORS: Remedy = Remedy {
    axum: "Map every rejection to application/problem+json; log the cause and send only a request id.",
    fastapi: "debug=False, and an exception handler that logs the cause and sends only a request id.",
    express: "NODE_ENV=production, and an error handler that logs the cause and sends only a request id.",
};

type Run = fn(Context) -> BoxFuture<'static, Checked>;

/// Title, why and expectation.
type Words = [&'static str; 3];

const fn check(
    id: &'static str,
    severity: Severity,
    words: Words,
    references: &'static [Reference],
    remedy: Remedy,
    run: Run,
) -> Check {
    let [title, why, expectation] = words;
    Check {
        id,
        suite: Suite::Docs,
        title,
        why,
        expectation,
        severity,
        references,
        requirements: &["FR-006", "US3"],
        remedy,
        needs: &[],
        run,
    }
}

const CONTROL: Check = check(
    "docs.control",
    Info,
    [
        "The service answers, and unknown paths alike",
        "\"Not found\" means something only from a service that is up, and only if everything that is not there looks the same.",
        "A known path is answered; two invented ones get the same status and body.",
    ],
    &[API9],
    ONE_NOT_FOUND,
    |cx| Box::pin(asked::control(cx)),
);

const INTERACTIVE: Check = check(
    "docs.interactive",
    Medium,
    [
        "Interactive documentation is off",
        "Swagger UI, ReDoc and the like list every route, parameter and model, the forgotten ones included, and send requests for whoever \
         asks. Frameworks switch them on by default.",
        "None of the usual paths serves documentation, unless the policy authorises it.",
    ],
    &[API9, CWE_200],
    NO_DOCS,
    |cx| Box::pin(asked::undocumented(cx, paths::INTERACTIVE)),
);

const SCHEMA: Check = check(
    "docs.schema",
    Medium,
    [
        "The schema is not public",
        "With the page switched off, the description behind it is often still served, and tools read that rather than the page.",
        "None of the usual paths serves an OpenAPI, Swagger or AsyncAPI document, unless the policy authorises it.",
    ],
    &[API9, CWE_200],
    NO_DOCS,
    |cx| Box::pin(asked::undocumented(cx, paths::SCHEMAS)),
);

const GRAPHQL: Check = check(
    "docs.graphql",
    Medium,
    [
        "No GraphQL console and no introspection",
        "A console in production is interactive documentation that also runs what is typed; introspection is the schema.",
        "No console, no answer to __schema.",
    ],
    &[API9, API8],
    NO_DOCS,
    |cx| Box::pin(asked::undocumented(cx, paths::GRAPHQL)),
);

const METRICS: Check = check(
    "docs.metrics",
    Medium,
    [
        "Metrics are not public",
        "Metrics tell routes, error rates, versions and load: what an attacker wants to know while trying.",
        "No metrics on the public port.",
    ],
    &[API8, CWE_200],
    NO_DEBUG,
    |cx| Box::pin(asked::unserved(cx, paths::METRICS)),
);

const DEBUG: Check = check(
    "docs.debug",
    High,
    [
        "No debugger, profiler or actuator answers",
        "Environment dumps, heap dumps and consoles hand over secrets or the machine itself.",
        "None of the usual paths serves one.",
    ],
    &[API8, CWE_489],
    NO_DEBUG,
    |cx| Box::pin(asked::unserved(cx, paths::DEBUG)),
);

const FILES: Check = check(
    "docs.files",
    Critical,
    [
        "No file of the repository or machine is served",
        "An .env holds every secret of the service; a .git directory holds every secret it ever had.",
        "None of the usual files is served.",
    ],
    &[WSTG_FILES, CWE_538],
    NO_FILES,
    |cx| Box::pin(asked::unserved(cx, paths::FILES)),
);

const VARIANTS: Check = check(
    "docs.variants",
    Medium,
    [
        "Closed paths stay closed under other names",
        "Rules in a proxy compare text; the application behind it decodes, folds case and drops slashes. A path that is closed under one \
         name is then open under another.",
        "Trailing slash, capitals, escapes, doubled slash, HEAD and headers that rewrite the path or host change nothing.",
    ],
    &[API9, API8],
    NO_DOCS,
    |cx| Box::pin(asked::variants(cx)),
);

const EXISTENCE: Check = check(
    "docs.existence",
    Low,
    [
        "Closed paths look like unknown ones",
        "A 403, or a 404 with words of its own, tells which framework answers and what was switched off.",
        "Status and body are those of any unknown path, but for the path itself, ids and dates. A 401 is a remark: documentation for those who are signed in is a decision.",
    ],
    &[CWE_204, API9],
    ONE_NOT_FOUND,
    |cx| Box::pin(asked::existence(cx)),
);

const UNKNOWN_PATH: Check = check(
    "docs.unknown-path",
    Medium,
    [
        "Unknown paths are not found, and not repeated as markup",
        "An error page that repeats the path as it was sent runs scripts in the API's origin. A success for everything hides what is there \
         from monitors and audits.",
        "404 without the path as markup. A page for every path, as front ends have, is a remark.",
    ],
    &[CWE_79, API8],
    ONE_NOT_FOUND,
    |cx| Box::pin(asked::unknown_path(cx)),
);

const ERRORS: Check = check(
    "docs.errors",
    Medium,
    [
        "Errors give nothing of the inside away",
        "Stack traces and driver messages tell files, versions, queries and at times values. Debug pages offer a console besides.",
        "Malformed ids, queries, tokens and bodies bring an error that speaks of the request alone, and so does whatever else is refused in the \
         run.",
    ],
    &[CWE_209, WSTG_ERRORS],
    PLAIN_ERRORS,
    |cx| Box::pin(errors::plain(cx)),
);
