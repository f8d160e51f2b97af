#include "tests/simt/shared_memory.hpp"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "tests/simt/simt.hpp"

namespace phosphene::simt {
namespace {

// Functions by address, and writable local statics by mangled name: _ZZ <function> E <variable>.
struct Symbols {
  std::multimap<std::uintptr_t, std::string> functions;
  std::map<std::string, SharedVariable> statics;

  Symbols() {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    const std::vector<char> image((std::istreambuf_iterator<char>(file)), {});
    if (image.size() < sizeof(ElfW(Ehdr)))
      throw Error("the SIMT harness cannot read /proc/self/exe");
    const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(image.data());
    const auto* sections = reinterpret_cast<const ElfW(Shdr)*>(image.data() + header->e_shoff);
    for (int i = 0; i < header->e_shnum; ++i) {
      if (sections[i].sh_type == SHT_SYMTAB) read(image.data(), *header, sections, sections[i]);
    }
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
        statics[name] = {reinterpret_cast<char*>(base + symbol.st_value), symbol.st_size};
      }
    }
  }

  static std::uintptr_t load_address() {
    std::uintptr_t base = 0;  // the first object is the executable
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
          *static_cast<std::uintptr_t*>(out) = info->dlpi_addr;
          return 1;
        },
        &base);
    return base;
  }
};

}  // namespace

const std::vector<SharedVariable>& shared_variables(const char* name, const void* kernel) {
  static const Symbols symbols;
  static std::map<const void*, std::vector<SharedVariable>> known;
  if (const auto found = known.find(kernel); found != known.end()) return found->second;
  const auto [first, last] =
      symbols.functions.equal_range(reinterpret_cast<std::uintptr_t>(kernel));
  if (first == last) {
    throw Error(std::string(name) + ": no symbol for this kernel; is the executable stripped?");
  }
  std::vector<SharedVariable>& variables = known[kernel];
  for (auto function = first; function != last; ++function) {
    const std::string prefix = "_ZZ" + function->second.substr(2) + "E";
    for (auto it = symbols.statics.lower_bound(prefix);
         it != symbols.statics.end() && it->first.starts_with(prefix); ++it) {
      variables.push_back(it->second);
    }
  }
  return variables;
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
