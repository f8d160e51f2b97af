#include "engine/cpu/gemm.hpp"

#include <oneapi/dnnl/dnnl.h>

#include "phosphene/error.hpp"

namespace phosphene::cpu {

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
          float beta, float* c, std::int64_t ldc) {
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k,
                                          alpha, a, lda, b, ldb, beta, c, ldc);
  if (status != dnnl_success) throw Error("oneDNN: sgemm failed, status " + std::to_string(status));
}

}  // namespace phosphene::cpu
