//! The twin behind TLS: its front, the certificates it shows, and where the flaws of the suite `tls` act.
//!
//! Hardened: TLS 1.2 and 1.3, HTTP/2, one name, plain HTTP leads to https, and nothing answers at the address behind the "CDN".

mod certificates;
mod greeter;
mod listener;
mod plain;

use std::sync::Arc;
use std::time::Duration;

use console::target::{BaseUrl, Transport};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::wire::HEADER_SECS;
use super::{House, app};
pub(crate) use certificates::Papers;
pub(crate) use listener::Secured;

/// The one name that the twin answers to.
pub(crate) const HOST: &str = "localhost";

/// A twin's front.
pub(crate) struct Front {
    /// `https://localhost:PORT`.
    pub(crate) base: String,
    /// What an operator would declare of it.
    pub(crate) transport: Transport,
}

/// Opens everything that a twin over TLS listens on; `stop` closes it.
pub(crate) async fn open(house: &Arc<House>, stop: &CancellationToken) -> Front {
    let papers = Papers::of(&house.flaws);
    let config = Arc::new(config(house, &papers));
    let main = bind().await;
    let port = port(&main);
    serve(house, Secured::new(main, Arc::clone(&config), Arc::clone(house)), stop);
    let plain_http = plain::redirecting(house, port, stop).await;
    let direct = direct(house, config, stop).await;
    let transport = Transport { authorities: vec![papers.authority], plain_http: Some(plain_http), direct: Some(direct) };
    Front { base: format!("https://{HOST}:{port}"), transport }
}

pub(crate) async fn bind() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port")
}

pub(crate) fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("a bound listener has an address").port()
}

/// Serves HTTP/1.1 and HTTP/2, the first with a time-out for its header sections, until `stop`.
fn serve(house: &Arc<House>, mut listener: Secured, stop: &CancellationToken) {
    let (router, stop) = (app::router(Arc::clone(house)), stop.clone());
    tokio::spawn(async move {
        while let Some(Some(stream)) = stop.run_until_cancelled(listener.next()).await {
            let service = TowerToHyperService::new(router.clone());
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEADER_SECS));
            let stopped = stop.clone();
            tokio::spawn(async move {
                let _ = stopped.run_until_cancelled(builder.serve_connection(TokioIo::new(stream), service)).await;
            });
        }
    });
}

/// The origin server behind the CDN: a port that nothing listens on, unless a flaw opens it.
async fn direct(house: &Arc<House>, config: Arc<ServerConfig>, stop: &CancellationToken) -> BaseUrl {
    let listener = bind().await;
    let base = BaseUrl::parse(&format!("https://127.0.0.1:{}", port(&listener))).expect("a loopback URL");
    if house.has("tls.direct-open") {
        serve(house, Secured::new(listener, config, Arc::clone(house)), stop);
    } else if house.has("tls.direct-plain") {
        let service = axum::serve(listener, app::router(Arc::clone(house)));
        tokio::spawn(service.with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
    }
    base
}

fn config(house: &House, papers: &Papers) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let only_old = house.has("tls.without-1.3");
    let versions: &[_] = if only_old { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
    let key = provider.key_provider.load_private_key(papers.key.clone_key()).expect("a key of rcgen");
    let certified = Arc::new(CertifiedKey::new(papers.chain.clone(), key));
    let names = Names { certified, any: house.has("tls.any-name") };
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("versions of ring");
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(names));
    let newest = if house.has("tls.without-http2") { None } else { Some(b"h2".to_vec()) };
    config.alpn_protocols = newest.into_iter().chain([b"http/1.1".to_vec()]).collect();
    config
}

/// Answers to [`HOST`] alone, unless a flaw has it answer to any name.
#[derive(Debug)]
struct Names {
    certified: Arc<CertifiedKey>,
    any: bool,
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        (self.any || hello.server_name() == Some(HOST)).then(|| Arc::clone(&self.certified))
    }
}
