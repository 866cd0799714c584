//! Where the workers' module and the models come from. The page keeps no model: one that is needed again is got again.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Uint8Array, WebAssembly};
use live_keypoints_pipeline::{ErrorCode, FrameError, Options, Steps};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Blob, Response, Url};

use super::downloads::Downloads;
use super::fetching::{HttpCache, answer_of, body_of, checked, wrong_type};
use super::kept_models::{KeptModels, keep, sha256};
use super::models::{ModelFile, models_for};
use super::progress::{Meter, Progress};
use crate::browser::tag_of;
use crate::deferred::hear;
use crate::error::{frame_error, js_error};
use crate::object::{object, property};
use crate::pool::Served;
use crate::small_map::SmallMap;

/// Name of the workers' module.
pub(super) const INFERENCE: &str = "inference";
/// `<`, with which every markup file starts and no ONNX file does.
const LESS_THAN: u8 = 0x3C;

/// What the page says of assets.
pub(super) struct AssetOptions {
    /// `{ inference, models }` as the caller gave them, each optional; `base` is what their addresses are relative to.
    pub(super) given: JsValue,
    /// The address of what is not given: `(name: string) => string`.
    pub(super) address_of: Function,
    /// Whether the package's own models are kept by the browser.
    pub(super) keeps_models: bool,
    /// What frames are computed by, which says what models they need.
    pub(super) session: Options,
    /// Told of every step: `(progress) => void`.
    pub(super) on_progress: Option<Function>,
}

/// Gets every asset once, however many workers start with it, and tells how far it is.
pub(super) struct Assets {
    options: AssetOptions,
    pub(super) downloads: Downloads,
    meter: RefCell<Meter>,
    /// Of the workers that start together.
    start_models: RefCell<SmallMap<&'static str, StartModel>>,
    /// An answer can be read once only, and a worker's replacement needs the model again.
    given: RefCell<SmallMap<&'static str, Promise>>,
}

struct StartModel {
    bytes: Promise,
    /// Workers that have not asked for it yet.
    waiting: usize,
}

/// Where something is.
enum Place {
    File(Blob),
    Address(String),
}

impl Assets {
    pub(super) fn new(options: AssetOptions) -> Rc<Self> {
        Rc::new(Self {
            options,
            downloads: Downloads::default(),
            meter: RefCell::default(),
            start_models: RefCell::default(),
            given: RefCell::default(),
        })
    }

    pub(super) fn names(&self, steps: Steps) -> Vec<ModelFile> {
        models_for(steps, &self.options.session)
    }

    /// Begins to get the models of the workers that start together, and of what they serve later.
    pub(super) fn begin(self: &Rc<Self>, layout: &[Served]) {
        self.meter.borrow_mut().expect_download(INFERENCE);
        let names =
            |steps: fn(&Served) -> Steps| layout.iter().flat_map(move |s| self.names(steps(s)));
        self.meter
            .borrow_mut()
            .expect_models(names(|served| served.first).count());
        for model in names(|served| served.first).chain(names(|served| served.later)) {
            let mut start_models = self.start_models.borrow_mut();
            if let Some(start_model) = start_models.get_mut(&model.name) {
                start_model.waiting += 1;
                continue;
            }
            let this = Rc::clone(self);
            let bytes = future_to_promise(async move {
                let bytes = this.fetch_model(model).await.map_err(js_error)?;
                Ok(bytes.into())
            });
            // Whoever waits for it hears of its failure.
            hear(&bytes);
            start_models.insert(model.name, StartModel { bytes, waiting: 1 });
        }
    }

    pub(super) fn tell(&self, progress: &Progress) {
        let Some(fraction) = self.meter.borrow_mut().step(progress) else {
            return;
        };
        if let Some(listener) = &self.options.on_progress {
            let _ = listener.call1(&JsValue::UNDEFINED, &progress.object(fraction));
        }
    }

    /// The bytes of a model, and whether other workers want this very array.
    ///
    /// # Errors
    /// `asset-unreachable`, `asset-wrong-type` or `aborted`.
    pub(super) async fn model(
        self: &Rc<Self>,
        model: ModelFile,
    ) -> Result<(Uint8Array, bool), FrameError> {
        let start_bytes = {
            let mut start_models = self.start_models.borrow_mut();
            start_models.get_mut(&model.name).map(|start_model| {
                start_model.waiting -= 1;
                (start_model.bytes.clone(), start_model.waiting > 0)
            })
        };
        let Some((bytes, is_shared)) = start_bytes else {
            return Ok((self.fetch_model(model).await?, false));
        };
        if !is_shared {
            self.start_models.borrow_mut().remove(&model.name);
        }
        let bytes = JsFuture::from(bytes)
            .await
            .map_err(|thrown| frame_error(&thrown))?;
        Ok((bytes.unchecked_into(), is_shared))
    }

    async fn fetch_model(self: &Rc<Self>, model: ModelFile) -> Result<Uint8Array, FrameError> {
        let name = model.name;
        self.meter.borrow_mut().expect_download(name);
        let models = property(&self.options.given, "models");
        let source = property(&models, name);
        let bytes = if source.is_undefined() {
            let address = self.address_of(name)?;
            let keeps = self.options.keeps_models;
            self.download(name, &address, Some(model.sha256), keeps)
                .await?
        } else {
            match self.place(name, source).await? {
                Place::File(file) => bytes_of(name, &file).await?,
                Place::Address(address) => self.download(name, &address, None, false).await?,
            }
        };
        self.meter
            .borrow_mut()
            .arrived(name, f64::from(bytes.length()));
        Ok(bytes)
    }

