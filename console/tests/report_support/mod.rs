//! A run that has everything a report may meet, and decisions as hostile as they come.
#![allow(dead_code, reason = "each test binary uses its own part")]

use console::adr::{Decisions, read_dir};
use console::audit::Audit;
use console::checks::Suite;
use console::run::{
    Accepted, CheckResult, Cleanup, Counts, Endpoint, Evidence, EvidenceClass, Exchange, Finding, LeftBehind, ReleaseSeen,
    RequestRecord, ResponseRecord, Run, SCHEMA, Severity, Source, Stats, TargetSummary, Tool, VariableSeen, Verdict,
};

/// Texts that would do something if they came through.
pub(crate) const HOSTILE: &[&str] = &[
    "<script>window.pwned=1;alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</code></pre></details><iframe src=https://evil.example></iframe>",
    "</style><script>alert(1)</script>",
    "{{ 7 * 7 }} {% include \"x\" %}",
    "a\u{202e}txt.exe\u{1b}[2J\u{7}\u{0}",
    "```\n<script>alert(1)</script>\n```",
    "[click](javascript:alert(1)) ![x](https://evil.example/p.png)",
    "| a | b |\n|---|---|\n# heading\n- item\n    code",
    "<!-- --><base href=https://evil.example><meta http-equiv=refresh content=0;url=https://evil.example>",
];

fn hostile(at: usize) -> &'static str {
    HOSTILE[at % HOSTILE.len()]
}

/// An audit of a run with every verdict, every class of evidence and hostile text wherever text can be.
pub(crate) fn hostile_audit() -> Audit {
    let mut run = run();
    run.headline = hostile(0).into();
    run.target.name = hostile(1).into();
    run.target.url = format!("https://api.example/{}", hostile(2));
    run.target.origins.push(hostile(3).into());
    for (at, check) in run.checks.iter_mut().enumerate() {
        check.title = format!("{} {}", check.title, hostile(at));
        check.summary = format!("{} {}", check.summary, hostile(at + 1));
        for piece in &mut check.evidence {
            piece.label = hostile(at + 2).into();
            piece.observed = hostile(at + 3).into();
            if let Some(exchange) = &mut piece.exchange {
                exchange.curl = hostile(at + 4).into();
                exchange.request.headers.push(("x".into(), hostile(at + 5).into()));
                exchange.request.body = Some(HOSTILE.join("\n"));
                if let Some(response) = &mut exchange.response {
                    response.body = HOSTILE.join("\n");
                }
            }
        }
    }
    for (at, id) in ["cors.<script>", "x\" onclick=alert(1) y=\"", "javascript:alert(1)"].into_iter().enumerate() {
        let mut odd = check(&format!("{id}.{at}"), "odd <b>suite</b>", Severity::Low, Verdict::Warn, hostile(at));
        odd.requirements = vec![hostile(at).into()];
        run.checks.push(odd);
    }
    for (at, check) in run.checks.iter_mut().filter(|check| check.verdict == Verdict::Warn).enumerate() {
        let until = time::macros::date!(2026 - 12 - 31);
        check.accepted = Some(Accepted { reason: hostile(at).into(), owner: hostile(at + 1).into(), until });
    }
    run.notes = HOSTILE.iter().map(ToString::to_string).collect();
    run.counts = Counts::of(&run.checks);
    run.releases[0].commit = Some(hostile(1).into());
    run.endpoints[0].path = hostile(0).into();
    run.endpoints[0].methods = vec![hostile(9).into()];
    run.variables[0].name = hostile(1).into();
    run.variables[0].purpose = hostile(10).into();
    run.cleanup.left.push(LeftBehind { what: hostile(7).into(), why: hostile(8).into() });
    let mut earlier = run.clone();
    earlier.target.name = hostile(2).into();
    earlier.target.origins = vec![hostile(3).into()];
    earlier.checks.truncate(5);
    earlier.checks.push(check(hostile(0), hostile(1), Severity::Low, Verdict::Pass, hostile(2)));
    Audit::of(run, hostile_decisions()).since(&earlier)
}

/// An audit like those that people will read: a few failures among many passes.
pub(crate) fn audit() -> Audit {
    Audit::of(run(), decisions())
}

