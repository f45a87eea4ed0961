//! The cards of the suite: id, reason, severity, references and remedies of each check. Nothing here asks or judges.

pub(super) mod accounts;
pub(super) mod claims;
pub(super) mod door;
pub(super) mod forgery;
pub(super) mod hostile;
pub(super) mod keys;

use crate::checks::{Check, Reference, Remedy, Suite};
use crate::run::Severity;

/// What every card of the suite shares; each card says the rest itself.
const CARD: Check = Check {
    id: "",
    suite: Suite::Jwt,
    title: "",
    why: "",
    expectation: "",
    severity: Severity::High,
    references: &[],
    requirements: &["US2", "FR-007"],
    remedy: PIN_ALGORITHM,
    needs: &[],
    run: |cx| Box::pin(super::presence::control(cx)),
};

/// Short for a reference.
const fn at(name: &'static str, url: &'static str) -> Reference {
    Reference { name, url }
}

const API2: Reference = at("OWASP API2:2023", "https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/");
const API5: Reference =
    at("OWASP API5:2023", "https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/");
const BEARER: Reference = at("RFC 6750, 2.1", "https://www.rfc-editor.org/rfc/rfc6750#section-2.1");
const CHALLENGE: Reference = at("RFC 6750, 3", "https://www.rfc-editor.org/rfc/rfc6750#section-3");
const URI_QUERY: Reference = at("RFC 6750, 2.3", "https://www.rfc-editor.org/rfc/rfc6750#section-2.3");
const PIN: Reference = at("RFC 8725, 3.1", "https://www.rfc-editor.org/rfc/rfc8725#section-3.1");
const VALIDATE: Reference = at("RFC 8725, 3.3", "https://www.rfc-editor.org/rfc/rfc8725#section-3.3");
const TRUST: Reference = at("RFC 8725, 3.10", "https://www.rfc-editor.org/rfc/rfc8725#section-3.10");
const COMPACT: Reference = at("RFC 7515, 7.1", "https://www.rfc-editor.org/rfc/rfc7515#section-7.1");
const STEPS: Reference = at("RFC 7519, 7.2", "https://www.rfc-editor.org/rfc/rfc7519#section-7.2");
const CWE_287: Reference = at("CWE-287", "https://cwe.mitre.org/data/definitions/287.html");
const CWE_306: Reference = at("CWE-306", "https://cwe.mitre.org/data/definitions/306.html");
const CWE_345: Reference = at("CWE-345", "https://cwe.mitre.org/data/definitions/345.html");
const CWE_347: Reference = at("CWE-347", "https://cwe.mitre.org/data/definitions/347.html");
const CWE_598: Reference = at("CWE-598", "https://cwe.mitre.org/data/definitions/598.html");
const CWE_613: Reference = at("CWE-613", "https://cwe.mitre.org/data/definitions/613.html");

