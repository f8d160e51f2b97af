// What the executable's own symbol table tells of a kernel. Its __shared__ variables are local
// statics of it in the harness.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace phosphene::simt {

struct SharedVariable {
  std::string name;
  char* address;
  std::size_t bytes;
};

struct KernelSymbols {
  std::vector<SharedVariable> shared;
  unsigned launch_bound;  // the most threads to a block; 0: it states no bound
};

/// Throws Error if the kernel has no symbol (a stripped executable).
const KernelSymbols& kernel_symbols(const char* name, const void* kernel);

/// Where the executable lies in memory, from which its file counts addresses.
std::uintptr_t load_address();

/// Fills with the bytes of a NaN, past the sanitizers' eyes.
void fill_with_nan(char* address, std::size_t bytes);

}  // namespace phosphene::simt