/// The run of [`audit`].
pub(crate) fn run() -> Run {
    let checks = checks();
    Run {
        schema: SCHEMA.into(),
        id: "0199c0de-7000-7000-8000-00000000cafe".into(),
        demo: false,
        tool: Tool { name: "postflight".into(), version: "0.1.0".into() },
        target: TargetSummary {
            name: "production".into(),
            url: "https://tasks-api.up.railway.app".into(),
            origins: vec!["https://tasks.vercel.app".into(), "https://tasks.example.com".into()],
            tokens: "minted".into(),
            writes: true,
        },
        started_at: time::macros::datetime!(2026-11-23 14:03:09 UTC),
        verdict: Verdict::Fail,
        headline: format!(
            "2 of {} checks saw a flaw: origin null is let in, and a foreign task can be told from a missing one. 4 could not be judged.",
            checks.len()
        ),
        counts: Counts::of(&checks),
        stats: Stats {
            probes: 912,
            wall_ms: 14_380,
            deadline_ms: 60_000,
            connections: 16,
            p50_ms: 41.327,
            p95_ms: 188.91,
            ..Stats::default()
        },
        releases: vec![ReleaseSeen {
            commit: Some("3484b52e0f".into()),
            version: Some("0.1.0".into()),
            deployment: Some("d-7a41".into()),
            started_at: Some("2026-11-23T13:58:00Z".into()),
            replica: Some("r1".into()),
            environment: Some("production".into()),
        }],
        checks,
        endpoints: endpoints(),
        variables: variables(),
        cleanup: Cleanup {
            created: 34,
            deleted: 33,
            swept: 1,
            left: vec![LeftBehind { what: "/api/tasks/0199-77".into(), why: "DELETE answered 503 three times".into() }],
            accounts: Vec::new(),
        },
        notes: Vec::new(),
    }
}

fn endpoints() -> Vec<Endpoint> {
    let endpoint = |methods: &[&str], path: &str, auth: &str, purpose: &str| Endpoint {
        methods: methods.iter().map(ToString::to_string).collect(),
        path: path.into(),
        auth: auth.into(),
        purpose: purpose.into(),
    };
    vec![
        endpoint(&["GET"], "/livez", "none", "Liveness: never touches the database"),
        endpoint(&["GET"], "/health", "none", "Deep health: a real round trip to the database"),
        endpoint(&["GET", "POST"], "/api/tasks", "bearer", "The caller's own tasks"),
        endpoint(&["GET", "PUT", "PATCH", "DELETE"], "/api/tasks/{id}", "bearer", "One task of the caller"),
    ]
}

fn variables() -> Vec<VariableSeen> {
    let variable = |name: &str, purpose: &str, required, present| VariableSeen {
        name: name.into(),
        purpose: purpose.into(),
        required,
        present,
    };
    vec![
        variable("DATABASE_URL", "pooled connection to PostgreSQL", true, Some(true)),
        variable("JWT_SECRET", "verifies HS256 tokens", true, None),
        variable("API_DOCS", "switches the interactive documentation on", false, Some(false)),
    ]
}

/// A result without evidence.
pub(crate) fn check(id: &str, suite: &str, severity: Severity, verdict: Verdict, summary: &str) -> CheckResult {
    CheckResult {
        id: id.into(),
        suite: suite.into(),
        title: format!("{} is as it should be", id.replace('.', " ")),
        severity,
        verdict,
        accepted: None,
        judged_on: None,
        summary: summary.into(),
        evidence: Vec::new(),
        requirements: Vec::new(),
        probes: 12,
        elapsed_ms: 140,
    }
}

fn live(label: &str, finding: Finding, observed: &str, status: u16) -> Evidence {
    Evidence {
        label: label.into(),
        finding,
        class: EvidenceClass::Live,
        source: Some(Source::App),
        observed: observed.into(),
        exchange: Some(Exchange {
            request: RequestRecord {
                method: "GET".into(),
                url: "https://tasks-api.up.railway.app/api/tasks?limit=1".into(),
                headers: vec![
                    ("user-agent".into(), "postflight/0.1.0 run/0199c0de-7000-7000-8000-00000000cafe".into()),
                    ("authorization".into(), "Bearer $POSTFLIGHT_TOKEN_A".into()),
                    ("origin".into(), "null".into()),
                ],
                body: None,
            },
            response: Some(ResponseRecord {
                status,
                headers: vec![
                    ("content-type".into(), "application/json".into()),
                    ("access-control-allow-origin".into(), "null".into()),
                    ("vary".into(), "Origin".into()),
                ],
                body: "{\"items\":[{\"id\":\"0199c0de-aaaa\",\"title\":\"postflight-k3x9q0a1zz\",\"completed\":false}],\"next_cursor\":null}".into(),
                truncated: true,
                elapsed_ms: 41.3,
            }),
            curl: "curl -sS -i -H 'Origin: null' -H \"Authorization: Bearer $POSTFLIGHT_TOKEN_A\" 'https://tasks-api.up.railway.app/api/tasks?limit=1'".into(),
        }),
    }
}

