#include "kernels/resize.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {

void resize(Stream stream, const float* x, std::int64_t planes, std::int64_t h, std::int64_t w,
            std::int64_t out_h, std::int64_t out_w, float* scratch, float* y) {
  if (planes * h * w == 0 || out_h * out_w == 0) return;
  const MapsGrid rows = maps_grid(planes * h, out_w, 1);
  launch("resize_rows", resize_rows_kernel, rows.grid, rows.block, 0, stream, x, scratch,
         planes * h, ResizeAxis{w, out_w});
  const MapsGrid columns = maps_grid(planes * out_h, out_w, 1);
  launch("resize_columns", resize_columns_kernel, columns.grid, columns.block, 0, stream, scratch,
         y, planes, out_w, ResizeAxis{h, out_h});
}

}  // namespace phosphene::kernels::cuda
