//! A TCP proxy that can be cut and delayed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// Forwards connections while it is open.
pub struct Proxy {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
    delay: watch::Sender<Duration>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// An open proxy to `target`, a host and a port.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, receiver) = watch::channel(true);
        let (delay, delayed) = watch::channel(Duration::ZERO);
        let accepting = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (target, mut open, delay) = (target.clone(), receiver.clone(), *delayed.borrow());
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    // A cut proxy accepts connections and closes them at once.
                    if *open.borrow()
                        && let Ok(mut far) = TcpStream::connect(target).await
                    {
                        tokio::select! {
                            _ = copy_bidirectional(&mut near, &mut far) => {}
                            _ = open.wait_for(|open| !open) => {}
                        }
                    }
                });
            }
        });
        Self { address, open: Arc::new(sender), delay, accepting }
    }

    /// An open proxy to the server in `url`, and the URL that leads through it.
    ///
    /// # Panics
    /// If `url` is invalid.
    pub async fn before(url: &str) -> (Self, String) {
        let mut url = Url::parse(url).unwrap();
        let proxy = Self::to(format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())).await;
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(proxy.address.port())).unwrap();
        (proxy, url.into())
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections, and forwards no more.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Delays every new connection before it is forwarded.
    pub fn delay(&self, delay: Duration) {
        self.delay.send_replace(delay);
    }

    /// Forwards connections again.
    pub fn mend(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
