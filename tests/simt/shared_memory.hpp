// The __shared__ variables of a kernel: in the harness they are its local statics, found by name
// in the executable's own symbol table.
#pragma once
#include <cstddef>
#include <vector>

namespace phosphene::simt {

struct SharedVariable {
  char* address;
  std::size_t bytes;
};

/// Throws Error if the kernel has no symbol (a stripped executable).
const std::vector<SharedVariable>& shared_variables(const char* name, const void* kernel);

/// Fills with the bytes of a NaN, past the sanitizers' eyes.
void fill_with_nan(char* address, std::size_t bytes);

}  // namespace phosphene::simt