fn checks() -> Vec<CheckResult> {
    let mut checks = special_checks();
    let passes: &[(&str, &str, &str)] = &[
        ("health.control", "health", "FR-005"),
        ("health.deep", "health", "FR-005"),
        ("cors.control", "cors", "FR-004"),
        ("cors.origin.reflected", "cors", "SC-003"),
        ("cors.origin.subdomain", "cors", "SC-003"),
        ("cors.origin.suffix", "cors", "SC-003"),
        ("cors.preflight.foreign", "cors", "SC-003"),
        ("cors.vary", "cors", "FR-004"),
        ("jwt.control", "jwt", "US2"),
        ("jwt.alg.none", "jwt", "US2"),
        ("jwt.signature", "jwt", "US2"),
        ("jwt.missing", "jwt", "US2"),
        ("isolation.control", "isolation", "US2"),
        ("isolation.write", "isolation", "US2"),
        ("docs.paths", "docs", "FR-006"),
        ("secrets.values", "secrets", "SC-002"),
    ];
    checks.extend(passes.iter().map(|(id, suite, requirement)| passed(id, suite, &[requirement])));
    for known in console::checks::catalogue() {
        if !checks.iter().any(|check| check.id == known.id) {
            checks.push(passed(known.id, known.suite.word(), known.requirements));
        }
    }
    for check in &mut checks {
        if let Some(known) = console::checks::find(&check.id) {
            (check.title, check.severity) = (known.title.into(), known.severity);
        }
    }
    checks.sort_by_key(|check| Suite::ALL.iter().position(|suite| suite.word() == check.suite));
    checks
}

fn passed(id: &str, suite: &str, requirements: &[&str]) -> CheckResult {
    let mut passed = check(id, suite, Severity::High, Verdict::Pass, "34 of 34 requests as expected");
    passed.requirements = requirements.iter().map(ToString::to_string).collect();
    passed.evidence = match suite {
        "secrets" => vec![Evidence::repository("412 commits", Finding::Held, "no declared value in the tree or in any commit")],
        _ => vec![live(&format!("GET /api/tasks for {id}"), Finding::Held, "refused with 401, no allow-origin header", 401)],
    };
    passed
}

fn special_checks() -> Vec<CheckResult> {
    let key = "minting needs the signing key; name its variable under `tokens.mint` in postflight.toml";
    let mut null = check(
        "cors.origin.null",
        "cors",
        Severity::High,
        Verdict::Fail,
        "33 of 34 requests as expected; 1 broke it: GET /api/tasks with Origin: null (allow-origin: null)",
    );
    null.requirements = vec!["FR-004".into(), "SC-003".into()];
    null.evidence = vec![
        live("GET /api/tasks with Origin: null", Finding::Broken, "the answer allows the origin null", 200),
        live("GET /api/tasks with Origin: null on a 404", Finding::Held, "no allow-origin header", 404),
    ];
    let mut oracle = check(
        "isolation.oracle",
        "isolation",
        Severity::Critical,
        Verdict::Fail,
        "a foreign id answers 403, a missing one 404: ids of others can be found by trying",
    );
    oracle.requirements = vec!["US2".into()];
    oracle.evidence = vec![live("GET A's task with B's token", Finding::Broken, "403 here, 404 for a random id", 403)];
    let mut hsts = check("headers.hsts", "headers", Severity::Low, Verdict::Warn, "max-age is 86400; a year is expected");
    hsts.evidence = vec![live("GET /health", Finding::Weak, "strict-transport-security: max-age=86400", 200)];
    let mut commit = check("release.commit", "release", Severity::Medium, Verdict::Pass, "the commit is the one that was deployed");
    commit.requirements = vec!["SC-001".into()];
    commit.evidence =
        vec![Evidence::of(EvidenceClass::SelfReported, "commit in /health", Finding::Held, "3484b52e0f, as expected")];
    let mut outage =
        check("health.database", "health", Severity::Medium, Verdict::Inconclusive, "only the edge answered (502) three times");
    outage.evidence = vec![Evidence::of(EvidenceClass::Live, "GET /health", Finding::Unclear, "timed out after 5 s")];
    outage.requirements = vec!["FR-005".into()];
    let mut claims = check("jwt.claims.expiry", "jwt", Severity::High, Verdict::Skip, key);
    claims.requirements = vec!["US2".into()];
    let audience = check("jwt.claims.audience", "jwt", Severity::High, Verdict::Skip, key);
    let procfile = check("procfile.web", "procfile", Severity::Medium, Verdict::Skip, "not inside a git repository");
    vec![null, oracle, hsts, commit, outage, claims, audience, CheckResult { requirements: vec!["FR-002".into()], ..procfile }]
}

