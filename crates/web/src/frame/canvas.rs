//! What pictures are drawn on.

use std::cell::RefCell;

use js_sys::{Object, Reflect};
use live_keypoints_pipeline::rect::ImageSize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{OffscreenCanvas, OffscreenCanvasRenderingContext2d};

/// One canvas for all pictures, made when it is first needed.
#[derive(Default)]
pub(crate) struct Canvas(RefCell<Option<OffscreenCanvasRenderingContext2d>>);

impl Canvas {
    /// The canvas's context, empty and of this size; `None` where the browser has none. Always asked for with the same
    /// `has_alpha`.
    pub(crate) fn context(
        &self,
        size: ImageSize,
        has_alpha: bool,
    ) -> Result<Option<OffscreenCanvasRenderingContext2d>, JsValue> {
        let mut kept = self.0.borrow_mut();
        if kept.is_none() {
            *kept = new_context(size, has_alpha)?;
        }
        if let Some(context) = &*kept {
            // Setting a size clears the canvas, so that no older picture shines through a transparent one.
            let canvas = context.canvas();
            canvas.set_width(size.width);
            canvas.set_height(size.height);
        }
        Ok(kept.clone())
    }
}

fn new_context(
    size: ImageSize,
    has_alpha: bool,
) -> Result<Option<OffscreenCanvasRenderingContext2d>, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"alpha".into(), &has_alpha.into())?;
    Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE)?;
    let canvas = OffscreenCanvas::new(size.width, size.height)?;
    let context = canvas.get_context_with_context_options("2d", &options)?;
    Ok(context.map(JsCast::unchecked_into))
}
