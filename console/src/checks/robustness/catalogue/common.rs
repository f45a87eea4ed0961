//! What the cards rest on: where the rules are written down, and how to mend a failure in the common stacks.

use super::super::super::{Reference, Remedy};

pub(super) const API4: Reference = Reference {
    name: "OWASP API4:2023, unrestricted resource consumption",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
};
pub(super) const API8: Reference = Reference {
    name: "OWASP API8:2023, security misconfiguration",
    url: "https://owasp.org/API-Security/editions/2023/en/0xa8-security-misconfiguration/",
};
pub(super) const RFC_9110: Reference =
    Reference { name: "RFC 9110, HTTP semantics", url: "https://www.rfc-editor.org/rfc/rfc9110" };
pub(super) const RFC_9110_METHODS: Reference =
    Reference { name: "RFC 9110, 9, methods", url: "https://www.rfc-editor.org/rfc/rfc9110#section-9" };
pub(super) const RFC_9110_405: Reference =
    Reference { name: "RFC 9110, 15.5.6, 405 Method Not Allowed", url: "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6" };
pub(super) const RFC_9110_413: Reference =
    Reference { name: "RFC 9110, 15.5.14, 413 Content Too Large", url: "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14" };
pub(super) const RFC_9110_415: Reference = Reference {
    name: "RFC 9110, 15.5.16, 415 Unsupported Media Type",
    url: "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16",
};
pub(super) const RFC_9112_FRAMING: Reference =
    Reference { name: "RFC 9112, 6.3, message body length", url: "https://www.rfc-editor.org/rfc/rfc9112#section-6.3" };
pub(super) const RFC_9112_SMUGGLING: Reference =
    Reference { name: "RFC 9112, 11.2, request smuggling", url: "https://www.rfc-editor.org/rfc/rfc9112#section-11.2" };
pub(super) const RFC_9112_TARGET: Reference =
    Reference { name: "RFC 9112, 3, request line and target", url: "https://www.rfc-editor.org/rfc/rfc9112#section-3" };
pub(super) const RFC_6585: Reference = Reference { name: "RFC 6585, 429 and 431", url: "https://www.rfc-editor.org/rfc/rfc6585" };
pub(super) const RFC_8259: Reference = Reference { name: "RFC 8259, JSON", url: "https://www.rfc-editor.org/rfc/rfc8259" };
pub(super) const RFC_9457: Reference =
    Reference { name: "RFC 9457, problem details", url: "https://www.rfc-editor.org/rfc/rfc9457" };
pub(super) const IDEMPOTENCY_KEY: Reference = Reference {
    name: "IETF draft, the Idempotency-Key header",
    url: "https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/",
};
pub(super) const CWE_20: Reference =
    Reference { name: "CWE-20, improper input validation", url: "https://cwe.mitre.org/data/definitions/20.html" };
pub(super) const CWE_22: Reference =
    Reference { name: "CWE-22, path traversal", url: "https://cwe.mitre.org/data/definitions/22.html" };
pub(super) const CWE_89: Reference =
    Reference { name: "CWE-89, SQL injection", url: "https://cwe.mitre.org/data/definitions/89.html" };
pub(super) const CWE_288: Reference =
    Reference { name: "CWE-288, authentication bypass by another path", url: "https://cwe.mitre.org/data/definitions/288.html" };
pub(super) const CWE_400: Reference =
    Reference { name: "CWE-400, uncontrolled resource consumption", url: "https://cwe.mitre.org/data/definitions/400.html" };
pub(super) const CWE_409: Reference =
    Reference { name: "CWE-409, data amplification", url: "https://cwe.mitre.org/data/definitions/409.html" };
pub(super) const CWE_444: Reference =
    Reference { name: "CWE-444, HTTP request smuggling", url: "https://cwe.mitre.org/data/definitions/444.html" };
pub(super) const CWE_644: Reference =
    Reference { name: "CWE-644, host header taken for granted", url: "https://cwe.mitre.org/data/definitions/644.html" };
pub(super) const CWE_650: Reference =
    Reference { name: "CWE-650, trusting HTTP methods", url: "https://cwe.mitre.org/data/definitions/650.html" };
