// CUDA's atomics, each on the types that CUDA has it for. One OS thread runs all CUDA threads, so
// that reading and writing is enough; the race build is told that the two are one.
#pragma once
#include <concepts>
#include <cstddef>
#include <type_traits>

namespace phosphene::simt {

void atomic_read(const void* address, void* value, std::size_t bytes);
void atomic_write(void* address, const void* value, std::size_t bytes);

/// *address = next(*address); returns what was there.
template <class T, class Next>
T update(T* address, Next next) {
  T old;
  atomic_read(address, &old, sizeof old);
  const T value = next(old);
  atomic_write(address, &value, sizeof value);
  return old;
}

template <class T, class... Types>
concept OneOf = (std::same_as<T, Types> || ...);
template <class T>
concept Word = OneOf<T, int, unsigned, unsigned long long>;
template <class T>
concept Ordered = Word<T> || OneOf<T, long long>;

/// a + b, which wraps around in whole numbers.
template <class T>
T wrapping_add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  } else {
    return a + b;
  }
}

template <class T>
using Same = std::type_identity_t<T>;  // so that the pointer alone decides T

}  // namespace phosphene::simt

template <class T>
requires phosphene::simt::Word<T> || phosphene::simt::OneOf<T, float, double> T
atomicAdd(T* address, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address,
                                 [=](T old) { return phosphene::simt::wrapping_add(old, value); });
}
template <class T>
requires phosphene::simt::OneOf<T, int, unsigned> T atomicSub(T* address,
                                                              phosphene::simt::Same<T> value) {
  const T less = static_cast<T>(0U - static_cast<unsigned>(value));
  return phosphene::simt::update(address,
                                 [=](T old) { return phosphene::simt::wrapping_add(old, less); });
}
template <class T>
requires phosphene::simt::Word<T> || phosphene::simt::OneOf<T, float> T
atomicExch(T* address, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address, [=](T) { return value; });
}
template <phosphene::simt::Ordered T>
T atomicMin(T* address, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address, [=](T old) { return value < old ? value : old; });
}
template <phosphene::simt::Ordered T>
T atomicMax(T* address, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address, [=](T old) { return old < value ? value : old; });
}
template <phosphene::simt::Word T>
T atomicAnd(T* address, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address, [=](T old) { return old & value; });
}
template <phosphene::simt::Word T>
T atomicOr(T* address, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address, [=](T old) { return old | value; });
}
template <phosphene::simt::Word T>
T atomicXor(T* address, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address, [=](T old) { return old ^ value; });
}
template <class T>
requires phosphene::simt::Word<T> || phosphene::simt::OneOf<T, unsigned short> T
atomicCAS(T* address, phosphene::simt::Same<T> expected, phosphene::simt::Same<T> value) {
  return phosphene::simt::update(address, [=](T old) { return old == expected ? value : old; });
}
/// Counts up to `last`, then from 0 again; down to 0, then from `last`.
inline unsigned atomicInc(unsigned* address, unsigned last) {
  return phosphene::simt::update(address, [=](unsigned old) { return old >= last ? 0 : old + 1; });
}
inline unsigned atomicDec(unsigned* address, unsigned last) {
  return phosphene::simt::update(
      address, [=](unsigned old) { return old == 0 || old > last ? last : old - 1; });
}