const REQUIRE_TOKEN: Remedy = Remedy {
    axum: "Take the verified user as an extractor argument in every handler, so that a handler without it does not compile into a route of the API.",
    fastapi: "Put `dependencies=[Depends(current_user)]` on the APIRouter instead of on single routes, and take the user from that dependency alone.",
    express: "Mount the verifying middleware with `router.use(authenticate)` before any route of the router, not on single routes.",
};
const ONE_CARRIER: Remedy = Remedy {
    axum: "Read the token with axum-extra's `TypedHeader<Authorization<Bearer>>`, and from nowhere else; refuse a second Authorization header.",
    fastapi: "Read the token with `HTTPBearer()` alone; drop fallbacks to request.cookies, request.query_params and forms.",
    express: "Take the token only from a match of `/^Bearer ([\\w-]+\\.[\\w-]+\\.[\\w-]+)$/i` on req.headers.authorization; drop req.query, req.cookies and req.body.",
};
const COMPARE_CSRF: Remedy = Remedy {
    axum: "One middleware over all unsafe methods: compare the header with an HMAC of the session's id in constant time, and refuse an empty or missing one before any handler.",
    fastapi: "Keep the token in a cookie that scripts read, signed with the session (starlette-csrf, or Flask-JWT-Extended's JWT_COOKIE_CSRF_PROTECT), for POST, PUT, PATCH and DELETE alike.",
    express: "`csrf-csrf` with `getSessionIdentifier`, mounted by `app.use(doubleCsrfProtection)` before every router, not on single routes.",
};
const PIN_ALGORITHM: Remedy = Remedy {
    axum: "`Validation::new(Algorithm::HS256)` with one fixed algorithm and `decode`; never `dangerous::insecure_decode`, never the algorithm of the token's own header.",
    fastapi: "`jwt.decode(token, SECRET, algorithms=[\"HS256\"])`: a fixed list, never the token's own `alg`, never `options={\"verify_signature\": False}`.",
    express: "`jwt.verify(token, secret, { algorithms: ['HS256'] })`: never `jwt.decode`, which checks nothing.",
};
const OWN_KEYS: Remedy = Remedy {
    axum: "Build the DecodingKey from configuration, or from the configured JWKS URL by a kid that it contains; ignore jwk, jku, x5u and x5c of the header.",
    fastapi: "Use the configured secret, or `PyJWKClient(CONFIGURED_URL)`; never a key or an address from `jwt.get_unverified_header`.",
    express: "Pass the configured key, or `jwks-rsa` with a fixed jwksUri; never build the key from `jwt.decode(token, { complete: true }).header`.",
};
const STRONG_SECRET: Remedy = Remedy {
    axum: "Generate it with `openssl rand -base64 48`, read it from the environment, and let start-up fail when it is missing, short or a placeholder.",
    fastapi: "Generate it with `openssl rand -base64 48`; read it as `os.environ[\"JWT_SECRET\"]`, without a default, and check its length at start-up.",
    express: "Generate it with `openssl rand -base64 48`; throw at start-up when process.env.JWT_SECRET is missing: `||` with a literal is a back door.",
};
const CHECK_TIMES: Remedy = Remedy {
    axum: "Keep `validate_exp`, set `validate_nbf = true`, a small `leeway`, and `set_required_spec_claims(&[\"exp\", \"sub\"])`; bound exp - iat yourself.",
    fastapi: "`jwt.decode(..., leeway=10, options={\"require\": [\"exp\", \"iat\", \"sub\"]})`; never `verify_exp: False`.",
    express: "`jwt.verify(token, secret, { algorithms: ['HS256'], maxAge: '1h', clockTolerance: 10 })`; never `ignoreExpiration`.",
};
const BOUND_LIFETIME: Remedy = Remedy {
    axum: "Require `exp` and `iat`, and refuse where `claims.exp - claims.iat` exceeds the longest lifetime that you issue; issue no longer ones.",
    fastapi: "Behind `jwt.decode(..., options={\"require\": [\"exp\", \"iat\"]})`: `if claims[\"exp\"] - claims[\"iat\"] > 3600: raise`; issue no longer ones.",
    express: "Behind `jwt.verify`: `if (!(claims.exp - claims.iat <= 3600)) throw`; `maxAge` alone bounds the age, not the end. Issue no longer ones.",
};
const TYPED_TIMES: Remedy = Remedy {
    axum: "Deserialize `exp` into a `u64` of the claims struct and keep `validate_exp`: what is not a number does not parse.",
    fastapi: "PyJWT converts with int(): catch `(jwt.InvalidTokenError, TypeError, OverflowError)` as one 401, and refuse unless `type(claims[\"exp\"]) is int` and it is near: `claims[\"exp\"] - time.time() <= 3600`.",
    express: "jsonwebtoken refuses an `exp` that is no number; refuse a token without one too: `if (!Number.isSafeInteger(claims.exp)) throw`.",
};
const PLAIN_CLAIMS: Remedy = Remedy {
    axum: "Let `decode` parse the claims into a struct with `sub: String` and `exp`: whatever else the payload is, it is refused.",
    fastapi: "PyJWT wants an object; catch `(jwt.InvalidTokenError, RecursionError)` as one 401, since deep JSON is no InvalidTokenError, and refuse unless `sub` is a str.",
    express: "`new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(token.split('.')[1], 'base64url'))` in the same try as `jwt.verify`, and refuse unless `typeof claims?.sub === 'string'`.",
};
const ONE_SPELLING: Remedy = Remedy {
    axum: "jsonwebtoken takes unpadded base64url alone: hand it the token as it came, neither trimmed nor repaired.",
    fastapi: "PyJWT skips characters that are no base64: first refuse unless `re.fullmatch(r\"[\\w-]+\\.[\\w-]+\\.[\\w-]+\", token, re.ASCII)` and, for the signature, `jwt.utils.base64url_encode(jwt.utils.base64url_decode(part)).decode() == part`.",
    express: "Before `jwt.verify`, with `part` the text of the signature: `if (Buffer.from(part, 'base64url').toString('base64url') !== part) throw`.",
};
const ONE_CREDENTIAL: Remedy = Remedy {
    axum: "Answer 401 where `headers.get_all(AUTHORIZATION).iter().count() != 1`, before `TypedHeader<Authorization<Bearer>>` takes the first.",
    fastapi: "Starlette hands out the first: answer 401 where `len(request.headers.getlist(\"authorization\")) != 1`, and match the whole of it: `re.fullmatch(r\"Bearer ([\\w.-]+)\", value)`.",
    express: "Node keeps the first: answer 401 where `req.headersDistinct.authorization?.length !== 1`, and match the whole of it: `/^Bearer ([\\w.-]+)$/i`.",
};
const CHECK_PARTIES: Remedy = Remedy {
    axum: "`set_issuer`, `set_audience` *and* put \"iss\" and \"aud\" into the required claims: jsonwebtoken accepts tokens where a configured claim is absent.",
    fastapi: "`jwt.decode(..., issuer=ISSUER, audience=AUDIENCE, options={\"require\": [\"iss\", \"aud\"]})`.",
    express: "`jwt.verify(token, secret, { algorithms: ['HS256'], issuer, audience })` with exact texts, not regular expressions.",
};
const CHECK_SUBJECT: Remedy = Remedy {
    axum: "Deserialize claims into a struct with `sub: String`, refuse an empty one, and compare it by bytes ever after.",
    fastapi: "Validate the claims with a pydantic model (`sub: Annotated[str, Field(min_length=1, strict=True)]`) before anything uses them.",
    express: "Refuse unless `typeof claims.sub === 'string' && claims.sub !== ''`; pass it to queries as one bound parameter, untrimmed.",
};
const CHECK_HEADER: Remedy = Remedy {
    axum: "jsonwebtoken ignores `crit`, `cty` and `zip`: look at `decode_header(token)?` and refuse tokens that have any of them, or a `typ` other than JWT.",
    fastapi: "After `jwt.get_unverified_header(token)` refuse `crit`, `cty`, `zip` and any `typ` but JWT; PyJWT does not judge them all.",
    express: "With `jwt.verify(token, secret, { algorithms: ['HS256'], complete: true })` refuse a header with crit, cty or zip, or a typ other than JWT.",
};
const SAME_ANSWER: Remedy = Remedy {
    axum: "Map every verifier error to one 401 problem with `WWW-Authenticate: Bearer`; log the cause, answer none of it.",
    fastapi: "Catch `jwt.InvalidTokenError` as a whole and raise one HTTPException(401, headers={\"WWW-Authenticate\": \"Bearer\"}).",
    express: "In the error handler answer one 401 body for every JsonWebTokenError; never send `err.message`.",
};
const END_SESSIONS: Remedy = Remedy {
    axum: "Give each session an id that is a claim of its tokens and a row of the database, and look the row up in the extractor; delete it on sign-out, all of a user's on a new password.",
    fastapi: "Keep a `token_version` (or session row) per user, put it into the claims, compare it in `current_user`, and raise it on sign-out, password change and deletion.",
    express: "Keep sessions in a store and compare the token's `jti` in the middleware; remove it on sign-out, and all of a user's on a new password.",
};
const QUIET_LOGIN: Remedy = Remedy {
    axum: "Verify a fixed dummy hash when the user is missing, answer one 401 for both, and put governor in front, keyed by account and address.",
    fastapi: "Hash against a dummy when the user is missing, raise the same HTTPException(401) for both, and limit the route with slowapi.",
    express: "Compare with a dummy bcrypt hash when the user is missing, send one 401 body for both, and put express-rate-limit on the route.",
};
const LEAN_CLAIMS: Remedy = Remedy {
    axum: "Serialise a claims struct with `sub`, `iat`, `exp`, `iss` and `aud`, never the user's row.",
    fastapi: "Build the claims from the id alone; never `user.dict()` or `model_dump()` of the database model.",
    express: "`jwt.sign({}, key, { subject: user.id })`, never `jwt.sign(user.toJSON(), key)`.",
};
