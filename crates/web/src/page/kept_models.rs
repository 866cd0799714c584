//! Keeps model files in the browser's Cache Storage by digest, so that a page that comes back asks for none. Keeping is a
//! favour: all works as well where the browser refuses it.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::browser::{Caches, KeptFiles, Subtle};
use super::models::MODELS;
use crate::object::global;

const NAME: &str = "live-keypoints-models";

/// SHA-256 in hexadecimal; `None` where the browser has none, as on pages that are not secure, or refuses.
pub(super) async fn sha256(file: &Uint8Array) -> Option<String> {
    let subtle = Reflect::get(&global("crypto")?, &"subtle".into()).ok()?;
    if subtle.is_undefined() {
        return None;
    }
    let subtle: Subtle = subtle.unchecked_into();
    let digest = subtle.digest("SHA-256", file).ok()?;
    let digest = Uint8Array::new(&JsFuture::from(digest).await.ok()?).to_vec();
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Files by digest, wherever they came from.
pub(super) struct KeptModels(KeptFiles);

impl KeptModels {
    /// `None` where the browser has no such storage, or refuses it, as in frames of another site.
    pub(super) async fn open() -> Option<Self> {
        let caches: Caches = global("caches")?.unchecked_into();
        let files = JsFuture::from(caches.open(NAME).ok()?).await.ok()?;
        Some(Self(files.unchecked_into()))
    }

    /// A file that was kept and is still whole.
    pub(super) async fn get(&self, digest: &str) -> Option<Uint8Array> {
        let key = key_of(digest)?;
        let kept = JsFuture::from(self.0.find(&key).ok()?).await.ok()?;
        let kept: Response = kept.dyn_into().ok()?;
        let file = JsFuture::from(kept.array_buffer().ok()?).await.ok()?;
        let file = Uint8Array::new(&file);
        match sha256(&file).await? {
            found if found == digest => Some(file),
            _ => {
                JsFuture::from(self.0.delete(&key).ok()?).await.ok()?;
                None
            }
        }
    }

    /// Keeps a file, and removes all that this version of the package never asks for.
    pub(super) async fn put(&self, digest: &str, file: Uint8Array) -> Option<()> {
        let response = Response::new_with_opt_buffer_source(Some(&file)).ok()?;
        let known = MODELS.iter().map(|model| model.sha256).chain([digest]);
        let known: Vec<String> = known.filter_map(key_of).collect();
        let requests = JsFuture::from(self.0.keys().ok()?).await.ok()?;
        for request in Array::from(&requests).iter() {
            let key = Reflect::get(&request, &"url".into()).ok()?.as_string()?;
            if !known.contains(&key) {
                JsFuture::from(self.0.delete(&key).ok()?).await.ok()?;
            }
        }
        let put = self.0.put(&key_of(digest)?, &response).ok()?;
        JsFuture::from(put).await.ok()?;
        Some(())
    }
}

/// Cache Storage takes nothing but addresses; nothing is ever asked for at this one.
fn key_of(digest: &str) -> Option<String> {
    let origin = Reflect::get(&global("location")?, &"origin".into()).ok()?;
    let origin = origin.as_string().filter(|origin| origin != "null")?;
    Some(format!("{origin}/live-keypoints/sha256/{digest}"))
}

/// Nothing to be told where it does not work.
pub(super) fn keep(kept: KeptModels, digest: &'static str, file: &Uint8Array) {
    // The file itself goes to a worker.
    let file = file.slice(0, file.length());
    wasm_bindgen_futures::spawn_local(async move {
        let _ = kept.put(digest, file).await;
    });
}
