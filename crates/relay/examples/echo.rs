//! The relay's WebSocket stack on `/echo`, without models, for conformance tests such as Autobahn's. It says where it
//! listens and runs until it is ended.

use std::io::{Write, stdout};
use std::sync::Arc;

use live_keypoints_pipeline::Quality;
use live_keypoints_pipeline::inference::Models;
use live_keypoints_relay::model_sets::ModelSets;
use live_keypoints_relay::serve::{ServeConfig, Signals, bind, run};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut signals = Signals::catch(false)?;
    let listener = bind(([127, 0, 0, 1], 0).into()).await?;
    writeln!(
        stdout(),
        "listening on ws://{}/echo",
        listener.local_addr()?
    )?;
    let models = ModelSets::new(Quality::Full, Models::new());
    let shutdown = async move {
        signals.next().await;
    };
    run(listener, ServeConfig::new(Arc::new(models)), shutdown).await?;
    Ok(())
}
