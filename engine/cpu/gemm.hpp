#pragma once
#include <cstdint>

namespace phosphene::cpu {

/// C = alpha op(A) op(B) + beta C, row-major, op(A) m x k, op(B) k x n (oneDNN's sgemm).
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          float alpha, const float* a, std::int64_t lda, const float* b, std::int64_t ldb,
          float beta, float* c, std::int64_t ldc);

}  // namespace phosphene::cpu