pub(super) const CWE_674: Reference =
    Reference { name: "CWE-674, uncontrolled recursion", url: "https://cwe.mitre.org/data/definitions/674.html" };
pub(super) const CWE_755: Reference = Reference {
    name: "CWE-755, improper handling of exceptional conditions",
    url: "https://cwe.mitre.org/data/definitions/755.html",
};
pub(super) const CWE_918: Reference =
    Reference { name: "CWE-918, server-side request forgery", url: "https://cwe.mitre.org/data/definitions/918.html" };
pub(super) const XST: Reference =
    Reference { name: "OWASP, cross-site tracing", url: "https://owasp.org/www-community/attacks/Cross_Site_Tracing" };

pub(super) const PARSE_REMEDY: Remedy = Remedy {
    axum: "Take bodies through an extractor (axum::Json) whose rejection is mapped to 400 or 422; never unwrap what was sent.",
    fastapi: "Declare a pydantic model; where request.json() is called by hand, catch ValueError and answer 422.",
    express: "express.json() and a schema (zod, ajv) before the handler; an error handler that keeps err.status.",
};
pub(super) const QUOTES_REMEDY: Remedy = Remedy {
    axum: "Bind values: `sqlx::query!(\"… where title like $1\", pattern)`, never format!() into SQL; choose columns from a fixed list.",
    fastapi: "Build statements with SQLAlchemy's expressions, or `text(\"… where title like :q\")` with bound parameters; no f-strings.",
    express: "Parameters of the driver (`db.prepare(\"… where title like ?\").all(pattern)`), never template strings.",
};
pub(super) const EXTREME_REMEDY: Remedy = Remedy {
    axum: "serde_json bounds its recursion; refuse NUL where the database is PostgreSQL, in the model and not in the query.",
    fastapi: "Refuse NUL and surrogates in a validator; answer validation errors without repeating the input, which JSON may not \
              hold.",
    express: "A schema with lengths; a reviver-free JSON.parse; an error handler for RangeError.",
};
pub(super) const MEDIA_REMEDY: Remedy = Remedy {
    axum: "axum::Json refuses other types with 415; map its rejection, and read no body as bytes.",
    fastapi: "FastAPI refuses other types (strict_content_type); keep that on.",
    express: "Refuse with 415 unless req.is('application/json'): express.json() leaves req.body undefined for other types.",
};
pub(super) const IDS_REMEDY: Remedy = Remedy {
    axum: "Path<Uuid> or a bounded integer in the extractor; map its rejection to 404.",
    fastapi: "Annotate the parameter with its bounds: Path(ge=1, le=2**63 - 1), or UUID.",
    express: "Validate req.params.id with a schema before the query; answer 404 otherwise.",
};
pub(super) const METHODS_REMEDY: Remedy = Remedy {
    axum: "Route by method (get(..).post(..)) and let method_not_allowed_fallback answer; authenticate before looking at the \
           method.",
    fastapi: "Use @app.get and the like; never decide about authentication by request.method.",
    express: "Use app.get and the like, not app.all; mount authentication with app.use, for every method.",
};
pub(super) const ALLOW_REMEDY: Remedy = Remedy {
    axum: "method_not_allowed_fallback keeps the Allow header that axum sets; do not write it by hand.",
    fastapi: "Leave Allow to Starlette; a custom 405 handler must keep exc.headers.",
    express: "res.set('Allow', ...) from the routes themselves, in one app.all behind each route.",
};
pub(super) const TRACE_REMEDY: Remedy = Remedy {
    axum: "No route answers TRACE; hyper does not by itself. Switch it off at the proxy (Apache: TraceEnable off).",
    fastapi: "No route answers TRACE; switch it off at the proxy.",
    express: "No route answers TRACE; switch it off at the proxy.",
};
pub(super) const HEAD_REMEDY: Remedy = Remedy {
    axum: "get(..) answers HEAD as well; do not write a HEAD handler.",
    fastapi: "Add HEAD where GET is: @app.api_route(..., methods=[\"GET\", \"HEAD\"]), behind the same dependencies.",
    express: "app.get answers HEAD as well; do not write app.head.",
};
pub(super) const HOSTS_REMEDY: Remedy = Remedy {
    axum: "Make Location and links relative, or from a configured base URL.",
    fastapi: "Make links from a configured base URL; TrustedHostMiddleware; redirect_slashes=False; proxy headers only from the \
              proxy (--forwarded-allow-ips).",
    express: "Make links from a configured base URL; set trust proxy to the proxy's address alone.",
};
pub(super) const PATHS_REMEDY: Remedy = Remedy {
    axum: "Authenticate in the handler (an extractor), not by the text of the path; ServeDir refuses to climb.",
    fastapi: "Authenticate by dependency, not by request.url.path in a middleware; StaticFiles refuses to climb.",
    express: "Authenticate in the router, not by req.url; express.static and res.sendFile with root refuse to climb.",
};
pub(super) const SYNTAX_REMEDY: Remedy = Remedy {
    axum: "hyper answers 400 by itself; refuse a request without exactly one Host in a middleware.",
    fastapi: "uvicorn with httptools answers 400 to most; put TrustedHostMiddleware in front.",
    express: "Node.js answers 400 by itself; do not pass insecureHTTPParser.",
};
pub(super) const SHAPE_REMEDY: Remedy = Remedy {
    axum: "One IntoResponse for errors (application/problem+json), method_not_allowed_fallback and fallback included; a request \
           id layer outermost.",
    fastapi: "Exception handlers for HTTPException and RequestValidationError that answer one form; a middleware that sets the \
              id.",
    express: "A 404 handler and an error handler that answer JSON; a middleware that sets the id.",
};
pub(super) const LIMIT_REMEDY: Remedy = Remedy {
    axum: "DefaultBodyLimit or tower-http RequestBodyLimitLayer.",
    fastapi: "FastAPI(max_body_size=...) where there is one, else a middleware that counts what it reads; a limit at the proxy.",
    express: "express.json({ limit: '64kb' }).",
};
pub(super) const HEADER_LIMIT_REMEDY: Remedy = Remedy {
    axum: "hyper: http1::Builder::max_buf_size and max_headers.",
    fastapi: "uvicorn --h11-max-incomplete-event-size; a limit at the proxy.",
    express: "node --max-http-header-size; server.maxHeadersCount.",
};
pub(super) const FRAMING_REMEDY: Remedy = Remedy {
    axum: "hyper refuses what is ambiguous; answer Connection: close to whatever has Transfer-Encoding.",
    fastapi: "uvicorn with httptools refuses it; avoid h11 behind a proxy that passes both fields on.",
    express: "Node.js refuses it; do not pass insecureHTTPParser.",
};
pub(super) const SLOW_REMEDY: Remedy = Remedy {
    axum: "hyper: http1::Builder::header_read_timeout with a timer; tower-http RequestBodyTimeoutLayer. axum::serve sets no \
           timer.",
    fastapi: "A proxy with time-outs in front: uvicorn sets none for the header section or the body.",
    express: "server.headersTimeout and server.requestTimeout.",
};
pub(super) const GZIP_REMEDY: Remedy = Remedy {
    axum: "RequestDecompressionLayer inside RequestBodyLimitLayer, so that the limit counts what comes out.",
    fastapi: "Do not decompress request bodies; else count what comes out.",
    express: "express.json({ limit }) counts what comes out; inflate: false refuses it.",
};
pub(super) const RATE_REMEDY: Remedy = Remedy {
    axum: "governor or tower_governor, inside the CORS layer, with Retry-After.",
    fastapi: "slowapi or a limit at the proxy, inside CORSMiddleware.",
    express: "express-rate-limit with standardHeaders, after cors().",
};
pub(super) const REPLAY_REMEDY: Remedy = Remedy {
    axum: "Store the key with the answer in the transaction that creates; a unique index on owner and key.",
    fastapi: "Store the key with the answer in the transaction that creates; a unique index on owner and key.",
    express: "Store the key with the answer in the transaction that creates; a unique index on owner and key.",
};