    async fn download(
        &self,
        name: &str,
        address: &str,
        digest: Option<&'static str>,
        keeps: bool,
    ) -> Result<Uint8Array, FrameError> {
        let kept_models = match digest {
            Some(_) if keeps => KeptModels::open().await,
            _ => None,
        };
        if let (Some(kept_models), Some(digest)) = (&kept_models, digest)
            && let Some(file) = kept_models.get(digest).await
        {
            return Ok(file);
        }
        // What is kept by digest need not be kept by its address, too.
        let ways: &[HttpCache] = match kept_models {
            Some(_) => &[HttpCache::NoStore],
            None => &[HttpCache::Default, HttpCache::NoStore],
        };
        let on_piece = |loaded_bytes, total_bytes| {
            self.downloads.heard();
            let asset = name.to_owned();
            self.tell(&Progress::Download {
                asset,
                loaded_bytes,
                total_bytes,
            });
        };
        let get = async |cache, signal| {
            let response = answer_of(name, address, cache, &signal).await?;
            let body = body_of(name, &response, &on_piece).await?;
            Ok((response, body))
        };
        let (response, body): (Response, Uint8Array) = self.downloads.run(name, ways, get).await?;
        if body.length() == 0 || body.get_index(0) == LESS_THAN {
            let found = if body.length() == 0 {
                "nothing"
            } else {
                "markup"
            };
            let found = format!("{found} instead of an ONNX file");
            return Err(wrong_type(name, &response, &found));
        }
        if let Some(digest) = digest
            && let Some(found) = sha256(&body).await
        {
            if found != digest {
                let found = format!("its SHA-256 is {found} and not {digest}");
                return Err(wrong_type(name, &response, &found));
            }
            if let Some(kept_models) = kept_models {
                keep(kept_models, digest, &body);
            }
        }
        Ok(body)
    }

    /// Where the workers' module is, `{ file }` or `{ url }`; or the module, if it was given compiled.
    pub(super) async fn inference(
        self: &Rc<Self>,
    ) -> Result<Result<WebAssembly::Module, JsValue>, FrameError> {
        let source = property(&self.options.given, INFERENCE);
        if source.is_instance_of::<WebAssembly::Module>() {
            return Ok(Ok(source.unchecked_into()));
        }
        let place = match source.is_undefined() {
            true => Place::Address(self.address_of(INFERENCE)?),
            false => self.place(INFERENCE, source).await?,
        };
        Ok(Err(match place {
            Place::File(file) => object(&[("file", file.into())]),
            Place::Address(address) => object(&[("url", address.into())]),
        }))
    }

    fn address_of(&self, name: &str) -> Result<String, FrameError> {
        let address = self
            .options
            .address_of
            .call1(&JsValue::UNDEFINED, &name.into());
        let address = address.map_err(|thrown| frame_error(&thrown))?;
        Ok(address.as_string().unwrap_or_default())
    }

    /// An address of the caller is relative to the page, wherever it is asked for.
    fn absolute(&self, name: &str, address: &str) -> Result<Place, FrameError> {
        let base = property(&self.options.given, "base");
        let url = Url::new_with_base(address, &base.as_string().unwrap_or_default());
        let url = url.map_err(|_| {
            let message = format!("the source of {name} is not a URL");
            FrameError::new(ErrorCode::InvalidOption, message)
        })?;
        Ok(Place::Address(url.href()))
    }

    /// Bytes are handed on as a Blob, which can be posted to workers without a copy.
    async fn place(
        self: &Rc<Self>,
        name: &'static str,
        source: JsValue,
    ) -> Result<Place, FrameError> {
        match tag_of(&source).as_str() {
            "Blob" | "File" => Ok(Place::File(source.unchecked_into())),
            "String" => self.absolute(name, &source.as_string().unwrap_or_default()),
            "URL" => Ok(Place::Address(
                property(&source, "href").as_string().unwrap_or_default(),
            )),
            "Response" => {
                let kept = self.given.borrow().get(&name).cloned();
                let blob = kept.unwrap_or_else(|| {
                    let blob = future_to_promise(blob_of(name, source.unchecked_into()));
                    hear(&blob);
                    self.given.borrow_mut().insert(name, blob.clone());
                    blob
                });
                let blob = JsFuture::from(blob)
                    .await
                    .map_err(|thrown| frame_error(&thrown))?;
                Ok(Place::File(blob.unchecked_into()))
            }
            _ => {
                let blob = Blob::new_with_buffer_source_sequence(&Array::of1(&source));
                let blob = blob.map_err(|_| {
                    let message = format!("the source of {name} is not a file");
                    FrameError::new(ErrorCode::AssetWrongType, message)
                })?;
                Ok(Place::File(blob))
            }
        }
    }
}

async fn blob_of(name: &'static str, response: Response) -> Result<JsValue, JsValue> {
    let response = checked(name, response).map_err(js_error)?;
    JsFuture::from(response.blob()?).await
}

async fn bytes_of(name: &str, file: &Blob) -> Result<Uint8Array, FrameError> {
    match JsFuture::from(file.array_buffer()).await {
        Ok(bytes) => Ok(Uint8Array::new(&bytes)),
        Err(_) => {
            let message = format!("the file given as {name} cannot be read");
            Err(FrameError::new(ErrorCode::AssetUnreachable, message))
        }
    }
}
