//! Weights of a depthwise convolution, packed for the vectors of this machine.

/// One kernel a channel. For each vector of channels its taps lie behind each other, column by column of the kernel,
/// filled with zeros to whole vectors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taps {
    values: Vec<f32>,
    kernel: [usize; 2],
    channels: usize,
    lanes: usize,
}

impl Taps {
    /// Packs kernels of `[height, width]`, given by their elements (row, column, channel).
    pub(crate) fn pack(
        kernel: [usize; 2],
        channels: usize,
        element: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        Self::pack_for(super::lanes(), kernel, channels, element)
    }

    pub(super) fn pack_for(
        lanes: usize,
        kernel: [usize; 2],
        channels: usize,
        element: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let [height, width] = kernel;
        let mut values = Vec::with_capacity(height * width * channels.next_multiple_of(lanes));
        for first in (0..channels).step_by(lanes) {
            for kx in 0..width {
                for ky in 0..height {
                    values.extend((first..first + lanes).map(|channel| {
                        if channel < channels {
                            element(ky, kx, channel)
                        } else {
                            0.0
                        }
                    }));
                }
            }
        }
        Self {
            values,
            kernel,
            channels,
            lanes,
        }
    }

    /// Height and width of the kernels.
    pub(crate) fn kernel(&self) -> [usize; 2] {
        self.kernel
    }

    /// How many kernels.
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }

    pub(super) fn as_ptr(&self) -> *const f32 {
        self.values.as_ptr()
    }

    /// One tap, as it was packed.
    #[cfg(any(test, not(any(target_arch = "aarch64", target_arch = "wasm32"))))]
    pub(super) fn element(&self, ky: usize, kx: usize, channel: usize) -> f32 {
        let [height, width] = self.kernel;
        let vector = channel / self.lanes * height * width + kx * height + ky;
        self.values[vector * self.lanes + channel % self.lanes]
    }
}
