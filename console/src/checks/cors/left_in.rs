//! Origins that allowlists name and should not: previews, platforms, other stages of the front end, developers' machines and apps.
//!
//! Owns lists, where `foreign` owns what slips through a mistake in matching. No member stands for another, so the most usual come first.

use super::foreign::{Foreign, Seed, each};

/// What the platform would call a preview of the project, in names that anybody could register there.
pub(super) fn preview(seed: &Seed) -> Vec<Foreign> {
    let r = &seed.random;
    let project = seed.first_label();
    let second = seed.parent().and_then(|parent| parent.split('.').next()).filter(|_| seed.host().matches('.').count() > 1);
    let names = || std::iter::once(project).chain(second.filter(|name| *name != "vercel"));
    let vercel = |form: fn(&str, &str) -> String| names().map(move |name| format!("https://{}.vercel.app", form(name, r)));
    let mut all = each(vercel(|name, r| format!("{name}-{r}")));
    all.extend(each(vercel(|name, r| format!("{name}-git-main-{r}"))));
    all.extend(each(vercel(|name, r| format!("{name}-k3x9q2w7p-{r}"))));
    all.extend(each([format!("https://{r}--{project}.netlify.app"), format!("https://{r}.{project}.pages.dev")]));
    all.extend(each([format!("https://{project}.netlify.app"), format!("https://{project}.pages.dev")]));
    all.extend(each(vercel(|name, r| format!("{name}-git-{r}-{name}"))));
    all
}

/// Platforms where anybody gets a host for nothing.
pub(super) fn platforms(seed: &Seed) -> Vec<Foreign> {
    let shared = [
        "vercel.app",
        "netlify.app",
        "github.io",
        "pages.dev",
        "herokuapp.com",
        "onrender.com",
        "up.railway.app",
        "fly.dev",
        "workers.dev",
        "ngrok-free.app",
        "web.app",
        "azurewebsites.net",
        "azurestaticapps.net",
        "amplifyapp.com",
        "cloudfront.net",
        "s3.amazonaws.com",
        "surge.sh",
        "stackblitz.io",
        "gitpod.io",
        "sslip.io",
        "hf.space",
        "trycloudflare.com",
        "app.github.dev",
        "lovable.app",
        "replit.dev",
        "webcontainer.io",
    ];
    each(shared.map(|platform| format!("https://{}.{platform}", seed.random)))
}

/// Names that operators give to other stages of the same front end.
pub(super) fn stages(seed: &Seed) -> Vec<Foreign> {
    let (host, first) = (seed.host(), seed.first_label());
    let below = seed.parent().map(|parent| {
        let beside = |word: &str| format!("{word}.{parent}");
        let dashed = |word: &str| format!("{first}-{word}.{parent}");
        let first = [
            beside("staging"),
            dashed("staging"),
            beside("dev"),
            format!("staging.{host}"),
            format!("www.{host}"),
            beside("admin"),
        ];
        let others = [beside("preview"), dashed("preview"), dashed("dev"), beside("test"), beside("beta"), beside("www")];
        first.into_iter().chain(others)
    });
    let mut all = seed.at_each(below.into_iter().flatten());
    all.insert(all.len().min(2), Foreign::one(format!("https://{}", seed.api)));
    all
}

/// Where development servers listen unless told otherwise: Next.js and Create React App (3000 and the next free one), Vite (5173), Vue and webpack
/// (8080), Angular (4200). The most usual first.
const SERVED: [&str; 12] = [
    "http://localhost:3000",
    "http://localhost:5173",
    "http://localhost:8080",
    "http://127.0.0.1:3000",
    "http://127.0.0.1:5173",
    "http://localhost",
    "https://localhost",
    "http://[::1]:3000",
    "http://0.0.0.0:3000",
    "https://localhost:3000",
    "http://localhost:4200",
    "http://localhost:3001",
];
/// The same of what serves no front end as a rule (Django and FastAPI, 8000; Flask, 5000), and of rarer ones: the next free port of Vite and its preview (4173), the live server of editors (5500), webpack (8081), notebooks (8888).
const SERVED_BY_OTHERS: [&str; 11] = [
    "http://localhost:8000",
    "http://localhost:5000",
    "http://localhost:5174",
    "http://localhost:4173",
    "http://localhost:5500",
    "http://localhost:8081",
    "http://localhost:8888",
    "http://127.0.0.1:8000",
    "http://127.0.0.1:8080",
    "http://127.0.0.1:5500",
    "http://127.0.0.1",
];

/// What developers' machines send.
pub(super) fn development(seed: &Seed) -> Vec<Foreign> {
    let r = &seed.random;
    let matched = [
        format!("https://localhost.{r}.com"),
        format!("http://{r}.localhost:3000"),
        format!("http://{r}.local"),
        format!("https://{r}.test"),
    ];
    each(SERVED.map(str::to_owned).into_iter().chain(matched).chain(SERVED_BY_OTHERS.map(str::to_owned)))
}

/// What applications in web views and browser extensions send.
pub(super) fn apps(_: &Seed) -> Vec<Foreign> {
    let schemes = [
        "file://",
        "capacitor://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "data:",
        "tauri://localhost",
        "https://tauri.localhost",
        "app://-",
        "vscode-webview://0fq1nmb4l5k",
        "ionic://localhost",
        "moz-extension://01890a5d-ac96-774b-bcce-b302099a8057",
        "blob:",
    ];
    each(schemes.map(str::to_owned))
}