/// The decisions of files with these names and texts.
pub(crate) fn decisions_of<N: AsRef<str>, T: AsRef<str>>(files: impl IntoIterator<Item = (N, T)>) -> Decisions {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name.as_ref()), text.as_ref()).unwrap();
    }
    read_dir(dir.path()).unwrap()
}

/// Decisions that refer to each other and to checks.
pub(crate) fn decisions() -> Decisions {
    decisions_of([
        ("0001-exact-allowlist.md", ALLOWLIST),
        (
            "0002-pgbouncer.md",
            "# 2. Pool through PgBouncer\n\nDate: 2026-11-02\n\n## Status\n\nSuperseded by [3. Tune](0003-pool.md)\n\n## Context\n\nWas.\n",
        ),
        (
            "0003-pool.md",
            "# 3. Tune the pool for Neon\n\nDate: 2026-11-03\n\n## Status\n\nAccepted\n\nSupersedes [2. Pool](0002-pgbouncer.md)\n\n## Context\n\nText.\n\n## Verified by\n\n- health.*\n- jwt.gone\n",
        ),
        (
            "0004-leave-telemetry-out.md",
            "# 4. Leave telemetry out\n\n## Status\n\nAccepted\n\n## Verified by\n\nnone: HTTP cannot see what is not sent\n",
        ),
    ])
}

/// Decisions among which one tries everything.
pub(crate) fn hostile_decisions() -> Decisions {
    let attacks = HOSTILE.join("\n\n").replace('\0', "");
    let text = format!(
        "# <script>alert(1)</script> [x](javascript:alert(1))\n\n- Status: \"><img src=x onerror=alert(1)>\n- Date: <svg/onload=alert(1)>\n\
         - Verified-by: cors.origin.null, <script>alert(2)</script>\n\n## Context {{#main onclick=alert(1)}}\n\n{attacks}\n\n\
         [a](JaVaScRiPt:alert(1)) <a href=\"javascript:alert(1)\">b</a> [c](0001-exact-allowlist.md) <javascript:alert(1)>\n\n\
         ![pixel](https://evil.example/p.png) [d]: x\n\n<details open ontoggle=alert(1)>\n\n<style>*{{display:none}}</style>\n"
    );
    let odd_name = "0667-\"><img src=x onerror=alert(1)> & (b) [c] |.md";
    decisions_of([
        ("0001-exact-allowlist.md", ALLOWLIST),
        ("0666-hostile.md", &text),
        (odd_name, &text),
        ("0668-<b>binary.md", &HOSTILE.join("\n")),
    ])
}

const ALLOWLIST: &str = "\
# 1. Use one exact allowlist of origins

Date: 2026-11-02

## Status

Accepted

## Context

Browsers send `Origin` with every cross-origin request. Patterns fail **quietly**: see the
[Fetch standard](https://fetch.spec.whatwg.org/#http-cors-protocol) and [the pool](./0003-pool.md).

## Decision

We compare bytes:

```rust
allowlist.contains(origin)
```

| Option | Cost | Risk |
| --- | ---: | ---: |
| Regular expression | 2 | 9 |
| Exact list | 1 | 1 |

## Verified by

- `cors.origin.null`
- `cors.vary`

## Consequences

- **Good**: nothing to get wrong.
- **Bad**: preview deployments need their own environment.
  - which they have.

> A quotation that somebody thought worth keeping.
";
