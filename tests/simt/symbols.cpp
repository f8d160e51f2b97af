#include "tests/simt/symbols.hpp"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/simt/block.hpp"

// The table that the compiler makes of patchable_function_entry, if any kernel has the attribute.
extern "C" {
[[gnu::weak]] extern const std::uintptr_t __start___patchable_function_entries[];
[[gnu::weak]] extern const std::uintptr_t __stop___patchable_function_entries[];
}

namespace phosphene::simt {
namespace {

#if defined(__x86_64__)
constexpr std::uintptr_t kNoOperation = 1;  // bytes
#else
constexpr std::uintptr_t kNoOperation = 4;
#endif

// Functions by address, and writable local statics by mangled name: _ZZ <function> E <variable>.
struct Symbols {
  std::multimap<std::uintptr_t, std::string> functions;
  std::map<std::string, SharedVariable> statics;

  Symbols() {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    std::vector<char> image(std::filesystem::file_size("/proc/self/exe"));
    if (!file.read(image.data(), static_cast<std::streamsize>(image.size())))
      throw Error("the SIMT harness cannot read /proc/self/exe");
    const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(image.data());
    const auto* sections = reinterpret_cast<const ElfW(Shdr)*>(image.data() + header->e_shoff);
    for (int i = 0; i < header->e_shnum; ++i) {
      if (sections[i].sh_type == SHT_SYMTAB) read(image.data(), *header, sections, sections[i]);
    }
  }

  /// __launch_bounds__ puts one no-operation for each warp right before the kernel (simt.hpp).
  unsigned launch_bound(std::uintptr_t kernel) const {
    for (const std::uintptr_t* first = __start___patchable_function_entries;
         first != __stop___patchable_function_entries; ++first) {
      const auto next = functions.lower_bound(*first);
      if (next == functions.end() || next->first != kernel || *first == kernel) continue;
      return static_cast<unsigned>((kernel - *first) / kNoOperation) * kLanes;
    }
    return 0;
  }

 private:
  void read(const char* image, const ElfW(Ehdr) & header, const ElfW(Shdr) * sections,
            const ElfW(Shdr) & table) {
    const auto* symbols = reinterpret_cast<const ElfW(Sym)*>(image + table.sh_offset);
    const char* names = image + sections[table.sh_link].sh_offset;
    const std::uintptr_t base = load_address();
    for (std::size_t i = 0; i < table.sh_size / sizeof *symbols; ++i) {
      const ElfW(Sym)& symbol = symbols[i];
      const std::string name = names + symbol.st_name;
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= header.e_shnum) continue;
      const bool writable = (sections[symbol.st_shndx].sh_flags & SHF_WRITE) != 0;
      const int type = ELF64_ST_TYPE(symbol.st_info);
      if (type == STT_FUNC && name.starts_with("_Z")) {
        functions.emplace(base + symbol.st_value, name);
      } else if (type == STT_OBJECT && writable && name.starts_with("_ZZ")) {
        statics[name] = {"", reinterpret_cast<char*>(base + symbol.st_value), symbol.st_size};
      }
    }
  }
};

// "values" out of "6values" or "6values_0", which the second of that name in a function is called.
std::string plain_name(const std::string& mangled) {
  std::size_t digits = 0;
  const std::size_t length = std::stoul(mangled, &digits);
  return mangled.substr(digits, length);
}

}  // namespace

std::uintptr_t load_address() {
  std::uintptr_t base = 0;  // the first object is the executable
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<std::uintptr_t*>(out) = info->dlpi_addr;
        return 1;
      },
      &base);
  return base;
}

const KernelSymbols& kernel_symbols(const char* name, const void* kernel) {
  static const Symbols symbols;
  static std::map<const void*, KernelSymbols> known;
  if (const auto found = known.find(kernel); found != known.end()) return found->second;
  const auto [first, last] =
      symbols.functions.equal_range(reinterpret_cast<std::uintptr_t>(kernel));
  if (first == last) {
    throw Error(std::string(name) + ": no symbol for this kernel; is the executable stripped?");
  }
  KernelSymbols& mine = known[kernel];
  mine.launch_bound = symbols.launch_bound(first->first);
  for (auto function = first; function != last; ++function) {
    const std::string prefix = "_ZZ" + function->second.substr(2) + "E";
    for (auto it = symbols.statics.lower_bound(prefix);
         it != symbols.statics.end() && it->first.starts_with(prefix); ++it) {
      mine.shared.push_back(it->second);
      mine.shared.back().name = plain_name(it->first.substr(prefix.size()));
    }
  }
  return mine;
}

// ASan keeps redzones between statics and would refuse memset; the volatile store keeps the
// compiler from making one of this loop.
#if defined(__clang__)
__attribute__((no_sanitize("address", "undefined"), noinline))
#else
__attribute__((no_sanitize_address, no_sanitize_undefined, noinline))
#endif
void fill_with_nan(char* address, std::size_t bytes) {
  volatile char* out = address;
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(0xff);
}

}  // namespace phosphene::simt
