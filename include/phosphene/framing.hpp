#pragma once
#include <cstdint>
#include <span>

#include "phosphene/context.hpp"
#include "phosphene/receptive_field.hpp"

namespace phosphene {

/// What a classifier sees of a photograph [1, c, h, w] in [0,1], host or device: its short side
/// resized to `size` pixels (bilinear, antialiased as PIL's; the long side rounded down), then the
/// square in the middle, as torchvision's Resize and CenterCrop. Returns [1, c, size, size] on the
/// context's device.
Tensor frame(const Context& context, const Tensor& photo, std::int64_t size);
/// Several photographs as one batch [n, c, size, size].
Tensor frame(const Context& context, std::span<const Tensor> photos, std::int64_t size);

/// The same square of 8 bits, on the host: a photograph [1, c, h, w] of multiples of 1/255, as
/// load_image gives it, resized as Pillow's Image.resize(BILINEAR) does, to the bit: weights in
/// fixed point, rounded to 8 bits along the rows and then down the columns. Multiples of 1/255
/// again. (Pillow from 13 on takes the columns first where the width hardly shrinks and the height
/// does: single pixels then differ by 1/255.)
Tensor frame_8bit(const Tensor& photo, std::int64_t size);

/// The same pixels on the host, nchw fp32.
Tensor to_host(const Context& context, const Tensor& images);

/// A map over that square back at the photograph's place and size: map [1, c, mh, mw] of any
/// resolution, spread over the square of `size` pixels (0: the map's own height) that frame() cut
/// out of an h x w photograph. Bilinear between the centres of the map's cells, antialiased where
/// it shrinks; pixels that the network did not see are `outside` (a NaN is what overlay() takes
/// for "no value"). Host to host, [1, c, h, w].
Tensor unframe(const Tensor& map, std::int64_t h, std::int64_t w, std::int64_t size = 0,
               float outside = 0);

/// A box of the square of `size` pixels as whole pixels of the h x w photograph that it touches.
PixelBox unframe(const PixelBox& box, std::int64_t h, std::int64_t w, std::int64_t size);

/// The map alone enlarged to h x w, in the same way; every image of a batch [n, c, mh, mw].
Tensor upsample(const Tensor& map, std::int64_t h, std::int64_t w);

}  // namespace phosphene
